package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// clearLine deletes the content of the current line of a terminal.
const clearLine = "\r\x1b[K"

// screen prints the progress and the report. On a terminal it rewrites one line of progress each
// second. Elsewhere it prints a line every ten seconds. It is safe for concurrent use.
type screen struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		s.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

// Write prints a part of a report.
func (s *screen) Write(piece []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(piece)
}

// printLine prints a line. It replaces a line of progress.
func (s *screen) printLine(format string, args ...any) {
	over := ""
	if s.terminal {
		over = clearLine
	}
	_, _ = fmt.Fprintf(s, over+format+"\n", args...)
}

// follow prints the result of line repeatedly until stop is called.
func (s *screen) follow(line func() string) (stop func()) {
	every := 10 * time.Second
	if s.terminal {
		every = time.Second
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				s.progress(line())
			}
		}
	}()
	return func() {
		close(ended)
		<-done
		s.printLine("%s", line())
	}
}

func (s *screen) progress(line string) {
	if !s.terminal {
		line += "\n"
	} else {
		line = clearLine + line
	}
	_, _ = io.WriteString(s, line)
}
