package part

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
)

// maxLine limits how much of an unfinished line is buffered.
const maxLine = 16 << 10

// lines copies the output of a program to a log in whole lines, each with the program's name in
// front, and remembers the last one that may say why the program ended: Node.js writes the error, the stack
// and its version. If the log fails to take a line, that line is lost and the
// program goes on.
type lines struct {
	to   io.Writer
	name string
	rest []byte
	last string
	// isError reports whether last is the message of an error.
	isError bool
}

// Write accepts any piece of output. It never fails.
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

// flush writes the buffered text that has no line end yet.
func (l *lines) flush() {
	l.emit(l.rest)
	l.rest = nil
}

func (l *lines) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(l.to, "%s: %s\n", l.name, fmt.Sprintf(format, args...))
}

func (l *lines) emit(line []byte) {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return
	}
	isError := regexp.MustCompile(`^[A-Za-z]*Error\b`).Match(line)
	if isError || !l.isError {
		l.last, l.isError = string(line), isError
	}
	l.printf("%s", line)
}
