// Package clients tests that people sign in to applications that are made with well-known programs and
// libraries, none of which knows the product: Apache with mod_auth_openidc, oauth2-proxy, openid-client
// for Node.js, and zitadel/oidc and coreos/go-oidc for Go. It is a module of its own, so that none of them
// becomes a dependency of the product. Its programs are those of docs/signin.md.
package clients_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

type fields = systemtest.Fields

// site is a product with a workspace to which a pool with one user is connected.
type site struct {
	*systemtest.Product
	tenant                 *systemtest.Tenant
	issuer                 string
	pool, user, identifier string
}

// application is an application of the workspace that listens on this machine.
type application struct {
	id, secret string
	redirect   string // the URI to which people come back
	home       string // the URL of the application, to which people come after they signed out
	address    string // where it listens
}

// TestClients starts the product once and lets a person sign in with each client.
func TestClients(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, test := range map[string]func(*testing.T, *site){
		"Apache with mod_auth_openidc": checkApache,
		"oauth2-proxy":                 checkProxy,
		"openid-client of Node.js":     checkNode,
		"zitadel/oidc":                 checkExample,
		"coreos/go-oidc":               checkLibrary,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// open starts the product with the real time, which the clients have too.
func open(t *testing.T) *site {
	t.Helper()
	s := &site{Product: systemtest.New(t, func(c *system.Config) { c.Now = time.Now })}
	s.tenant = s.NewTenant(t)
	s.issuer = s.BaseURL + "/" + s.tenant.ID + "/shop"
	s.pool = s.tenant.NewPool(t, fields{"name": "Customers"})
	s.identifier = systemtest.Address("ann")
	s.user = s.tenant.NewUser(t, s.pool, "active", s.identifier, fields{
		"credentials":          []fields{{"type": "password", "password": systemtest.Password}},
		"verifiable_addresses": []fields{{"type": "email", "address": s.identifier, "verified": true}},
		"payload":              fields{"given_name": "Ann", "family_name": "Example"},
	})
	s.tenant.Workspaces.Must(t, 201, "POST", "/servers", fields{"id": "shop", "name": "Shop"})
	s.tenant.Workspaces.Must(t, 201, "POST", "/servers/shop/idps/identity_pool", fields{
		"identity_pool_id": s.pool, "name": "Customers",
	})
	return s
}

// register registers an application at a free port of this machine. The path is that of its redirect URI.
func (s *site) register(t *testing.T, path string, more fields) application {
	t.Helper()
	a := application{address: freeAddress(t)}
	a.home = "http://" + a.address + "/"
	a.redirect = "http://" + a.address + path
	client := fields{
		"authorization_server_id": "shop", "client_name": t.Name(), "redirect_uris": []string{a.redirect},
		"post_logout_redirect_uris": []string{a.home},
		"grant_types":               []string{"authorization_code", "refresh_token"},
	}
	for name, value := range more {
		client[name] = value
	}
	made := s.tenant.Workspaces.Must(t, 201, "POST", "/clients", client)
	a.id, a.secret = made.Text(t, "client_id"), made.Text(t, "client_secret")
	return a
}

// freeAddress returns an address of this machine at which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
}

// environment returns the variables with which the programs of docs/signin.md are started.
func (s *site) environment(a application) []string {
	return []string{
		"ISSUER=" + s.issuer, "CLIENT_ID=" + a.id, "CLIENT_SECRET=" + a.secret, "REDIRECT_URI=" + a.redirect,
	}
}

// enter opens an application, signs in, and returns the page of the application to which that leads.
func (s *site) enter(t *testing.T, p *person, a application) page {
	t.Helper()
	asked := p.open(t, a.home)
	if !strings.HasPrefix(asked.at.String(), s.issuer+"/") {
		t.Fatalf("the application leads to %s: %d %s", asked.at, asked.status, asked.body)
	}
	got := p.signIn(t, asked, s.identifier, systemtest.Password)
	if got.status != http.StatusOK || got.at.Host != a.address {
		t.Fatalf("signing in leads to %s: %d %s", got.at, got.status, got.body)
	}
	return got
}

// checkSignedOut checks that the application asks the person to sign in again.
func (s *site) checkSignedOut(t *testing.T, p *person, a application) {
	t.Helper()
	got := p.open(t, a.home)
	if _, asks := got.signIn(); !asks || !strings.HasPrefix(got.at.String(), s.issuer+"/") {
		t.Errorf("after signing out %s shows %d %s", got.at, got.status, got.body)
	}
}

// echo is a site behind a proxy, which answers with the headers of requests. It returns its URL.
func echo(t *testing.T) string {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(r.Header); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(upstream.Close)
	return upstream.URL + "/"
}

// headers returns the headers that a site behind a proxy was sent.
func (p page) headers(t *testing.T) (all http.Header) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.body), &all); err != nil {
		t.Fatalf("%s shows %d %s", p.at, p.status, p.body)
	}
	return all
}
