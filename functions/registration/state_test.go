package registration_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// The cookie of a registration is valid only in the pool and the tenant of the registration. The
// pages of others neither show it nor act on it.
func TestTheCookieIsOfOnePool(t *testing.T) {
	t.Parallel()
	b, email := newPoolBrowser(t, nil), systemtest.Address("ann")
	const known = `autocomplete="one-time-code"`
	if page := b.signUp(t, email); !contains(page.Body, known) {
		t.Fatalf("the page for the code: %s", mainContent(page))
	}
	code := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
	away := b.product.NewTenant(t)
	if away.Admin.Must(t, 201, "POST", "/pools", fields{
		"id": b.pool, "name": "Partners", "public_registration_allowed": true,
	}).Text(t, "id") != b.pool {
		t.Fatal("the pool has another id")
	}
	for name, at := range map[string]string{
		"another pool":   "/" + b.tenant.ID + "/pools/" + b.tenant.NewPool(t, nil) + "/",
		"another tenant": "/" + away.ID + "/pools/" + b.pool + "/",
	} {
		other := b.browser // has the cookie
		if page := other.call(t, at+"register/code"); contains(page.Body, known) ||
			contains(page.Body, email) {
			t.Errorf("%s shows the registration: %s", name, mainContent(page))
		}
		if page := other.call(t, at+"register"); contains(page.Body, email) {
			t.Errorf("%s fills in what was typed: %s", name, mainContent(page))
		}
		if got := other.call(t, at+"register/code", "code", code); got.Status != 303 ||
			got.Header.Get("Location") != "code" {
			t.Errorf("%s takes the code: %d to %q", name, got.Status, got.Header.Get("Location"))
		}
	}
	if page := b.call(t, b.at("register/code")); !contains(page.Body, known) {
		t.Errorf("the own pool: %s", mainContent(page))
	}
}
