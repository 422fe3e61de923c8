package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"identitypools/infra/local/part"
)

// The lists match the code: each old text is in its file once, the changed file is valid Go, and
// the named tests exist. The command itself finds out whether those tests fail, which takes
// minutes.
func TestTheListsAreUpToDate(t *testing.T) {
	t.Parallel()
	root, err := part.Root()
	if err != nil {
		t.Fatal(err)
	}
	all, err := Read(os.DirFS(filepath.Join(root, lists)))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]string{}
	for _, p := range all {
		source, err := os.ReadFile(filepath.Join(root, p.File))
		if err != nil {
			t.Error(err)
			continue
		}
		mutant, err := p.Mutant(source)
		if err == nil {
			_, err = parser.ParseFile(token.NewFileSet(), p.File, mutant, parser.SkipObjectResolution)
		}
		if err != nil {
			t.Errorf("%s: %v", p.place, err)
		}
		for name := range strings.SplitSeq(p.Pattern, "|") {
			name, _, _ = strings.Cut(name, "/")
			found := false
			for _, folder := range p.Packages {
				folder = filepath.Join(p.Module, folder)
				if tests[folder] == nil {
					tests[folder] = testsIn(t, filepath.Join(root, folder))
				}
				found = found || matches(t, name, tests[folder])
			}
			if !found {
				t.Errorf("%s: there is no test %s in %s", p.place, name, strings.Join(p.Packages, " "))
			}
		}
	}
}

func matches(t *testing.T, pattern string, names []string) bool {
	t.Helper()
	re, err := regexp.Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if re.MatchString(name) {
			return true
		}
	}
	return false
}

// testsIn returns the names of the tests in a folder.
func testsIn(t *testing.T, folder string) []string {
	t.Helper()
	names := []string{}
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil &&
				strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

func TestAListIsRead(t *testing.T) {
	t.Parallel()
	all, err := Read(fstest.MapFS{
		"a.txt": {Data: []byte("# A comment.\n\nprotects: A rule.\nfile: a/a.go\n" +
			"- \tif a {\n- \t}\n+ \tif b {\n- c\n+ \ntest: ./a ./b -run TestA|TestB\n")},
		"b.txt": {Data: []byte("protects: Another rule.\nfile: b.go\n- x\n+ y\ntest: -C c ./b")},
		"c.md":  {Data: []byte("no list")},
	})
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	first, second := all[0], all[1]
	if first.Sentence != "A rule." || first.File != "a/a.go" ||
		first.Pattern != "TestA|TestB" || strings.Join(first.Packages, " ") != "./a ./b" {
		t.Errorf("the first: %+v", first)
	}
	if len(first.Edits) != 2 ||
		first.Edits[0] != (Edit{"\tif a {\n\t}", "\tif b {"}) || first.Edits[1] != (Edit{"c", ""}) {
		t.Errorf("its edits: %q", first.Edits)
	}
	if first.Module != "" || second.Module != "c" || strings.Join(second.Packages, " ") != "./b" {
		t.Errorf("the modules are %q, and %q with %q", first.Module, second.Module, second.Packages)
	}
	if second.Sentence != "Another rule." || second.Pattern != "" || second.Edits[0] != (Edit{"x", "y"}) {
		t.Errorf("the second: %+v", second)
	}
}

func TestAListThatIsNone(t *testing.T) {
	t.Parallel()
	const good = "protects: A rule.\nfile: a.go\n- x\n+ y\ntest: ./a\n"
	for name, text := range map[string]string{
		"nothing":               "# only this\n",
		"no file":               "protects: A rule.\n- x\n+ y\ntest: ./a\n",
		"no old text":           "protects: A rule.\nfile: a.go\n+ y\ntest: ./a\n",
		"no new text":           "protects: A rule.\nfile: a.go\n- x\ntest: ./a\n",
		"no test":               "protects: A rule.\nfile: a.go\n- x\n+ y\n",
		"no package":            "protects: A rule.\nfile: a.go\n- x\n+ y\ntest: \n",
		"no change":             "protects: A rule.\nfile: a.go\n- x\n+ x\ntest: ./a\n",
		"an empty old text":     "protects: A rule.\nfile: a.go\n- \n+ x\ntest: ./a\n",
		"no sentence":           "protects: rule\nfile: a.go\n- x\n+ y\ntest: ./a\n",
		"an order of its own":   "file: a.go\nprotects: A rule.\n- x\n+ y\ntest: ./a\n",
		"more after the test":   "protects: A rule.\nfile: a.go\n- x\n+ y\ntest: ./a\n- x\n+ y\n",
		"a line of another key": "protects: A rule.\nfile: a.go\n- x\n+ y\nbut: z\ntest: ./a\n",
		"the same rule twice":   good + "\n" + good,
	} {
		if all, err := Read(fstest.MapFS{"a.txt": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s: read as %+v", name, all)
		} else if name != "nothing" && !strings.HasPrefix(err.Error(), "a.txt:") {
			t.Errorf("%s: the error names no place: %v", name, err)
		}
	}
}

func TestAnEditFitsOnce(t *testing.T) {
	t.Parallel()
	p := Protection{File: "a.go", Edits: []Edit{{"one", "two"}, {"three", ""}}, place: "a.txt:1"}
	for source, want := range map[string]string{
		"one three": "two ", "one": "",
		"one one three": "", "": "",
	} {
		got, err := p.Mutant([]byte(source))
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", source, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "a.txt:1 is out of date") {
			t.Errorf("%q: %v", source, err)
		}
	}
}
