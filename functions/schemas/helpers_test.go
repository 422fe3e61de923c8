package schemas_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"identitypools/infra/local/parttest"
	"identitypools/infra/local/system"
	"identitypools/infra/local/systemtest"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// alone leaves the stream unread, so that nothing but the calls of a test changes the table.
func alone(c *system.Config) { c.NoCourier = true }

// trees are the two clients of a tenant that may do the same.
func trees(tenant *systemtest.Tenant) map[string]*systemtest.Client {
	return map[string]*systemtest.Client{"admin": tenant.Admin, "system": tenant.System}
}

// body is the body of a schema with the document given.
func body(document string) string { return `{"name":"s","schema":` + document + `}` }

// newSchema makes a schema.
func newSchema(tb testing.TB, tenant *systemtest.Tenant, document string) string {
	tb.Helper()
	return tenant.Admin.Must(tb, 201, "POST", "/schemas", body(document)).Text(tb, "id")
}

// document is the schema in an answer, byte for byte.
func document(tb testing.TB, r systemtest.Response) string {
	tb.Helper()
	var answer struct {
		Schema json.RawMessage `json:"schema"`
	}
	if err := json.Unmarshal(r.Body, &answer); err != nil {
		tb.Fatalf("no JSON: %s", r.Body)
	}
	return string(answer.Schema)
}

// pointers are the fields that an answer finds fault with.
func pointers(tb testing.TB, r systemtest.Response) []string {
	tb.Helper()
	var answer struct {
		Details struct {
			Violations []struct{ Pointer, Reason string }
		}
	}
	if err := json.Unmarshal(r.Body, &answer); err != nil {
		tb.Fatalf("no JSON: %s", r.Body)
	}
	found := []string{}
	for _, v := range answer.Details.Violations {
		found = append(found, v.Pointer)
		if v.Reason == "" {
			tb.Errorf("no reason at %s", v.Pointer)
		}
	}
	slices.Sort(found)
	return found
}

// refused checks that an answer is an error with the code and finds fault with exactly these fields.
func refused(tb testing.TB, r systemtest.Response, status int, code string, at ...string) {
	tb.Helper()
	if r.Status != status || r.Text(tb, "error_code") != code {
		tb.Errorf("answered %d %.500s, want %d %s", r.Status, r.Body, status, code)
		return
	}
	if got := pointers(tb, r); !slices.Equal(got, slices.Sorted(slices.Values(at))) {
		tb.Errorf("finds fault with %.500v, want %v: %.500s", got, at, r.Body)
	}
}
