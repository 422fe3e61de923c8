package registration_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// What a browser remembers of a registration is good for the pool alone in which somebody registered, and for the tenant: the page of
// another pool neither shows it nor acts on it.
func TestTheCookieIsOfOnePool(t *testing.T) {
	t.Parallel()
	g, email := newGuest(t, nil), systemtest.Address("ann")
	const known = `autocomplete="one-time-code"`
	if page := g.signUp(t, email); !contains(page.Body, known) {
		t.Fatalf("the page for the code: %s", shown(page))
	}
	code := systemtest.CodeIn(t, g.product.Inbox.Await(t, email, 1)[0])
	away := g.product.NewTenant(t)
	if away.Admin.Must(t, 201, "POST", "/pools", fields{"id": g.pool, "name": "Partners", "public_registration_allowed": true}).Text(t, "id") != g.pool {
		t.Fatal("the pool has another id")
	}
	for name, at := range map[string]string{
		"another pool":   "/" + g.tenant.ID + "/pools/" + g.tenant.NewPool(t, nil) + "/",
		"another tenant": "/" + away.ID + "/pools/" + g.pool + "/",
	} {
		visitor := g.visitor // who has the cookie
		if page := visitor.call(t, at+"register/code"); contains(page.Body, known) || contains(page.Body, email) {
			t.Errorf("%s shows the registration: %s", name, shown(page))
		}
		if page := visitor.call(t, at+"register"); contains(page.Body, email) {
			t.Errorf("%s fills in what was typed: %s", name, shown(page))
		}
		if got := visitor.call(t, at+"register/code", "code", code); got.Status != 303 || got.Header.Get("Location") != "code" {
			t.Errorf("%s takes the code: %d to %q", name, got.Status, got.Header.Get("Location"))
		}
	}
	if page := g.call(t, g.at("register/code")); !contains(page.Body, known) {
		t.Errorf("the own pool: %s", shown(page))
	}
}
