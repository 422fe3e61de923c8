package pools_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// withoutCourier leaves the stream unread, so that only the calls of a test change the table.
func withoutCourier(c *system.Config) { c.Quiet = true }

// parse returns a JSON object.
func parse(tb testing.TB, text string) fields {
	tb.Helper()
	var value fields
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		tb.Fatal(err)
	}
	return value
}

// differences returns the members in which two objects differ, as text.
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

// newSchema creates a schema and returns its id.
func newSchema(tb testing.TB, tenant *systemtest.Tenant) string {
	tb.Helper()
	body := fields{"name": "s", "schema": fields{"type": "object", "properties": fields{"given_name": fields{"type": "string"}}}}
	return tenant.Admin.Must(tb, 201, "POST", "/schemas", body).Text(tb, "id")
}
