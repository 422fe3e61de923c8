package registration_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
)

// In a pool that distinguishes upper and lower case, a code that was mailed to strasse@… does not
// prove straße@…. Earlier releases took registrations of such an address, which may still wait.
func TestAFoldedAddressIsAnother(t *testing.T) {
	t.Parallel()
	s := newSetup(t, fields{"identifier_case_insensitive": false})
	mine := systemtest.Address("strasse")
	theirs := strings.Replace(mine, "strasse", "straße", 1)
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": mine})
	code := systemtest.CodeIn(t, newestMail(t, s.product, mine, 1))
	s.tenant.Public.Must(t, 422, "POST", s.path()+"/register", fields{"identifier": theirs})
	ticket := s.storeRegistration(t, theirs)
	s.product.AwaitEmptyOutbox(t)
	s.activate(t, 422, fields{"ticket": ticket, "code": code, "password": strangersPassword})
}

// storeRegistration stores a registration without the product's checks and returns its ticket.
func (s *setup) storeRegistration(t *testing.T, email string) (ticket string) {
	t.Helper()
	tools, err := onetime.Open(cloud.Environment(func(name string) string { return s.product.Environment[name] }))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.product.Table.Pools.Get(t.Context(), s.tenant.ID, s.pool)
	if err != nil {
		t.Fatal(err)
	}
	maker := identity.Maker{Now: s.product.Clock.Now(), NewID: systemtest.Unique}
	u, r, _ := p.Register(identity.SelfRegistration{Identifier: email}, true, maker)
	owner, err := s.product.Table.Registrations.Create(t.Context(), p, u, r, nil, once.Reply[identity.UserRef]{})
	if err != nil {
		t.Fatal(err)
	}
	box, _ := r.MailboxRef(s.tenant.ID)
	ticket, err = tools.Sealer.Seal(otp.Ticket{
		Tenant: s.tenant.ID, Pool: s.pool, User: owner.ID, Registration: r.ID, Mailbox: box.Digest,
		ExpiresAt: maker.Now.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}
