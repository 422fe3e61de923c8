package registration_test

import (
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// Anybody can write a link to a page with any URL to return to. Somebody who signs up or activates
// by such a link is led only to URLs that the deployment allows.
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
			b, email := newPoolBrowser(t, nil), systemtest.Address("ann")
			path := b.at("register?" + query)
			b.follow(t, path, b.call(t, path, "identifier", email, "password", systemtest.Password))
			code := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
			done := b.follow(t, b.at("register/code"), b.call(t, b.at("register/code"), "code", code))
			if !contains(done.Body, "Your account is active.") || link(done) != allowed {
				t.Errorf("the last page leads there: %t: %s", link(done), mainContent(done))
			}
		})
		t.Run("activating, "+place, func(t *testing.T) {
			t.Parallel()
			b := newPoolBrowser(t, nil)
			id := b.tenant.NewUser(t, b.pool, "new", systemtest.Address("bob"), nil)
			code := b.tenant.System.Must(
				t, 201, "POST", "/pools/"+b.pool+"/users/"+id+"/code/generate",
				fields{"type": "activation"},
			).Text(t, "extended_code")
			path := b.at("activate?" + query)
			done := b.follow(t, path, b.call(t, path, "code", code, "password", systemtest.Password))
			if !contains(done.Body, "Your account is active.") || link(done) != allowed {
				t.Errorf("the last page leads there: %t: %s", link(done), mainContent(done))
			}
		})
	}
}

// A URL to return to that is too long for the cookie of the pages is refused, and does not vanish. One
// that just fits is still known on the last page.
func TestALongPlaceToReturnTo(t *testing.T) {
	t.Parallel()
	const origin = "https://app.example.com/"
	longest := origin + strings.Repeat("ä", (identity.MaxReturnURL-len(origin))/2)
	for place, fits := range map[string]bool{longest: true, longest + "xx": false} {
		b, email := newPoolBrowser(t, nil), systemtest.Address("ann")
		path := b.at("register?return_to=" + url.QueryEscape(place))
		if got := b.call(t, path); (got.Status == 200) != fits || !fits && got.Status != 422 {
			t.Errorf("with %d bytes the form is answered %d", len(place), got.Status)
		}
		if got := b.call(t, path, "identifier", email, "password", systemtest.Password); (got.Status == 303) != fits {
			t.Errorf("with %d bytes the registration is answered %d", len(place), got.Status)
		}
		id := b.tenant.NewUser(t, b.pool, "new", systemtest.Address("bob"), nil)
		want := 422
		if fits {
			want = 204
			code := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
			done := b.follow(t, b.at("register/code"), b.call(t, b.at("register/code"), "code", code))
			if !contains(done.Body, `href="`+place+`"`) {
				t.Errorf("the last page does not lead there: %s", mainContent(done))
			}
		}
		b.tenant.Admin.Must(t, want, "POST", "/pools/"+b.pool+"/users/"+id+
			"/activation/send?post_activation_url="+url.QueryEscape(place), nil)
	}
}
