package courier_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// greeting returns the first line of the last mail to an address.
func greeting(tb testing.TB, product *systemtest.Product, to string) string {
	tb.Helper()
	product.DeliverAll(tb)
	line, _, _ := strings.Cut(newest(tb, product, to).Text, "\n")
	return line
}

// TestMailsCallPeopleByName: those whom an administrator or a back end made, and those who have proved the
// address. A stranger puts no text of their own into a mail to somebody else, neither by registering the
// address nor by adding it to an account.
func TestMailsCallPeopleByName(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	id := tenant.NewPool(t, nil)
	pool := "/pools/" + id
	name := fields{"given_name": "Ann"}
	said := func(t *testing.T, to, want string) {
		t.Helper()
		if got := greeting(t, product, to); got != want {
			t.Errorf("the mail begins %q, want %q", got, want)
		}
	}
	t.Run("somebody who is invited", func(t *testing.T) {
		email := systemtest.Address("ann")
		user := tenant.NewUser(t, id, "new", email, fields{"payload": name})
		tenant.Admin.Must(t, 204, "POST", pool+"/users/"+user+"/activation/send", nil)
		said(t, email, "Hello Ann,")
	})
	t.Run("somebody who is invited, with a name that could be a link", func(t *testing.T) {
		email := systemtest.Address("ann")
		user := tenant.NewUser(t, id, "new", email, fields{"payload": fields{"name": "https://evil.example"}})
		tenant.Admin.Must(t, 204, "POST", pool+"/users/"+user+"/activation/send", nil)
		said(t, email, "Hello,")
	})
	email := systemtest.Address("ann")
	ticket := tenant.Public.Must(t, 201, "POST", pool+"/register", fields{"identifier": email, "password": systemtest.Password, "payload": name}).Text(t, "ticket")
	t.Run("somebody who registers", func(t *testing.T) { said(t, email, "Hello,") })
	t.Run("somebody who registers and asks again", func(t *testing.T) {
		product.Clock.Advance(2 * time.Minute)
		tenant.Public.Must(t, 202, "POST", pool+"/activation/send", fields{"ticket": ticket})
		said(t, email, "Hello,")
	})
	code := systemtest.CodeIn(t, newest(t, product, email))
	tenant.Public.Must(t, 201, "POST", pool+"/activate", fields{"ticket": ticket, "code": code[:3] + " " + code[3:]})
	t.Run("somebody who has registered", func(t *testing.T) { said(t, email, "Hello Ann,") })
	t.Run("an address that is added to their account", func(t *testing.T) {
		other := systemtest.Address("victim")
		user := pool + "/users/" + tenant.System.Must(t, 200, "POST", pool+"/users/by_key", fields{"identifier": email}).Text(t, "id")
		tenant.System.Must(t, 200, "POST", user+"/addresses/add", fields{"address": other, "type": "email"})
		tenant.System.Must(t, 204, "POST", user+"/address/verification/request", fields{"address": other})
		said(t, other, "Hello,")
	})
}
