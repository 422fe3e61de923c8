package part

import (
	"bytes"
	"fmt"
	"io"
)

// maxLine bounds what is kept of a line that doesn't end.
const maxLine = 16 << 10

// lines writes a program's output on in whole lines that begin with its name, and remembers the last one.
// A log that refuses a line doesn't stop the program: the line is lost.
type lines struct {
	to   io.Writer
	name string
	rest []byte
	last string
}

// Write takes any piece of output; it never fails.
func (l *lines) Write(piece []byte) (int, error) {
	l.rest = append(l.rest, piece...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			break
		}
		l.emit(line)
		l.rest = rest
	}
	if len(l.rest) > maxLine {
		l.flush()
	}
	return len(piece), nil
}

// flush writes what has no line end yet.
func (l *lines) flush() {
	l.emit(l.rest)
	l.rest = nil
}

func (l *lines) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(l.to, "%s: %s\n", l.name, fmt.Sprintf(format, args...))
}

func (l *lines) emit(line []byte) {
	if line = bytes.TrimSpace(line); len(line) > 0 {
		l.last = string(line)
		l.printf("%s", line)
	}
}
