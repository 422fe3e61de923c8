package registration_test

import (
	"net/url"
	"testing"

	"identitypools/infra/check/systemtest"
)

// Anybody can write a link to a page, with any place to go on in it. Whoever signs up or activates by such a link is led only to places that
// the deployment allows.
func TestNobodyIsSentToAPlaceThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	for place, allowed := range map[string]bool{
		"https://app.example.com/in":              true,
		"https://evil.example.com/in":             false,
		"https://app.example.com.evil.example/in": false,
		"http://app.example.com/in":               false,
		"javascript:alert(1)":                     false,
	} {
		query := "return_to=" + url.QueryEscape(place)
		link := func(page systemtest.Response) bool { return contains(page.Body, `href="`+place+`"`) }
		t.Run("signing up, "+place, func(t *testing.T) {
			t.Parallel()
			g, email := newGuest(t, nil), systemtest.Address("ann")
			path := g.at("register?" + query)
			g.follow(t, path, g.call(t, path, "identifier", email, "password", systemtest.Password))
			code := systemtest.CodeIn(t, g.product.Inbox.Await(t, email, 1)[0])
			done := g.follow(t, g.at("register/code"), g.call(t, g.at("register/code"), "code", code))
			if !contains(done.Body, "Your account is active.") || link(done) != allowed {
				t.Errorf("the last page leads there: %t: %s", link(done), shown(done))
			}
		})
		t.Run("activating, "+place, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, nil)
			id := g.tenant.NewUser(t, g.pool, "new", systemtest.Address("bob"), nil)
			code := g.tenant.System.Must(t, 201, "POST", "/pools/"+g.pool+"/users/"+id+"/code/generate", fields{"type": "activation"}).Text(t, "extended_code")
			path := g.at("activate?" + query)
			done := g.follow(t, path, g.call(t, path, "code", code, "password", systemtest.Password))
			if !contains(done.Body, "Your account is active.") || link(done) != allowed {
				t.Errorf("the last page leads there: %t: %s", link(done), shown(done))
			}
		})
	}
}
