package workspaces_test

import (
	"net/http"
	"testing"

	"identitypools/functions/workspaces"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: workspaces.Routes(), Cases: append(faultCases(), preflightCase())}
}

func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

func TestARetryUnderAKeyIsAnsweredAsTheFirstTry(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRetriesUnderAKey(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

// The paths of what the setups make.
const (
	shop = "/servers/shop"
	idp  = shop + "/idps/identity_pool"
	link = idp + "/pool"
	web  = "/clients/web"
)

// createWorkspace creates a workspace.
func createWorkspace(f *fixture) {
	f.Tenant.Workspaces.Must(f.T, 201, "POST", "/servers", fields{"id": "shop"})
}

// createConnected creates a workspace to which the pool is connected.
func createConnected(f *fixture) {
	createWorkspace(f)
	f.Tenant.Workspaces.Must(f.T, 201, "POST", idp, fields{"id": "pool", "identity_pool_id": f.PoolID()})
}

// createApplication creates an application of a workspace to which the pool is connected.
func createApplication(f *fixture) {
	createConnected(f)
	f.Tenant.Workspaces.Must(f.T, 201, "POST", "/clients", fields{"client_id": "web", "authorization_server_id": "shop"})
}

// createRotated creates an application with two secrets.
func createRotated(f *fixture) {
	createApplication(f)
	f.Tenant.Workspaces.Must(f.T, 200, "POST", web+"/rotateSecret", nil)
}

// request returns a function that returns a request of the admin client.
func request(method, path string, body any) func(*fixture) *http.Request {
	return func(f *fixture) *http.Request { return f.Tenant.Workspaces.Request(f.T, method, path, body) }
}

// has returns a check that something can be read, with a text in a member, or is gone.
func has(path, member, value string) func(*fixture, systemtest.Response) {
	return func(f *fixture, _ systemtest.Response) {
		got := f.Tenant.Workspaces.Call(f.T, "GET", path, nil)
		if value == "" && got.Status != 404 || value != "" && got.Text(f.T, member) != value {
			f.T.Errorf("%s is answered %d %s", path, got.Status, got.Body)
		}
	}
}

// secretsAre returns a check that the application has a number of secrets, one of which was answered.
func secretsAre(least, most int) func(*fixture, systemtest.Response) {
	return func(f *fixture, got systemtest.Response) {
		a, err := f.Table.Applications.Get(f.T.Context(), f.Tenant.ID, "web")
		if err != nil || len(a.Secrets) < least || len(a.Secrets) > most {
			f.T.Errorf("the application has %d secrets (%v)", len(a.Secrets), err)
		}
		if len(got.Body) > 0 && !a.HasSecret(got.Text(f.T, "secret")) {
			f.T.Error("the secret that was answered is none")
		}
	}
}

// preflightCase is the preflight of a page of an application.
func preflightCase() faulttest.Case {
	return faulttest.Case{
		Name: "public.preflight", Status: 204,
		Setup: func(f *fixture) {
			createWorkspace(f)
			f.Tenant.Workspaces.Must(f.T, 201, "POST", "/clients", fields{
				"client_id": "web", "authorization_server_id": "shop", "allowed_origins": []string{"https://app.example.com"},
			})
		},
		Request: func(f *fixture) *http.Request {
			return f.Tenant.Pages.Request(f.T, "OPTIONS", "/shop/userinfo", nil,
				"Origin", "https://app.example.com", "Access-Control-Request-Method", "GET")
		},
		Check: func(f *fixture, got systemtest.Response) {
			if got.Header.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
				f.T.Errorf("the page may not call: %v", got.Header)
			}
		},
	}
}

func faultCases() []faulttest.Case {
	return []faulttest.Case{
		{Name: "admin.listAuthorizationServers", Status: 200, Request: request("GET", "/servers", nil)},
		{
			Name: "admin.createAuthorizationServer", Status: 201, RetryStatus: 409,
			Request: request("POST", "/servers", fields{"id": "shop"}), Check: has(shop, "id", "shop"),
		},
		{
			Name: "admin.getAuthorizationServer", Status: 200, Setup: createWorkspace,
			Request: request("GET", shop, nil),
		},
		{
			Name: "admin.updateAuthorizationServer", Status: 200, Setup: createWorkspace,
			Request: request("PUT", shop, fields{"name": "Second"}), Check: has(shop, "name", "Second"),
		},
		{
			Name: "admin.deleteAuthorizationServer", Status: 204, RetryStatus: 404, Setup: createApplication,
			Request: request("DELETE", shop, nil), Check: func(f *fixture, got systemtest.Response) {
				has(shop, "", "")(f, got)
				has(web, "", "")(f, got)
			},
		},
		{Name: "admin.listIDPs", Status: 200, Setup: createConnected, Request: request("GET", shop+"/idps", nil)},
		{
			Name: "admin.createIdentityPoolIDP", Status: 201, RetryStatus: 409, Setup: createWorkspace,
			Request: func(f *fixture) *http.Request {
				return request("POST", idp, fields{"id": "pool", "identity_pool_id": f.PoolID()})(f)
			},
			Check: has(link, "id", "pool"),
		},
		{
			Name: "admin.getIdentityPoolIDP", Status: 200, Setup: createConnected, Request: request("GET", link, nil),
		},
		{
			Name: "admin.updateIdentityPoolIDP", Status: 200, Setup: createConnected,
			Request: request("PUT", link, fields{"name": "Second"}), Check: has(link, "name", "Second"),
		},
		{
			Name: "admin.deleteIDP", Status: 204, RetryStatus: 404, Setup: createConnected,
			Request: request("DELETE", shop+"/idps/pool", nil), Check: has(link, "", ""),
		},
		{
			Name: "admin.listIDPsForIdentityPool", Status: 200, Setup: createConnected,
			Request: func(f *fixture) *http.Request { return request("GET", f.Pool+"/idps", nil)(f) },
		},
		{
			Name: "admin.listClients", Status: 200, Setup: createApplication,
			Request: request("GET", shop+"/clients", nil),
		},
		{
			Name: "admin.createClient", Status: 201, RetryStatus: 409, Setup: createWorkspace,
			Request: request("POST", "/clients", fields{"client_id": "web", "authorization_server_id": "shop"}),
			Check:   has(web, "client_id", "web"),
		},
		{Name: "admin.getClient", Status: 200, Setup: createApplication, Request: request("GET", web, nil)},
		{
			Name: "admin.updateClient", Status: 200, Setup: createApplication,
			Request: request("PUT", web, fields{"client_name": "Second"}), Check: has(web, "client_name", "Second"),
		},
		{
			Name: "admin.deleteClient", Status: 204, RetryStatus: 404, Setup: createApplication,
			Request: request("DELETE", web, nil), Check: has(web, "", ""),
		},
		{
			Name: "admin.rotateClientSecret", Status: 200, Setup: createApplication,
			Request: request("POST", web+"/rotateSecret", nil), Check: secretsAre(2, 3),
		},
		{
			Name: "admin.revokeRotatedClientSecrets", Status: 204, Setup: createRotated,
			Request: request("POST", web+"/revokeRotatedSecrets", nil), Check: secretsAre(1, 1),
		},
	}
}
