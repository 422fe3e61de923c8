package recovery_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// The passwords that users have and set.
const (
	oldPassword = "the password of old times"
	newPassword = "quite another, new phrase"
)

// setup is a pool of a running product with an active user.
type setup struct {
	product           *systemtest.Product
	tenant            *systemtest.Tenant
	pool, user, email string
}

// newSetup returns a pool with a user in a tenant of its own.
func newSetup(t *testing.T, product *systemtest.Product, settings fields) *setup {
	t.Helper()
	s := &setup{product: product, tenant: product.NewTenant(t), email: systemtest.Address("ann")}
	s.pool = s.tenant.NewPool(t, settings)
	s.user = s.newUser(t, "active", s.email)
	return s
}

// newUser creates a user with the old password and an unverified second address.
func (s *setup) newUser(t *testing.T, status, email string) (id string) {
	t.Helper()
	return s.tenant.NewUser(t, s.pool, status, email, fields{
		"credentials": []fields{{"type": "password", "password": oldPassword}},
	})
}

// path returns the path of the pool in the trees of the API.
func (s *setup) path() string { return "/pools/" + s.pool }

// ask asks for a mail on the public tree.
func (s *setup) ask(t *testing.T, query, address string) {
	t.Helper()
	s.tenant.Public.Must(
		t, 204, "POST", s.path()+"/password/reset/request"+query, fields{"address": address},
	)
}

// newCode asks for a mail, and returns its code. It is the user's n-th mail.
func (s *setup) newCode(t *testing.T, n int) string {
	t.Helper()
	s.ask(t, "", s.email)
	return systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, n)[n-1])
}

// newLink is like newCode, for the extended code of a link.
func (s *setup) newLink(t *testing.T, n int) string {
	t.Helper()
	s.ask(t, "?code_type_in_message=link", s.email)
	return systemtest.LinkIn(t, s.product.Inbox.Await(t, s.email, n)[n-1]).Query().Get("code")
}

// confirm sets a new password on the public tree and returns the answer.
func (s *setup) confirm(t *testing.T, body fields) systemtest.Response {
	t.Helper()
	return s.tenant.Public.Call(t, "POST", s.path()+"/password/reset/confirm", body)
}

// checkPassword checks that the user has a password, and not the other one.
func (s *setup) checkPassword(t *testing.T, has, hasNot string) {
	t.Helper()
	for password, want := range map[string]int{has: 200, hasNot: 401} {
		s.tenant.System.Must(t, want, "POST", s.path()+"/user/password/verify", fields{
			"identifier": s.email, "password": password,
		})
	}
}

// pause lets the pause between two mails to a mailbox pass.
func (s *setup) pause() { s.product.Clock.Advance(time.Minute + time.Second) }
