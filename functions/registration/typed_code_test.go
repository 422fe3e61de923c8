package registration_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// TestACodeIsTakenAsTheMailShowsIt checks that a code is taken with a space between its groups, or with
// whatever else people, keyboards and word processors put there: by the pages and by the API.
func TestACodeIsTakenAsTheMailShowsIt(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, nil)
	path := "/pools/" + b.pool
	for name, between := range map[string]string{
		"a space": " ", "a no-break space": "\u00a0", "a narrow one": "\u202f", "a hyphen": "-",
		"a hyphen that does not break": "\u2011", "a dash": "–", "what shows nothing": "\u200b",
	} {
		typed := func(email string) string {
			code := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
			return " " + code[:3] + between + code[3:] + " "
		}
		email := systemtest.Address("page")
		b.signUp(t, email)
		if got := b.call(t, b.at("register/code"), "code", typed(email)); got.Status != 303 {
			t.Errorf("%s, on a page: %d %s", name, got.Status, mainContent(got))
		}
		email = systemtest.Address("public")
		ticket := b.tenant.Public.Must(t, 201, "POST", path+"/register", fields{"identifier": email, "password": systemtest.Password}).Text(t, "ticket")
		b.tenant.Public.Must(t, 201, "POST", path+"/activate", fields{"ticket": ticket, "code": typed(email)})
		email = systemtest.Address("system")
		user := b.tenant.NewUser(t, b.pool, "new", email, nil)
		b.tenant.Admin.Must(t, 204, "POST", path+"/users/"+user+"/activation/send?code_type_in_message=code", nil)
		b.tenant.System.Must(t, 201, "POST", path+"/users/"+user+"/activate", fields{"code": typed(email)})
		b.product.Clock.Advance(time.Hour) // one source reaches few mailboxes
		b.tenant.RenewTokens(t)
	}
}
