// Package standards checks docs/standards.md against the tests that it names. It contains only
// tests.
package standards_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const document = "docs/standards.md"

// Each row of the document names existing tests or texts, or a reason why there are none. Each rule
// that a comment or a text cites has a row.
func TestTheStandardsAreShown(t *testing.T) {
	t.Parallel()
	repository := readTree(t)
	rows, faults := parse(repository.texts[document])
	if len(rows) < 250 {
		t.Fatalf("%s has %d rows", document, len(rows))
	}
	for _, row := range rows {
		faults = append(faults, repository.faults(row)...)
	}
	for id, files := range repository.cited {
		if !slices.ContainsFunc(rows, func(r row) bool {
			return r.id == id || strings.HasPrefix(r.id, id+" (")
		}) {
			faults = append(faults, fmt.Sprintf("%s is cited in %s and has no row", id,
				strings.Join(files, ", ")))
		}
	}
	named := regexp.MustCompile(`\*((?:Test|Fuzz|Benchmark)\w+)\*`)
	for file, text := range repository.texts { // texts name tests in asterisks
		for _, name := range named.FindAllStringSubmatch(text, -1) {
			if !repository.has(name[1]) {
				faults = append(faults, fmt.Sprintf("%s names %s, which is nowhere", file, name[1]))
			}
		}
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

func TestRowsThatShowNothing(t *testing.T) {
	t.Parallel()
	repository := tree{
		tests: map[string][]string{
			"shared/otp": {"TestMatches", "FuzzCode"},
			"shared/api": {"TestPaths"},
		},
		texts: map[string]string{"docs/a.md": "# A\n\n## The code secret, and keys\n"},
	}
	cases := map[string]struct {
		text string
		good bool
	}{
		"a test that there is":            {"| V6.5.1 | 2 | once | TestMatches in `shared/otp` |", true},
		"several tests":                   {"| V6.5.1 | 2 | once | TestMatches, FuzzCode in `shared/otp`; TestPaths in `shared/api` |", true},
		"a reason":                        {"| V6.5.1 | 2 | once | n/a: there are none |\n| 63B §3.2.2 (1) | shall | x | deviation: none yet |", true},
		"a test and where it ends":        {"| V6.5.1 | 2 | once | TestMatches in `shared/otp`; deviation: twice; on Sundays |", true},
		"a text":                          {"| V6.5.1 | 2 | once | text: [a](a.md#the-code-secret-and-keys) |", true},
		"a test that there isn't":         {"| V6.5.1 | 2 | once | TestMatche in `shared/otp` |", false},
		"a test of another package":       {"| V6.5.1 | 2 | once | TestMatches in `shared/api` |", false},
		"a second test that there isn't":  {"| V6.5.1 | 2 | once | TestMatches, TestPaths in `shared/otp` |", false},
		"a package that there isn't":      {"| V6.5.1 | 2 | once | TestMatches in `shared/opt` |", false},
		"a package alone":                 {"| V6.5.1 | 2 | once | `shared/otp` |", false},
		"a claim":                         {"| V6.5.1 | 2 | once | yes |", false},
		"nothing":                         {"| V6.5.1 | 2 | once |  |", false},
		"no reason":                       {"| V6.5.1 | 2 | once | n/a: |", false},
		"no reason of a deviation":        {"| V6.5.1 | 2 | once | deviation: |", false},
		"no reason of a part":             {"| V6.5.1 | 2 | once | TestMatches in `shared/otp`; deviation: |", false},
		"a text that there isn't":         {"| V6.5.1 | 2 | once | text: [b](b.md#the-code-secret-and-keys) |", false},
		"a part that a text doesn't have": {"| V6.5.1 | 2 | once | text: [a](a.md#the-code) |", false},
		"a cell less":                     {"| V6.5.1 | once | n/a: there are none |", false},
		"no rule":                         {"| V6.5.1 | 2 |  | n/a: there are none |", false},
		"an id twice":                     {"| V6.5.1 | 2 | once | n/a: a |\n| V6.5.2 | 2 | x | n/a: b |\n| V6.5.1 | 2 | once | n/a: a |", false},
		"an id of no standard":            {"| 6.5.1 | 2 | once | n/a: a |", false},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, faults := parse("| id | level | rule | shown by |\n|---|---|---|---|\n" +
				test.text + "\n")
			for _, row := range rows {
				faults = append(faults, repository.faults(row)...)
			}
			if test.good != (len(faults) == 0) {
				t.Errorf("faults: %q", faults)
			}
		})
	}
}

func TestCitations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"// V6.5.1: once": "V6.5.1",
		"// ASVS 6.2.1, 6.2.9; NIST SP 800-63B-4 §3.1.1.2: x": "63B §3.1.1.2 V6.2.1 V6.2.9",
		"(V6.5.3, V6.5.4, 63A §3.8)":                          "63A §3.8 V6.5.3 V6.5.4",
		"63B §3.2.2.":                                         "63B §3.2.2",
		"ASVS 5.0, version 4, 1.2.3 and RFC 8725 §3.10":       "",
		"of V6": "",
	} {
		if got := strings.Join(citations(text), " "); got != want {
			t.Errorf("%q cites %q, not %q", text, got, want)
		}
	}
}

// readTree reads the tests and texts of the repository.
func readTree(t *testing.T) tree {
	t.Helper()
	made := tree{tests: map[string][]string{}, texts: map[string]string{}, cited: map[string][]string{}}
	root := os.DirFS("../../..")
	err := fs.WalkDir(root, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{
			".git", ".local", "cdk.out", "dist",
			"node_modules",
		}, path.Base(file)):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, ".md"):
			return nil
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		return made.add(file, string(text))
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}
