package identity_test

import (
	"testing"
	"time"

	"identitypools/shared/identity"
)

func TestWhoIsUnproved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*identity.User)
		want   bool
	}{
		"a user as a registration makes it": {func(*identity.User) {}, true},
		"with an address that nobody has verified": {func(u *identity.User) {
			u.Addresses = []identity.Address{{Normalized: "ann@example.com"}}
		}, true},
		"made by an administrator": {func(u *identity.User) { u.SelfRegistered = false }, false},
		"active": {
			func(u *identity.User) { u.Status = identity.StatusActive }, false,
		},
		"disabled": {
			func(u *identity.User) { u.Status = identity.StatusInactive }, false,
		},
		"deleted": {
			func(u *identity.User) { u.Status = identity.StatusDeleted }, false,
		},
		"new again, with an address that was verified": {func(u *identity.User) {
			u.Addresses = []identity.Address{
				{Normalized: "+49301234567"}, {Normalized: "ann@example.com", Verified: true},
			}
		}, false},
		"new again, with a password": {func(u *identity.User) {
			u.Credentials = []identity.Credential{{Type: identity.CredentialPassword, State: identity.StateValid}}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := identity.User{Status: identity.StatusNew, SelfRegistered: true}
			c.change(&u)
			if got := u.IsUnproved(); got != c.want {
				t.Errorf("is unproved: %t, want %t", got, c.want)
			}
			if u.IsAbandoned(nil, identity.Codes{}, time.Now()) != c.want {
				t.Errorf("is abandoned: %t, want %t", !c.want, c.want)
			}
		})
	}
}

func TestWhenAnUnprovedUserIsAbandoned(t *testing.T) {
	t.Parallel()
	made := identity.At(time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC))
	const whole = 789 * time.Millisecond // which a time to live in seconds leaves out
	day := 24 * time.Hour
	registered := func(after time.Duration) identity.Registration {
		return identity.Registration{CreatedAt: made.Add(after)}
	}
	expiring := func(after time.Duration) identity.Code { return identity.Code{ExpiresAt: made.Add(after)} }
	for name, c := range map[string]struct {
		now     time.Duration // after the user was made
		waiting []identity.Registration
		live    []identity.Code
		since   time.Duration // when an administrator made the user new, after it was made
		want    bool
	}{
		"a moment before its registration ends": {now: 2*day - whole - time.Millisecond},
		"when the time to live of that ends":    {now: 2*day - whole, want: true},
		"long after that":                       {now: 90 * day, want: true},
		"with the expired registration still there": {
			now: 2 * day, waiting: []identity.Registration{registered(0)}, want: true,
		},
		"while another registration waits": {now: 3 * day, waiting: []identity.Registration{
			registered(0), registered(day + time.Second),
		}},
		"when that has ended": {now: 3*day + time.Second, waiting: []identity.Registration{
			registered(0), registered(day + time.Second),
		}, want: true},
		"while a code is good": {
			now: 3 * day, live: []identity.Code{expiring(day), expiring(3*day + time.Second)},
		},
		"when the code expires": {
			now: 3 * day, live: []identity.Code{expiring(3 * day)}, want: true,
		},
		"when an administrator has made it new": {now: 3 * day, since: day + time.Second},
		"when that is as long ago":              {now: 3 * day, since: day, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := identity.User{
				Status: identity.StatusNew, SelfRegistered: true, CreatedAt: made,
				StatusUpdatedAt: made.Add(c.since),
			}
			if got := u.IsAbandoned(c.waiting, identity.Codes{Live: c.live}, made.Time.Add(c.now)); got != c.want {
				t.Errorf("is abandoned: %t, want %t", got, c.want)
			}
		})
	}
}
