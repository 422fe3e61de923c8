package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	invoke "identitypools/infra/local/invoke"
	"identitypools/infra/local/part"
	"identitypools/infra/local/sample"
	"identitypools/infra/local/system"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// developer runs the command against a product.
type developer struct {
	product *systemtest.Product
	process invoke.Process
}

// newDeveloper starts a product with the clients that the events use, and writes its description as
// make run does.
func newDeveloper(t *testing.T) developer {
	t.Helper()
	root, err := part.Root()
	if err != nil {
		t.Fatal(err)
	}
	// The functions run in processes of their own, which have the real time.
	d := developer{systemtest.New(t, func(c *system.Config) { c.Now = time.Now }), invoke.Process{
		Root:    root,
		Running: filepath.Join(t.TempDir(), "run.json"),
	}}
	clients := map[string]any{}
	for _, c := range sample.Clients() {
		secret := systemtest.Unique() // not the one that package sample uses in tests
		if err := d.product.EnsureClient(t.Context(), c, secret); err != nil {
			t.Fatal(err)
		}
		clients[string(c.Caller)] = map[string]string{"id": c.ID, "secret": secret}
	}
	d.tell(t, map[string]any{
		"base_url": d.product.BaseURL, "tenant": sample.Tenant, "clients": clients,
		"environment": d.product.Environment,
	})
	return d
}

// tell writes .local/run.json.
func (d developer) tell(t *testing.T, running map[string]any) {
	t.Helper()
	text, err := json.Marshal(running)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.process.Running, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

type result struct {
	status   int
	out, err string
}

// call runs the command with the sample event of a route, a file of events/, or another file.
func (d developer) call(t *testing.T, event string, flags ...string) result {
	t.Helper()
	if event == "stream" || event == "bounce" || event == "mail" {
		event = filepath.Join(d.process.Root, "events", event+".json")
	}
	return d.run(t, append([]string{"-event", event}, flags...)...)
}

func (d developer) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	p := d.process
	p.Out, p.Err = &out, &err
	return result{invoke.Run(t.Context(), args, p), out.String(), err.String()}
}

// http is like call for a function that serves HTTP. It returns the status and the body of the
// answer.
func (d developer) http(t *testing.T, event string, flags ...string) (status int, body map[string]any) {
	t.Helper()
	got := d.call(t, event, flags...)
	if got.status != 0 {
		t.Fatalf("%s ends with %d: %s", event, got.status, got.err)
	}
	var answer struct{ StatusCode int }
	decoder := json.NewDecoder(bytes.NewReader([]byte(got.out)))
	for _, v := range []any{&answer, &body} {
		if err := decoder.Decode(v); err != nil {
			t.Fatalf("%s prints %s: %v", event, got.out, err)
		}
	}
	return answer.StatusCode, body
}
