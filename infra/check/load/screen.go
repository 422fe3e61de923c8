package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// clearLine takes away what is in a terminal's line.
const clearLine = "\r\x1b[K"

// screen is where progress and the report are printed. On a terminal one line of progress is rewritten each second; elsewhere a line
// is added every ten. It is safe for concurrent use.
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

// Write prints a piece of a report.
func (s *screen) Write(piece []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(piece)
}

// note prints a line, over one of progress.
func (s *screen) note(format string, args ...any) {
	over := ""
	if s.terminal {
		over = clearLine
	}
	_, _ = fmt.Fprintf(s, over+format+"\n", args...)
}

// follow prints what line says, again and again until stop.
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
		s.note("%s", line())
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
