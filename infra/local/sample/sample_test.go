package sample_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/check/golden"
	"identitypools/infra/local/sample"
)

// root is the project's folder.
const root = "../../.."

func read(tb testing.TB) sample.Set {
	tb.Helper()
	set, err := sample.Read(root)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// TestCompleteEvents compares the complete events in events/, which people pass to sam local invoke,
// with the sample events of the same routes. Each function has one at least.
func TestCompleteEvents(t *testing.T) {
	t.Parallel()
	set, shown := read(t), map[string]bool{}
	paths, err := filepath.Glob(filepath.Join(root, "events", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if slices.Contains([]string{"outbox", "mail", "stream", "bounce", "clock"}, name) {
			continue // events of functions that serve no routes
		}
		event, ok := set[name]
		if !ok {
			t.Errorf("no route is named %s", name)
			continue
		}
		shown[event.Route.Function] = true
		text, err := event.JSON()
		if err != nil {
			t.Fatal(err)
		}
		golden.Same(t, path, text)
	}
	for _, f := range functions.All() {
		if !shown[f.Name()] {
			t.Errorf("the function %s has no complete event", f.Name())
		}
	}
}

func TestBeforeBeginsWithTokens(t *testing.T) {
	t.Parallel()
	set := read(t)
	for name, want := range map[string][]string{
		"client.adminToken": nil,
		"admin.createPool":  {"client.adminToken"},
		"public.getPool":    {"client.adminToken", "admin.createPool"},
		"admin.listUsers": {
			"client.adminToken", "client.systemToken", "admin.createPool", "admin.createUser",
			"system.createUser",
		},
	} {
		if got := set.Before(name); !slices.Equal(got, want) {
			t.Errorf("before %s come %v, want %v", name, got, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, with, want string }{
		"an unknown member": {`"after"`, `"later"`, `unknown field "later"`},
		"a route of no function": {
			`"admin.getSchema"`, `"admin.getShape"`, "has no route admin.getShape",
		},
		"a missing parameter": {
			`"path": {"schID": "partner_profile"},`, ``,
			"has the parameters [tid], its path [schID tid]",
		},
		"a missing event": {
			`["admin.createSchema"]`, `["admin.createShape"]`, "after that of admin.createShape",
		},
		"two bodies": {
			"\n    \"body\": {", "\n    \"form\": {}, \"body\": {", "a body and a form",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for _, f := range functions.All() {
				file := filepath.Join("functions", f.Name(), "events.json")
				text, err := os.ReadFile(filepath.Join(root, file))
				if err != nil {
					t.Fatal(err)
				}
				changed := string(text)
				if f.Name() == "schemas" {
					changed = strings.Replace(changed, test.old, test.with, 1)
					if changed == string(text) {
						t.Fatalf("the file has no %s", test.old)
					}
				}
				if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, file)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, file), []byte(changed), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := sample.Read(folder); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}

// TestJSONIsTheRequest decodes the complete form strictly.
func TestJSONIsTheRequest(t *testing.T) {
	t.Parallel()
	for name, event := range read(t) {
		text, err := event.JSON()
		if err != nil {
			t.Fatal(err)
		}
		got := event.Request()
		clear(got.Headers)
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		is, _ := json.Marshal(got)
		want, _ := json.Marshal(event.Request())
		if string(is) != string(want) {
			t.Errorf("%s is\n%s\nwant\n%s", name, is, want)
		}
	}
}
