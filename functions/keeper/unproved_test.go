package keeper_test

import (
	"fmt"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// signedUp is a product with a user who has signed up. The test reads the stream itself.
type signedUp struct {
	*systemtest.Product
	t         *testing.T
	tenant    *systemtest.Tenant
	pool      string
	users     string // the path
	email, id string
}

func newSignedUp(t *testing.T, options ...func(*system.Config)) *signedUp {
	t.Helper()
	s := &signedUp{t: t, Product: systemtest.New(t, append(options, withoutStream)...), email: systemtest.Address("ann")}
	s.tenant = s.NewTenant(t)
	s.pool = s.tenant.NewPool(t, nil)
	s.users = "/pools/" + s.pool + "/users"
	s.id = s.register()
	return s
}

func (s *signedUp) register() string {
	s.t.Helper()
	register := s.users[:len(s.users)-1] + "/register?send_activation_message=false"
	return s.tenant.System.Must(s.t, 201, "POST", register, fields{"identifier": s.email, "password": systemtest.Password}).Text(s.t, "id")
}

func (s *signedUp) set(status string) {
	s.t.Helper()
	s.tenant.Admin.Must(s.t, 200, "PUT", s.users+"/"+s.id, fields{"status": status})
}

// code returns a code that a back end makes for the user.
func (s *signedUp) code() string {
	s.t.Helper()
	return s.tenant.System.Must(s.t, 201, "POST", s.users+"/"+s.id+"/code/generate", fields{"type": "activation"}).Text(s.t, "code")
}

func (s *signedUp) activate(code string) {
	s.t.Helper()
	s.tenant.System.Must(s.t, 201, "POST", s.users+"/"+s.id+"/activate", fields{"code": code, "password": systemtest.Password})
}

// later moves the clock forward and deletes what has expired then. It tells the keeper of the deletions
// twice, as a stream may.
func (s *signedUp) later(d time.Duration) {
	s.t.Helper()
	s.Clock.Advance(d)
	event := systemtest.StreamEvent(removed, s.Expire(s.t)...)
	s.Deliver(s.t, event)
	s.Deliver(s.t, event)
	s.tenant.RenewTokens(s.t)
}

// is reports whether the user still exists.
func (s *signedUp) is() bool {
	return s.tenant.Admin.Call(s.t, "GET", s.users+"/"+s.id, nil).Status == 200
}

// A user whom nobody proves in time goes, and its identifier is free then. Whoever has become active, or may still, stays.
func TestAnUnprovedUserGoes(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		do    func(s *signedUp)
		stays bool
	}{
		"it waits":               {func(s *signedUp) { s.later(2*day - time.Minute) }, true},
		"nobody has come":        {func(s *signedUp) { s.later(2*day + time.Second) }, false},
		"its code has expired":   {func(s *signedUp) { s.code(); s.later(2*day + time.Second) }, false},
		"it has become active":   {func(s *signedUp) { s.activate(s.code()); s.later(2*day + time.Second); s.later(9 * day) }, true},
		"it is disabled":         {func(s *signedUp) { s.set("inactive"); s.later(2*day + time.Second) }, true},
		"it has been made new":   {func(s *signedUp) { s.later(day); s.set("inactive"); s.set("new"); s.later(day + time.Second) }, true},
		"it has been active":     {func(s *signedUp) { s.activate(s.code()); s.set("new"); s.code(); s.later(9 * day) }, true},
		"it has registered anew": {func(s *signedUp) { s.later(day); s.register(); s.later(day + time.Second) }, true},
		"it has registered anew, and did not come either": {func(s *signedUp) {
			s.later(day)
			s.register()
			s.later(day + time.Second)
			s.later(day)
		}, false},
		"its code is younger than its registration": {func(s *signedUp) { s.later(2*day - time.Minute); s.code(); s.later(time.Hour) }, true},
		"that code has gone too": {func(s *signedUp) {
			s.later(2*day - time.Minute)
			s.code()
			s.later(time.Hour)
			s.later(3 * day)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSignedUp(t)
			c.do(s)
			if is := s.is(); is != c.stays {
				t.Errorf("the user is there: %t, want %t", is, c.stays)
			}
			again := s.register()
			if c.stays != (again == s.id) {
				t.Errorf("who registers the address waits with user %s, and the first one was %s", again, s.id)
			}
			for _, broken := range s.BrokenInvariants(t, s.tenant.ID, map[string]bool{s.id: true}) {
				t.Error(broken)
			}
		})
	}
}

