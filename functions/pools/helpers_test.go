package pools_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
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

// parse is JSON text as an object.
func parse(tb testing.TB, text string) fields {
	tb.Helper()
	var value fields
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		tb.Fatal(err)
	}
	return value
}

// differences are the members in which two objects differ, written out.
func differences(got, want fields) []string {
	var found []string
	names := maps.Clone(got)
	maps.Copy(names, want)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !reflect.DeepEqual(got[name], want[name]) {
			text, _ := json.Marshal(fields{"got": got[name], "want": want[name]})
			found = append(found, name+" "+string(text))
		}
	}
	return found
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
		tb.Errorf("answered %d %s, want %d %s", r.Status, r.Body, status, code)
		return
	}
	if got := pointers(tb, r); !slices.Equal(got, slices.Sorted(slices.Values(at))) {
		tb.Errorf("finds fault with %v, want %v: %s", got, at, r.Body)
	}
}

// newSchema makes a schema.
func newSchema(tb testing.TB, tenant *systemtest.Tenant) string {
	tb.Helper()
	body := fields{"name": "s", "schema": fields{"type": "object", "properties": fields{"given_name": fields{"type": "string"}}}}
	return tenant.Admin.Must(tb, 201, "POST", "/schemas", body).Text(tb, "id")
}
