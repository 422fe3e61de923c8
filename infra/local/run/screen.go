package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"identitypools/infra/local/part"
)

// Process has what the command uses of the process that it runs in.
type Process struct {
	Out     io.Writer // gets how to use the product, and the lines of requests and mails
	Err     io.Writer // gets warnings and errors, and with Verbose everything else that is logged
	Verbose bool
	Times   bool // whether a line begins with the time
	Colours bool
}

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The colours of lines, in the code of terminals.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	blue   = "\x1b[36m"
	plain  = "\x1b[0m"
)

// screen is where the command shows what happens. Its methods may be called at the same time.
type screen struct {
	Process
	mu     sync.Mutex
	isOpen bool // whether requests and mails are shown
}

func (p Process) screen() *screen { return &screen{Process: p} }

// open shows a text, and from now on requests and mails.
func (s *screen) open(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOpen = true
	_, _ = io.WriteString(s.Out, text)
}

// say shows a sentence.
func (s *screen) say(format string, values ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.Out, format+"\n", values...)
}

// show shows a line about a request or a mail.
func (s *screen) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOpen {
		return // the command itself has made the request
	}
	if s.Times {
		line = time.Now().Format(time.TimeOnly) + "  " + line
	}
	_, _ = io.WriteString(s.Out, line+"\n")
}

// colour returns a text in a colour, if there are any.
func (s *screen) colour(c, text string) string {
	if !s.Colours {
		return text
	}
	return c + text + plain
}

// partLog returns the log of the parts. Unless the command is verbose, it has only the lines that tell that
// a part has ended.
func (s *screen) partLog() io.Writer {
	return writer(func(line []byte) {
		if s.Verbose || part.IsEnd(line) {
			s.writeErr(line)
		}
	})
}

// logHandler returns the handler of the functions' log. Unless the command is verbose, it leaves out
// metrics and what is for debugging.
func (s *screen) logHandler() slog.Handler {
	level := slog.LevelInfo
	if s.Verbose {
		level = slog.LevelDebug
	}
	text := slog.NewTextHandler(writer(s.writeErr), &slog.HandlerOptions{
		Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				if !s.Times {
					return slog.Attr{}
				}
				return slog.String(a.Key, a.Value.Time().Format(time.TimeOnly))
			}
			return a
		},
	})
	if s.Verbose {
		return text
	}
	return withoutMetrics{text}
}

// writeErr writes a line to Err, in a colour if it is a warning or an error.
func (s *screen) writeErr(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(line)
	switch {
	case bytes.Contains(line, []byte("level=ERROR")):
		text = s.colour(red, text)
	case bytes.Contains(line, []byte("level=WARN")), part.IsEnd(line):
		text = s.colour(yellow, text)
	}
	_, _ = io.WriteString(s.Err, text)
}

// writer is an io.Writer that gets a whole line with each call.
type writer func(line []byte)

func (w writer) Write(line []byte) (int, error) {
	w(line)
	return len(line), nil
}

// withoutMetrics leaves out the lines that package metric writes.
type withoutMetrics struct{ slog.Handler }

func (h withoutMetrics) Handle(ctx context.Context, r slog.Record) error {
	isMetric := false
	r.Attrs(func(a slog.Attr) bool {
		isMetric = isMetric || a.Key == "_aws"
		return !isMetric
	})
	if isMetric {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h withoutMetrics) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutMetrics{h.Handler.WithAttrs(attrs)}
}

func (h withoutMetrics) WithGroup(name string) slog.Handler {
	return withoutMetrics{h.Handler.WithGroup(name)}
}