// An administrator's user is never deleted, although strangers' registrations wait with it and expire.
func TestAnInvitedUserStays(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	id := tenant.NewUser(t, pool, "new", email, nil)
	register(t, tenant, pool, email)
	product.DeliverAll(t)
	product.Clock.Advance(4 * 24 * time.Hour)
	product.Deliver(t, systemtest.StreamEvent(removed, product.Expire(t)...))
	tenant.RenewTokens(t)
	tenant.Admin.Must(t, 200, "GET", "/pools/"+pool+"/users/"+id, nil)
}

// However many registrations wait with a user, the one that is not over keeps it, though only some of them are looked at.
func TestAnUnprovedUserWithManyRegistrationsStays(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	s := newSignedUp(t)
	p, err := s.Table.Pools.Get(t.Context(), s.tenant.ID, s.pool)
	if err != nil {
		t.Fatal(err)
	}
	wait := func(id string) {
		t.Helper()
		u, r, err := p.Register(identity.SelfRegistration{Identifier: s.email}, false, identity.Maker{Now: s.Clock.Now(), NewID: func() string { return id }})
		if err != nil {
			t.Fatal(err)
		}
		if owner, err := s.Table.Registrations.Create(t.Context(), p, u, r, nil, once.Reply[identity.UserRef]{}); err != nil || owner.ID != s.id {
			t.Fatalf("the registration waits with user %s: %v", owner.ID, err)
		}
	}
	for i := range identity.RegistrationsRead { // which are looked at, in the order of their ids
		wait(fmt.Sprintf("a%02d", i))
	}
	s.Clock.Advance(day)
	wait("b")
	s.Clock.Advance(day + time.Second)
	s.tenant.RenewTokens(t)
	s.Deliver(t, systemtest.StreamEvent(removed, s.Stored(t, "USER#"+s.tenant.ID+"#")...)) // before all that is over has gone
	if !s.is() {
		t.Fatal("the user is deleted while a registration waits")
	}
	s.later(0)
	if !s.is() {
		t.Fatal("the user is deleted when the other registrations have gone")
	}
	if s.later(day); s.is() {
		t.Error("the user stays after all registrations are over")
	}
}

// A user who becomes active at the moment of its deletion stays.
func TestAUserBecomesActiveMeanwhile(t *testing.T) {
	t.Parallel()
	var meanwhile systemtest.Interruption // between the keeper's look at the user and its deletion
	s := newSignedUp(t, systemtest.WithMiddleware(meanwhile.Watch))
	looked := false
	meanwhile.Set(func(parameters any) error {
		if deletesUser(parameters) && !looked {
			looked = true
			s.tenant.RenewTokens(t)
			s.activate(s.code())
		}
		return nil
	})
	s.later(2*24*time.Hour + time.Second)
	if !looked || !s.is() {
		t.Errorf("the keeper wanted to delete the user: %t, and it is there: %t", looked, s.is())
	}
}

// The reader of the stream tells the keeper of what has expired.
func TestTheStreamTellsOfWhatExpired(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, emails := tenant.NewPool(t, nil), []string{systemtest.Address("ann"), systemtest.Address("ben"), systemtest.Address("cy")}
	for _, email := range emails {
		register(t, tenant, pool, email)
		product.Inbox.Await(t, email, 1)
	}
	product.AwaitEmptyOutbox(t)
	code := systemtest.LinkIn(t, product.Inbox.Mails(t, emails[2])[0]).Query().Get("code")
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{"code": code, "password": systemtest.Password})
	product.AwaitEmptyOutbox(t)
	product.Clock.Advance(2*24*time.Hour + time.Second)
	tenant.RenewTokens(t)
	product.Expire(t)
	parttest.Until(t, "the active user alone", func() bool {
		left := usersOf(t, product, tenant, pool)
		return len(left) == 1 && len(product.Stored(t, "CLAIM#"+tenant.ID)) == 1 && number(t, tenant, pool) == 1
	})
}
