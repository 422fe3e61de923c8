package browser_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
)

// A person signs in to the single-page application of docs/signin.md, which oidc-client-ts serves, gets new
// tokens, and signs out. The application has no secret.
func TestASinglePageApplication(t *testing.T) {
	t.Parallel()
	s := open(t, fields{"name": "Customers"}, func(c *system.Config) { c.Now = time.Now })
	email := systemtest.Address("ann")
	s.tenant.NewUser(t, s.pool, "active", email, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
	})
	issuer := s.BaseURL + "/" + s.tenant.ID + "/shop"
	home := serveApplication(t, issuer)
	admin := s.tenant.Workspaces
	admin.Must(t, 201, "POST", "/servers", fields{"id": "shop"})
	admin.Must(t, 201, "POST", "/servers/shop/idps/identity_pool", fields{"identity_pool_id": s.pool, "name": "Customers"})
	admin.Must(t, 201, "POST", "/clients", fields{
		"client_id": "page", "authorization_server_id": "shop", "client_name": "Page", "redirect_uris": []string{home},
		"post_logout_redirect_uris": []string{home}, "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code", "refresh_token"},
	})

	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, issuer+"/signin") // from now on, its origin is expected
	tab.Go(t, home)
	tab.Submit(t, "#in")
	tab.Fill(t, "#identifier", email)
	tab.Fill(t, "#password", systemtest.Password)
	if got := tab.Submit(t, submit); got != 200 || !strings.HasPrefix(tab.URL(t), home) {
		t.Fatalf("signing in leads to %s: %d %s", tab.URL(t), got, tab.Text(t, "body"))
	}
	who := "document.querySelector('#who').textContent"
	tab.Await(t, who+" !== 'Nobody is signed in.'")
	if got := tab.Text(t, "#who"); got != email {
		t.Fatalf("the application shows %s", got)
	}

	const token = "JSON.parse(Object.values(sessionStorage)[0]).access_token"
	was := browser.Eval[string](t, tab, token)
	tab.Click(t, "#renew")
	tab.Await(t, who+" !== "+`"`+email+`" || `+token+` !== "`+was+`"`)
	if got := tab.Text(t, "#who"); got != email {
		t.Fatalf("with new tokens the application shows %s", got)
	}

	if tab.Submit(t, "#out"); !strings.HasPrefix(tab.URL(t), home) || tab.Text(t, "#who") != "Nobody is signed in." {
		t.Errorf("signing out leads to %s: %s", tab.URL(t), tab.Text(t, "body"))
	}
	if tab.Submit(t, "#in"); !strings.HasPrefix(tab.URL(t), issuer) || !tab.Has(t, "#password") {
		t.Errorf("after signing out the person comes to %s: %s", tab.URL(t), tab.Text(t, "body"))
	}
}

// serveApplication serves the application and returns its URL. It is the origin of the application.
func serveApplication(t *testing.T, issuer string) string {
	t.Helper()
	root, err := part.Root()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("testdata", "app.html"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("ISSUER", issuer, "CLIENT_ID", "page").Replace(string(page))
	const script = "oidc-client-ts.min.js"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(text)) // the browser has gone if this fails
	})
	mux.HandleFunc("GET /"+script, func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(root, "node_modules", "oidc-client-ts", "dist", "browser", script))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/"
}
