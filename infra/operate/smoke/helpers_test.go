package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	smoke "identitypools/infra/operate/smoke"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// testPatience is how long a bounce may take that a test reports.
const testPatience = time.Minute

// operator checks a product from a folder of their own.
type operator struct {
	product *systemtest.Product
	tenant  *systemtest.Tenant
	run     string
	// patience is how long a bounce may take. Nobody reports one unless the test does.
	patience time.Duration
}

func newOperator(t *testing.T, options ...func(*system.Config)) operator {
	t.Helper()
	product := systemtest.New(t, options...)
	return operator{product, product.NewTenant(t), systemtest.Unique(), 50 * time.Millisecond}
}

// flags returns the flags for a deployment at an address, with the files of both clients.
func (o operator) flags(t *testing.T, address string, more ...string) []string {
	t.Helper()
	folder := t.TempDir()
	flags := []string{"-url", address}
	for tree, c := range o.tenant.Trees() {
		file := filepath.Join(folder, tree+".json")
		text, err := json.Marshal(map[string]string{"tenant": o.tenant.ID, "id": c.ID, "secret": c.Secret, "tree": tree})
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		flags = append(flags, "-"+tree, file)
	}
	return append(flags, more...)
}

// result is how the command ended and what it printed.
type result struct {
	status   int
	out, err string
}

// lines returns the lines that begin with a word.
func (r result) lines(word string) (found []string) {
	for line := range strings.Lines(r.out) {
		if strings.HasPrefix(line, word+" ") {
			found = append(found, strings.TrimSpace(strings.TrimPrefix(line, word)))
		}
	}
	return found
}

// check runs the command. The writer gets its output, too.
func (o operator) check(ctx context.Context, also io.Writer, args ...string) result {
	var out, errs bytes.Buffer
	status := smoke.Run(ctx, args, smoke.Process{
		Getenv: func(string) string { return "" }, RunID: o.run, Patience: o.patience, Poll: 10 * time.Millisecond,
		Out: io.MultiWriter(&out, also), Err: &errs,
	})
	return result{status, out.String(), errs.String()}
}

// checkNothingIsLeft fails the test if a run has left a pool or a schema of its own.
func (o operator) checkNothingIsLeft(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/pools", "/schemas"} {
		got := o.tenant.Admin.Must(t, 200, "GET", path, nil)
		if strings.Contains(string(got.Body), o.run) {
			t.Errorf("GET %s: %s", path, got.Body)
		}
	}
}
