// Package golden compares texts with golden files, which people have read in a review, and checks the
// messages of pages. Only tests import it. Their flag -update rewrites the files.
package golden

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// shown is the number of lines of a difference that a failure shows.
const shown = 5

// Updates reports whether the flag -update was given, so that golden files are to be rewritten.
func Updates() bool { return *update }

// Same fails the test if got is not the content of the file, and shows where the two begin to
// differ. With -update it writes got to the file first.
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
	part := func(lines []string) string {
		return strings.Join(lines[line:min(line+shown, len(lines))], "\n")
	}
	tb.Errorf("differs from %s, from line %d on; if that is meant, run the test with -update\ngot:\n%s\nwant:\n%s", file, line+1, part(is), part(was))
}
