package tokens_test

import (
	"net/http"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
)

// workspaceCases are about the endpoints of workspaces. A code whose answer was lost above the SDK cannot be
// redeemed again, because nobody knows who has the answer, and what it got is revoked. A refresh token can.
func workspaceCases() []faulttest.Case {
	form := func(path string, pairs func(f *fixture) []string) func(f *fixture) *http.Request {
		return func(f *fixture) *http.Request { return f.Workspace.Request(f.T, f.App, path, pairs(f)...) }
	}
	path := func(path string) func(f *fixture) *http.Request {
		return func(f *fixture) *http.Request {
			r := f.Workspace.UserInfo(f.T, f.Access)
			r.URL.Path = f.Workspace.Path(path)
			return r
		}
	}
	return []faulttest.Case{
		{
			Name: "client.token", Setup: (*fixture).SignIn, Status: 200, RetryStatus: 400,
			Request: func(f *fixture) *http.Request { return f.Workspace.Redeem(f.T, f.App, f.Code) },
			Check: func(f *fixture, answer systemtest.Response) {
				if answer.Status == http.StatusOK {
					f.CheckTokens(answer.Text(f.T, "access_token"), true)
				}
				if got := systemtest.Send(f.T, f.Workspace.Redeem(f.T, f.App, f.Code)); got.Status != http.StatusBadRequest {
					f.T.Errorf("the code works twice: %d", got.Status)
				}
			},
		},
		{
			Name: "client.token, refresh", Setup: (*fixture).GetTokens, Status: 200,
			Request: func(f *fixture) *http.Request { return f.Workspace.Refresh(f.T, f.App, f.Refresh) },
			Check: func(f *fixture, answer systemtest.Response) {
				f.CheckTokens(answer.Text(f.T, "access_token"), true)
				next := systemtest.Send(f.T, f.Workspace.Refresh(f.T, f.App, answer.Text(f.T, "refresh_token")))
				f.CheckTokens(next.Text(f.T, "access_token"), true)
			},
		},
		{
			Name: "client.token, the first of all", Status: 200,
			Setup: func(f *fixture) {
				f.SignIn()
				withdraw(f, "SIGN")
			},
			Request: form("/oauth2/token", func(*fixture) []string { return []string{"grant_type", oidc.GrantCredentials} }),
		},
		{
			Name: "client.revoke", Setup: (*fixture).GetTokens, Status: 200,
			Request: form("/oauth2/revoke", func(f *fixture) []string { return []string{"token", f.Refresh} }),
			Check:   func(f *fixture, _ systemtest.Response) { f.CheckTokens(f.Access, false) },
		},
		{
			Name: "client.introspect", Setup: (*fixture).GetTokens, Status: 200,
			Request: form("/oauth2/introspect", func(f *fixture) []string { return []string{"token", f.Access} }),
		},
		{Name: "client.userinfo", Twin: "client.userinfoByPost", Setup: (*fixture).GetTokens, Status: 200, Request: path("/userinfo")},
		{
			Name: "client.discovery", Twin: "client.metadata", Setup: (*fixture).SignIn, Status: 200,
			Request: path("/.well-known/openid-configuration"),
		},
		{Name: "client.keys", Setup: (*fixture).SignIn, Status: 200, Request: path("/.well-known/jwks.json")},
	}
}
