package main

import (
	"fmt"
	"io"
)

// report prints one line for each check, and counts them.
type report struct {
	out                 io.Writer
	ok, failed, skipped int
}

// succeed reports that a check succeeded.
func (r *report) succeed(check string) {
	r.ok++
	r.print("ok", check, "")
}

// fail reports that a check failed, and what to look at.
func (r *report) fail(check, format string, values ...any) {
	r.failed++
	r.print("FAIL", check, fmt.Sprintf(format, values...))
}

// skip reports that something was not checked, and why.
func (r *report) skip(check, why string) {
	r.skipped++
	r.print("skip", check, why)
}

// look asks the operator to look at something that the command cannot see.
func (r *report) look(check, what string) { r.print("look", check, what) }

func (r *report) print(word, check, more string) {
	if more != "" {
		check += ": " + more
	}
	_, _ = fmt.Fprintf(r.out, "%-4s  %s\n", word, check)
}

// finish prints the sums and returns the exit status.
func (r *report) finish() int {
	_, _ = fmt.Fprintf(r.out, "\n%d checks succeeded, %d failed, %d were skipped.\n", r.ok, r.failed, r.skipped)
	if r.failed > 0 {
		return 1
	}
	return 0
}
