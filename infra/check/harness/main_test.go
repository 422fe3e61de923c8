package harness_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"identitypools/infra/check/harness"
	"identitypools/infra/check/parttest"
	"identitypools/infra/local/part"
	"identitypools/infra/local/sample"
)

// roleVariable makes a process of this test binary one of the programs that the tests start; see
// roles.
const roleVariable = "HARNESS_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		roles[role]()
		return
	}
	code := parttest.Main(m)
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// The programs are built once for all tests of this binary, when a test first asks for them, and
// outlive that test.
var (
	built    string // folder of the programs
	buildAll = sync.OnceValues(func() (map[string]string, error) {
		root, err := part.Root()
		if err != nil {
			return nil, err
		}
		if built, err = os.MkdirTemp("", "harness"); err != nil {
			return nil, err
		}
		return harness.BuildAll(context.Background(), root, built)
	})
)

// bootstraps returns the paths of the functions' programs by function.
func bootstraps(tb testing.TB) map[string]string {
	tb.Helper()
	paths, err := buildAll()
	if err != nil {
		tb.Fatal(err)
	}
	return paths
}

// start starts a program, which is stopped at the end of the test.
func start(tb testing.TB, path string, env map[string]string) *harness.Function {
	tb.Helper()
	f, err := harness.Start(tb.Context(), path, env)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(f.Stop)
	return f
}

// root returns the project's folder.
func root(tb testing.TB) string {
	tb.Helper()
	folder, err := part.Root()
	if err != nil {
		tb.Fatal(err)
	}
	return folder
}

// self returns the path of this test binary, which is a function if roleVariable is set.
func self(tb testing.TB) string {
	tb.Helper()
	path, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func inRole(role string) map[string]string { return map[string]string{roleVariable: role} }

// samples returns the sample events of all routes.
func samples(tb testing.TB) sample.Set {
	tb.Helper()
	set, err := sample.Read(root(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// readEvent returns the text of a file of events/.
func readEvent(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(root(tb), "events", name+".json"))
	if err != nil {
		tb.Fatalf("read event: %v", err)
	}
	return text
}

func say(text string) { fmt.Println(text) }
