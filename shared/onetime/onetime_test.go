package onetime_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/onetime"
)

func TestReturnURLs(t *testing.T) {
	t.Parallel()
	const one, two = "https://shop.example", "https://shop.example, https://app.example:8443/ ,https://b\u00fccher.example"
	for _, row := range []struct {
		name, origins, url string
		want               bool
	}{
		{"the origin", one, "https://shop.example", true},
		{"its root", one, "https://shop.example/", true},
		{"a path, query and fragment", one, "https://shop.example/a/b?c=d#e", true},
		{"a query at once", one, "https://shop.example?c=d", true},
		{"a fragment at once", one, "https://shop.example#e", true},
		{"the second of the list", two, "https://app.example:8443/a", true},
		{"the third of the list", two, "https://b\u00fccher.example/", true},
		{"nothing listed", "", "https://shop.example/", false},
		{"commas alone", " , ", "https://shop.example/", false},
		{"no URL", one, "", false},
		{"another host", one, "https://evil.example/", false},
		{"a longer host", one, "https://shop.example.evil.example/", false},
		{"a longer name", one, "https://shop.examples/", false},
		{"a host below", one, "https://a.shop.example/", false},
		{"a port not listed", one, "https://shop.example:8443/", false},
		{"another port", two, "https://app.example:8444/", false},
		{"the port left out", two, "https://app.example/", false},
		{"the host as a user", one, "https://shop.example@evil.example/", false},
		{"the host as user and password", one, "https://shop.example:x@evil.example/", false},
		{"a backslash", one, `https://shop.example\@evil.example/`, false},
		{"a backslash and a dot", one, `https://shop.example\.evil.example/`, false},
		{"without TLS", one, "http://shop.example/", false},
		{"without TLS, though listed", "http://shop.example", "http://shop.example/", false},
		{"a script", one, "javascript:alert(1)//https://shop.example/", false},
		{"a script, though listed", "javascript:", "javascript:/alert(1)", false},
		{"no scheme", one, "//shop.example/", false},
		{"a path alone", one, "/a", false},
		{"a space before", one, " https://shop.example/", false},
		{"a line break in the path", one, "https://shop.example/\r\nSet-Cookie: a=b", false},
		{"a line break in the host", one, "https://shop.exam\nple/", false},
		{"a tab after the host", one, "https://shop.example\t.evil.example/", false},
		{"a broken escape", one, "https://shop.example/%zz", false},
		{"a scheme listed as an origin", "https://", "https://evil.example/", false},
		{"a part of a scheme listed", "https:/", "https://evil.example/", false},
		{"a slash listed", "/", "https://evil.example/", false},
		{"a star listed", "*", "https://evil.example/", false},
		{"a star listed as a host", "https://*", "https://evil.example/", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := onetime.ReturnURLs(row.origins)(row.url); got != row.want {
				t.Errorf("%q with %q: got %t", row.url, row.origins, got)
			}
		})
	}
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const ann, stranger = "ann@example.com", "stranger@example.com"

// waiting is a registration made some time after the user.
func waiting(id, address string, after time.Duration) identity.Registration {
	return identity.Registration{ID: id, Normalized: address, CreatedAt: identity.At(epoch.Add(after))}
}

// Pre-hijacking: a code completes a registration only where it is beyond doubt whose is meant.
func TestBound(t *testing.T) {
	t.Parallel()
	passwords := identity.Pool{Mechanisms: []identity.Mechanism{identity.MechanismEmailOTP, identity.MechanismPassword}}
	without := identity.Pool{Mechanisms: []identity.Mechanism{identity.MechanismEmailOTP}}
	made, later := waiting("made", ann, 0), waiting("later", ann, time.Minute)
	for _, row := range []struct {
		name         string
		pool         identity.Pool
		waiting      []identity.Registration
		change       func(*identity.User)
		now          time.Duration
		registration string
		needs        bool
	}{
		{name: "the only one that waits, which made the user", pool: passwords, waiting: []identity.Registration{made}, registration: "made"},
		{name: "the same in a pool without passwords", pool: without, waiting: []identity.Registration{made}, registration: "made"},
		{name: "none waits", pool: passwords},
		{name: "one of another address", pool: passwords, waiting: []identity.Registration{waiting("made", stranger, 0)}},
		{name: "one that did not make the user, as of an administrator's user", pool: passwords, waiting: []identity.Registration{later}},
		{name: "two, neither of which made the user", pool: passwords, waiting: []identity.Registration{later, waiting("last", ann, time.Hour)}},
		{name: "two, one of which made the user", pool: passwords, waiting: []identity.Registration{made, later}, needs: true},
		{name: "two in the other order", pool: passwords, waiting: []identity.Registration{later, made}, needs: true},
		{name: "two of different addresses", pool: passwords, waiting: []identity.Registration{made, waiting("later", stranger, time.Minute)}, needs: true},
		{name: "two in a pool without passwords", pool: without, waiting: []identity.Registration{made, later}},
		{name: "the later one once the first is over", pool: passwords, waiting: []identity.Registration{made, later}, now: identity.RegistrationLifetime},
		{name: "one that is over", pool: passwords, waiting: []identity.Registration{made}, now: identity.RegistrationLifetime},
		{
			name: "one from before the user was made new again", pool: passwords, waiting: []identity.Registration{made},
			change: func(u *identity.User) { u.StatusUpdatedAt = identity.At(epoch.Add(time.Second)) },
		},
		{
			name: "one from before and one after the user was made new again", pool: passwords, waiting: []identity.Registration{made, later},
			change: func(u *identity.User) { u.StatusUpdatedAt = identity.At(epoch.Add(time.Second)) },
		},
		{
			name: "one of an active user", pool: passwords, waiting: []identity.Registration{made},
			change: func(u *identity.User) { u.Status = identity.StatusActive },
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			u := identity.User{ID: "u1", Status: identity.StatusNew, CreatedAt: identity.At(epoch), StatusUpdatedAt: identity.At(epoch)}
			if row.change != nil {
				row.change(&u)
			}
			code := identity.Code{Message: "m1", Address: "Ann@Example.com", Normalized: ann, AddressType: identity.TypeEmail}
			before := fmt.Sprint(row.waiting)
			got := onetime.Bound(row.pool, u, code, row.waiting, epoch.Add(row.now))
			want := code
			want.Registration, want.NeedsPassword = row.registration, row.needs
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if fmt.Sprint(row.waiting) != before {
				t.Error("what waits has changed")
			}
		})
	}
}
