package clients_test

import (
	"crypto/rand"
	"net/url"
	"path/filepath"
	"testing"

	"identitypools/infra/check/parttest"
)

// checkProxy checks oauth2-proxy. A site behind it is told who is signed in.
func checkProxy(t *testing.T, s *site) {
	var cheap []string // its 350 packages are compiled without being optimized, since it runs for seconds
	for _, host := range []string{"github.com", "google.golang.org", "cloud.google.com", "go.opentelemetry.io", "golang.org", "go.yaml.in"} {
		cheap = append(cheap, "-gcflags="+host+"/...=-N -l -dwarf=false")
	}
	program := build(t, "oauth2proxy", "github.com/oauth2-proxy/oauth2-proxy/v7", cheap...)
	a := s.register(t, "/oauth2/callback", nil)
	issuer, err := url.Parse(s.issuer)
	if err != nil {
		t.Fatal(err)
	}
	start(t, a.address, []string{
		"OAUTH2_PROXY_OIDC_ISSUER_URL=" + s.issuer, "OAUTH2_PROXY_CLIENT_ID=" + a.id,
		"OAUTH2_PROXY_CLIENT_SECRET=" + a.secret, "OAUTH2_PROXY_REDIRECT_URL=" + a.redirect,
		"OAUTH2_PROXY_COOKIE_SECRET=" + (rand.Text() + rand.Text())[:32], "OAUTH2_PROXY_HTTP_ADDRESS=" + a.address,
		"OAUTH2_PROXY_UPSTREAMS=" + echo(t), "OAUTH2_PROXY_WHITELIST_DOMAINS=" + issuer.Host,
		"OAUTH2_PROXY_COOKIE_REFRESH=1ms", // gets new tokens whenever it can
	}, program, "--config="+filepath.Join("testdata", "oauth2-proxy.cfg"))
	p := newPerson()
	first := s.enter(t, p, a).headers(t)
	if got := first.Get("X-Forwarded-Email"); got != s.identifier {
		t.Errorf("the site is told of %q", got)
	}
	const token = "X-Forwarded-Access-Token"
	parttest.Until(t, "new tokens", func() bool { // which the proxy gets after a second at the earliest
		fresh := p.open(t, a.home).headers(t).Get(token)
		return fresh != "" && fresh != first.Get(token)
	})
	// The proxy knows no ID token for the sign-out, so that the product asks the person.
	out := s.issuer + "/oidc/logout?" + url.Values{"client_id": {a.id}, "post_logout_redirect_uri": {a.home}}.Encode()
	asked := p.open(t, a.home+"oauth2/sign_out?"+url.Values{"rd": {out}}.Encode())
	if len(asked.forms) == 0 {
		t.Fatalf("signing out leads to %s: %d %s", asked.at, asked.status, asked.body)
	}
	p.submit(t, asked.forms[0], nil)
	s.checkSignedOut(t, p, a)
}
