// Package golden compares texts with the files that were read in review. Tests alone import it; their flag -update rewrites the files.
package golden

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// shown is how many lines of a difference are shown.
const shown = 5

// Updates says whether files are to be rewritten.
func Updates() bool { return *update }

// Same fails the test where got is not what the file has, and shows where they begin to differ.
func Same(tb testing.TB, file, got string) {
	tb.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	if got == string(text) {
		return
	}
	is, was := strings.Split(got, "\n"), strings.Split(string(text), "\n")
	line := 0
	for line < min(len(is), len(was)) && is[line] == was[line] {
		line++
	}
	part := func(lines []string) string { return strings.Join(lines[line:min(line+shown, len(lines))], "\n") }
	tb.Errorf("differs from %s, from line %d on; if that is meant, run the test with -update\ngot:\n%s\nwant:\n%s", file, line+1, part(is), part(was))
}
