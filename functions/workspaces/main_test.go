package workspaces_test

import (
	"os"
	"testing"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// newWorkspace creates a workspace and returns its path.
func newWorkspace(tb testing.TB, tenant *systemtest.Tenant, more fields) string {
	tb.Helper()
	if more == nil {
		more = fields{}
	}
	return "/servers/" + tenant.Workspaces.Must(tb, 201, "POST", "/servers", more).Text(tb, "id")
}

// idOf returns the id at the end of a path.
func idOf(path string) string { return path[len("/servers/"):] }

// newApplication creates an application of a workspace and returns its path.
func newApplication(tb testing.TB, tenant *systemtest.Tenant, workspace string, more fields) string {
	tb.Helper()
	asked := fields{"authorization_server_id": idOf(workspace)}
	for name, value := range more {
		asked[name] = value
	}
	return "/clients/" + tenant.Workspaces.Must(tb, 201, "POST", "/clients", asked).Text(tb, "client_id")
}

// connect connects a pool to a workspace and returns the path of the connection.
func connect(tb testing.TB, tenant *systemtest.Tenant, workspace, pool string) string {
	tb.Helper()
	path := workspace + "/idps/identity_pool"
	return path + "/" + tenant.Workspaces.Must(tb, 201, "POST", path, fields{"identity_pool_id": pool}).Text(tb, "id")
}

// same reports whether two answers are the same but for the time of the last change.
func same(tb testing.TB, a, b systemtest.Response) bool {
	tb.Helper()
	return text(tb, a) == text(tb, b)
}

// inParallel makes a call by 20 callers at once, and returns how often each status was answered.
func inParallel(call func(i int) systemtest.Response) map[int]int {
	statuses := make(chan int)
	for i := range 20 {
		go func() { statuses <- call(i).Status }()
	}
	counts := map[int]int{}
	for range 20 {
		counts[<-statuses]++
	}
	return counts
}
