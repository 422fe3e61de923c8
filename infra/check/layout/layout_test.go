// Package layout checks where things may be and which packages may import which. It contains only
// tests.
package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

const module = "identitypools/"

// listed is a package as go list describes it.
type listed struct {
	ImportPath, Dir, Doc, Name string
	Imports, Deps              []string
	GoFiles, IgnoredGoFiles    []string // IgnoredGoFiles are for other systems
	TestGoFiles, XTestGoFiles  []string
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
			// the function renders pages
			draws := []string{"functions/registration/lambda", "functions/recovery/lambda", "functions/signin/lambda"}
			drawn := slices.Contains(draws, name) && strings.HasSuffix(dep, "/template")
			if unwanted(dep) && !drawn {
				t.Errorf("the binary of %s carries %s", name, dep)
			}
		}
	}
}

// The domain is also free of impure packages that it imports indirectly.
func TestTheDomainIsPure(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.ImportPath != module+"shared/identity" {
			continue
		}
		for _, dep := range p.Deps {
			if dep == "net/http" || strings.HasPrefix(dep, module) || strings.Contains(dep, "aws") {
				t.Errorf("it depends on %s", dep)
			}
		}
		return
	}
	t.Error("there is no shared/identity")
}

// unwanted reports whether a package must not be in the program of a function, because it would
// make the program larger and its start slower.
func unwanted(dep string) bool {
	switch dep {
	case "testing", "html/template", "text/template", "github.com/aws/aws-sdk-go-v2/config":
		return true
	}
	inTests := strings.HasSuffix(dep, "test") && dep != "internal/synctest" || // package sync needs it
		strings.HasPrefix(dep, "testing/") || strings.HasPrefix(dep, "pgregory.net/")
	return inTests || strings.HasPrefix(dep, module+"infra/") || strings.Contains(dep, "aws-cdk") ||
		strings.Contains(dep, "jsii")
}

// A function is a folder with a main package. Every function except the courier, the keeper and the
// relay serves routes.
func TestEveryFunctionIsStarted(t *testing.T) {
	t.Parallel()
	serves := map[string]bool{"courier": true, "keeper": true, "relay": true}
	for _, route := range functions.Routes() {
		serves[route.Function] = true
	}
	mains := map[string]bool{}
	for _, p := range packages(t) {
		name, ours := strings.CutPrefix(p.ImportPath, module+"functions/")
		function, isMain := strings.CutSuffix(name, "/lambda")
		if !ours {
			continue
		}
		if !serves[function] {
			t.Errorf("functions/%s is no function of the route table", name)
		}
		if isMain != (p.Name == "main") {
			t.Errorf("functions/%s is package %s", name, p.Name)
		}
		if isMain {
			mains[function] = true
		}
	}
	for function := range serves {
		if !mains[function] {
			t.Errorf("functions/%s/lambda is missing", function)
		}
	}
}

// The product starts, which no function does if it has an operation without a handler, and each
// route reaches the function that serves it.
func TestEveryRouteIsServed(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	ids := strings.NewReplacer("{tid}", tenant.ID, "{ipID}", "p", "{userID}", "u", "{schID}", "s",
		"{kind}", "k", "{lang}", "l", "{metadataType}", "admin", "{wid}", "w")
	tokens := map[access.Caller]string{access.Admin: tenant.Admin.Token, access.System: tenant.System.Token}
	for _, route := range functions.Routes() {
		r, err := http.NewRequestWithContext(t.Context(), route.Method,
			product.BaseURL+ids.Replace(route.Path), strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if token := tokens[route.Caller]; token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		got := systemtest.Send(t, r)
		if got.Status == http.StatusMethodNotAllowed || got.Status >= 500 ||
			strings.Contains(string(got.Body), "nothing at this path") {
			t.Errorf("%s (%s %s) answers %d %s", route.Name, route.Method, route.Path,
				got.Status, got.Body)
		}
		if got.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s has not been at a function", route.Name)
		}
	}
}

// forbidden returns why a package must not import another, or "" if it may.
func forbidden(name, imported string) string {
	ours, isOurs := strings.CutPrefix(imported, module)
	room := func(path string) string {
		return strings.Join(strings.SplitN(path, "/", 3)[:min(2, strings.Count(path, "/")+1)], "/")
	}
	switch {
	case name == "shared/identity" &&
		(isOurs || imported == "net/http" || strings.Contains(imported, "aws")):
		return "the domain is pure"
	case strings.HasPrefix(name, "shared/") && isOurs && !strings.HasPrefix(ours, "shared/"):
		return "what is shared does not know who uses it"
	case strings.HasPrefix(name, "functions/") && strings.HasPrefix(ours, "functions/") &&
		room(name) != room(ours):
		return "functions do not know each other"
	case strings.HasPrefix(name, "functions/") && strings.HasPrefix(ours, "infra/"):
		return "a function does not know what runs it"
	case !strings.HasPrefix(name, "infra/") && strings.HasSuffix(imported, "/service/sesv2") &&
		name != "functions/courier" && name != "functions/users":
		return "only the courier sends mail, and only users clears addresses"
	case strings.Contains(imported, "/go-webauthn/") && name != "functions/factors":
		return "only factors needs WebAuthn, which is large"
	}
	return ""
}

// A file has one subject and at most 400 lines, a test file at most 600.
func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		templates, err := filepath.Glob(filepath.Join(p.Dir, "*.templ"))
		if err != nil {
			t.Fatal(err)
		}
		for i, template := range templates {
			templates[i] = filepath.Base(template)
		}
		for _, file := range slices.Concat(p.GoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles, templates) {
			if strings.HasSuffix(file, generated) {
				continue
			}
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
