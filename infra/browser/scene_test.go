package browser_test

import (
	"testing"

	"identitypools/infra/local/system"
	"identitypools/infra/local/systemtest"
)

type fields = systemtest.Fields

// scene is a product with a pool in which people may register.
type scene struct {
	*systemtest.Product
	tenant *systemtest.Tenant
	pool   string
}

// open starts a product and makes the pool, with the settings given over the usual ones.
func open(t *testing.T, settings fields, options ...func(*system.Config)) *scene {
	t.Helper()
	s := &scene{Product: systemtest.New(t, options...)}
	s.tenant = s.NewTenant(t)
	s.pool = s.tenant.NewPool(t, settings)
	return s
}

// link is the link in the newest of n mails to an address.
func (s *scene) link(t *testing.T, email string, n int) string {
	t.Helper()
	return systemtest.LinkIn(t, s.Inbox.Await(t, email, n)[n-1]).String()
}

// invite makes a user and sends the invitation.
func (s *scene) invite(t *testing.T, email, query string) (user string) {
	t.Helper()
	user = s.tenant.NewUser(t, s.pool, "new", email, nil)
	s.tenant.Admin.Must(t, 204, "POST", "/pools/"+s.pool+"/users/"+user+"/activation/send?mode=invitation"+query, nil)
	return user
}

// verified checks what a back end is told of a password.
func (s *scene) verified(t *testing.T, email, password string, want int) {
	t.Helper()
	s.tenant.System.Must(t, want, "POST", "/pools/"+s.pool+"/user/password/verify", fields{"identifier": email, "password": password})
}

// submit is the button of the page's main form.
const submit = "main form button:not([name]):not([type=button])"
