// Package layout holds the rules of where things may be and who may import whom. It has tests alone.
package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "identitypools/"

// listed is a package as the go command lists it.
type listed struct {
	ImportPath, Dir, Doc, Name string
	Imports, Deps              []string
	GoFiles                    []string
	XTestGoFiles               []string
	TestGoFiles                []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-tags", "lambda.norpc", "-json", module+"...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestEveryPackageSaysItsJob(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

func TestWhoMayImportWhom(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if why := forbidden(name, imported); why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
		}
		if !strings.HasPrefix(name, "functions/") || p.Name != "main" {
			continue
		}
		for _, dep := range p.Deps {
			if slices.Contains([]string{"testing", "html/template", "text/template", "github.com/aws/aws-sdk-go-v2/config"}, dep) ||
				strings.HasPrefix(dep, module+"infra/") || strings.Contains(dep, "aws-cdk") || strings.HasPrefix(dep, "pgregory.net") {
				t.Errorf("the binary of %s carries %s", name, dep)
			}
		}
	}
}

// forbidden says why a package may not import another; "" where it may.
func forbidden(name, imported string) string {
	ours, isOurs := strings.CutPrefix(imported, module)
	room := func(path string) string {
		return strings.Join(strings.SplitN(path, "/", 3)[:min(2, strings.Count(path, "/")+1)], "/")
	}
	switch {
	case name == "shared/identity" && (isOurs || imported == "net/http" || strings.Contains(imported, "aws")):
		return "the domain is pure"
	case strings.HasPrefix(name, "shared/") && isOurs && !strings.HasPrefix(ours, "shared/"):
		return "what is shared does not know who uses it"
	case strings.HasPrefix(name, "functions/") && strings.HasPrefix(ours, "functions/") && room(name) != room(ours):
		return "functions do not know each other"
	case strings.HasPrefix(name, "functions/") && strings.HasPrefix(ours, "infra/"):
		return "a function does not know what runs it"
	case ours == "shared/mail" && name != "functions/courier":
		return "only the courier sends mail"
	}
	return ""
}

// A file is about one thing: 400 lines at most, a test 600.
func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, file := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			most := 400
			if strings.HasSuffix(file, "_test.go") {
				most = 600
			}
			if lines := bytes.Count(text, []byte("\n")); lines > most {
				t.Errorf("%s/%s has %d lines, at most %d", p.ImportPath, file, lines, most)
			}
		}
	}
}
