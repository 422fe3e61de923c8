package schemas_test

import (
	"encoding/json"
	"os"
	"testing"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// withoutCourier leaves the stream unread, so that only the calls of a test change the table.
func withoutCourier(c *system.Config) { c.Quiet = true }

// body returns the body of a schema with the given document.
func body(document string) string { return `{"name":"s","schema":` + document + `}` }

// newSchema creates a schema and returns its id.
func newSchema(tb testing.TB, tenant *systemtest.Tenant, document string) string {
	tb.Helper()
	return tenant.Admin.Must(tb, 201, "POST", "/schemas", body(document)).Text(tb, "id")
}

// document returns the schema in an answer, byte for byte.
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
