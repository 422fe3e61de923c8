package layout_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// generated is how the names of files end that "make generate" writes.
const generated = "_templ.go"

// TestGeneratedPagesAreCurrent generates the pages anew in a temporary folder, and compares them with the files in the
// tree.
func TestGeneratedPagesAreCurrent(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []string{"functions", "shared"} {
		t.Run(room, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for name, text := range filesIn(t, filepath.Join(root, room), ".templ") {
				file := filepath.Join(folder, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			tools := "-modfile=" + filepath.Join(root, "infra/check/tools/go.mod")
			cmd := exec.CommandContext(t.Context(), "go", "run", tools,
				"github.com/a-h/templ/cmd/templ", "generate", "-path", folder)
			cmd.Dir = root
			if output, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("generate pages: %v: %s", err, output)
			}
			got, want := filesIn(t, filepath.Join(root, room), generated), filesIn(t, folder, generated)
			if len(want) == 0 {
				t.Error("there are no pages")
			}
			names := maps.Clone(got)
			maps.Copy(names, want)
			for _, name := range slices.Sorted(maps.Keys(names)) {
				if got[name] != want[name] {
					t.Errorf("%s/%s is not what its .templ file says: run make generate", room, name)
				}
			}
		})
	}
}

// filesIn returns the texts of the files in a folder whose names end in the given way, by their paths.
func filesIn(t *testing.T, folder, end string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, end) {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, name))
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
