package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// project creates a small module that has the form of the project's folder.
func project(t *testing.T, test string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module small\n\ngo 1.26\n",
		"small.go": "package small\n\n// Bounded says whether n is.\n" +
			"func Bounded(n int) bool { return n > 0 && n < 10 }\n",
		"small_test.go":          test,
		"node_modules/a.js":      "",
		".local/secret":          "",
		"infra/folder/file.json": "{}",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const holdsTheBound = `package small

import "testing"

func TestBounded(t *testing.T) {
	t.Run("below", func(t *testing.T) {
		if !Bounded(9) || Bounded(10) {
			t.Error("no")
		}
	})
}

func TestNothing(*testing.T) {}
`

func protection(sentence, old, text, pattern string) Protection {
	return Protection{
		Sentence: sentence, File: "small.go", Edits: []Edit{{old, text}},
		Tests: Tests{Packages: []string{"."}, Pattern: pattern}, place: "list.txt:1",
	}
}

func TestProtectionsAreTriedEachAlone(t *testing.T) {
	t.Parallel()
	root := project(t, holdsTheBound)
	var out bytes.Buffer
	err := try(t.Context(), root, []Protection{
		protection("N is bounded above.", " && n < 10", "", "TestBounded"),
		protection("N is bounded below.", "n > 0 && ", "", "TestBounded"),
		protection("N is bounded by a number.", "10", "ten", "TestBounded"),
		protection("N is bounded by eleven.", "11", "12", "TestBounded"),
		protection("N is bounded for some test.", " && n < 10", "", "TestOther"),
		protection("N is bounded for this test.", " && n < 10", "", "TestNothing"),
	}, 2, &out)
	if err == nil || !strings.HasPrefix(err.Error(), "2 not held, 3 not tried:") {
		t.Errorf("error %v", err)
	}
	for sentence, want := range map[string][]string{
		"N is bounded above.":         {"held", "TestBounded"},
		"N is bounded below.":         {"SURVIVED", "list.txt:1"},
		"N is bounded by a number.":   {"ERROR", "does not compile", "undefined: ten"},
		"N is bounded by eleven.":     {"ERROR", "out of date"},
		"N is bounded for some test.": {"ERROR", "no test of . is called TestOther"},
		"N is bounded for this test.": {"SURVIVED", "list.txt:1"},
	} {
		before, after, found := strings.Cut(out.String(), sentence)
		after, _, _ = strings.Cut(after, "N is") // begins the output about the next protection
		said := before[strings.LastIndexByte(before, '\n')+1:] + after
		for _, word := range want {
			if !found || !strings.Contains(said, word) {
				t.Errorf("%s is said to be %q, want %q", sentence, said, word)
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "small.go")); err != nil ||
		!strings.Contains(string(text), "n > 0 && n < 10") {
		t.Errorf("the project's folder has changed: %s %v", text, err)
	}
}

func TestNothingIsTriedWhileATestFails(t *testing.T) {
	t.Parallel()
	root := project(t, strings.Replace(holdsTheBound, "Bounded(10)", "Bounded(8)", 1))
	var out bytes.Buffer
	err := try(t.Context(), root, []Protection{protection("N is bounded.", " && n < 10", "",
		"TestBounded")}, 2, &out)
	if err == nil ||
		!strings.Contains(err.Error(), "before anything is taken out, TestBounded of . fails") ||
		out.Len() > 0 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestACopyIsWhole(t *testing.T) {
	t.Parallel()
	root := project(t, holdsTheBound)
	linked := project(t, holdsTheBound) // like a worktree: node_modules is a link and .git a file
	modules := filepath.Join(linked, "node_modules")
	err := errors.Join(os.RemoveAll(modules),
		os.Symlink(filepath.Join(root, "node_modules"), modules))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(linked, ".git"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{root, linked} {
		copied, err := copyOf(root)
		if err != nil {
			t.Fatal(err)
		}
		defer copied.remove()
		for name, want := range map[string]bool{
			"small.go": true, "infra/folder/file.json": true, "node_modules/a.js": true,
			".local/secret": false, ".git": false,
		} {
			if _, err := os.Stat(copied.path(name)); (err == nil) != want {
				t.Errorf("%s is in the copy: %t", name, !want)
			}
		}
	}
}

// The test contains the output of go test when tests do not end, and when a package fails in which
// no test fails.
func TestWhatGoTestSays(t *testing.T) {
	t.Parallel()
	r, said := read(strings.NewReader(`{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestA"}
{"Action":"run","Package":"a","Test":"TestA/one"}
{"Action":"fail","Package":"a","Test":"TestA/one"}
{"Action":"output","Package":"a","Test":"TestA","Output":"panic: test timed out after 3m0s\n"}
{"Action":"fail","Package":"a","Test":"TestA"}
{"Action":"fail","Package":"a"}
`))
	if r.ran != 1 || strings.Join(r.failed, " ") != "TestA" || !said.endless || said.unbuilt {
		t.Errorf("%+v %+v", r, said)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args      []string
		status    int
		out, errs string
	}{
		"help":             {[]string{"-h"}, 0, "mutate [-run TEXT]", ""},
		"a list":           {[]string{"-list", "-run", "argon2id"}, 0, "shared/password/stored.go", ""},
		"nothing chosen":   {[]string{"-list", "-run", "no such text"}, 1, "", "no protection has"},
		"no flag":          {[]string{"all"}, 2, "", `"all" is no flag`},
		"an unknown flag":  {[]string{"-all"}, 2, "", "not defined"},
		"none at a time":   {[]string{"-at-once", "0"}, 2, "", "-at-once must be"},
		"too many at once": {[]string{"-at-once", "65"}, 2, "", "-at-once must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			if status := Run(t.Context(), c.args, &out, &errs); status != c.status ||
				!strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errs) {
				t.Errorf("status %d\n%s\n%s", status, out.String(), errs.String())
			}
		})
	}
}
