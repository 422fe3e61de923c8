package oidc_test

import (
	"testing"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func user() identity.User {
	return identity.User{Tenant: "t", Pool: "p", ID: "u", Status: identity.StatusActive, Epoch: "one"}
}

func workspace() oidc.Workspace { return oidc.Workspace{Tenant: "t", ID: "w"}.Filled() }

// A session ends on time, in its workspace, with its epoch (ASVS 7.3.1, 7.3.2 and 7.4.2).
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := workspace()
	for _, c := range []struct {
		name       string
		remembered bool
		later      time.Duration
		seen       time.Duration // before that
		change     func(*oidc.Session, *identity.User)
		want       bool
	}{
		{"at once", false, 0, 0, nil, true},
		{"before the end of the browser's", false, 12*time.Hour - 1, 0, nil, true},
		{"at the end of the browser's", false, 12 * time.Hour, time.Minute, nil, false},
		{"remembered, before it is idle", true, 7*day - 1, 7*day - 1, nil, true},
		{"remembered, idle", true, 7 * day, 7 * day, nil, false},
		{"remembered, used", true, 30*day - 1, day, nil, true},
		{"remembered, at its end", true, 30 * day, day, nil, false},
		{"of an inactive user", true, 0, 0, func(_ *oidc.Session, u *identity.User) { u.Status = identity.StatusInactive }, false},
		{"of nobody", true, 0, 0, func(_ *oidc.Session, u *identity.User) { *u = identity.User{} }, false},
		{"of another epoch", true, 0, 0, func(_ *oidc.Session, u *identity.User) { u.Epoch = "two" }, false},
		{"of another workspace", true, 0, 0, func(s *oidc.Session, _ *identity.User) { s.Workspace = "v" }, false},
		{"that does not exist", true, 0, 0, func(s *oidc.Session, _ *identity.User) { *s = oidc.Session{} }, false},
	} {
		u, now := user(), start.Add(c.later)
		s := w.NewSession(u, "s", "hash", oidc.Proofs{}, c.remembered, start)
		s.SeenAt = identity.Time{Time: now.Add(-c.seen)}
		if c.change != nil {
			c.change(&s, &u)
		}
		if got := w.IsLive(s, u, now); got != c.want {
			t.Errorf("a session %s is live: %t", c.name, got)
		}
	}
}

func TestSightsAreStoredRarely(t *testing.T) {
	t.Parallel()
	w := workspace()
	s := w.NewSession(user(), "s", "hash", oidc.Proofs{}, true, start)
	short := w
	short.Sessions.MaxIdle = identity.Duration(10 * time.Minute)
	for _, c := range []struct {
		w     oidc.Workspace
		later time.Duration
		want  bool
	}{
		{w, time.Hour - 1, false},
		{w, time.Hour, true},
		{short, time.Minute - 1, false},
		{short, time.Minute, true},
	} {
		if got := c.w.NeedsSight(s, start.Add(c.later)); got != c.want {
			t.Errorf("after %s: %t", c.later, got)
		}
	}
}

// A grant ends 30 days after the sign-in, or with the session if nobody asked for offline access.
func TestGrantsEnd(t *testing.T) {
	t.Parallel()
	w := workspace()
	s := w.NewSession(user(), "s", "hash", oidc.Proofs{At: identity.At(start)}, false, start)
	for _, c := range []struct {
		scope  []string
		change func(*oidc.Grant, *identity.User)
		later  time.Duration
		want   bool
	}{
		{[]string{"openid"}, nil, 12*time.Hour - 1, true},
		{[]string{"openid"}, nil, 12 * time.Hour, false},
		{[]string{"offline_access"}, nil, 30*24*time.Hour - 1, true},
		{[]string{"offline_access"}, nil, 30 * 24 * time.Hour, false},
		{nil, func(g *oidc.Grant, _ *identity.User) { g.Revoked = true }, 0, false},
		{nil, func(g *oidc.Grant, _ *identity.User) { g.Workspace = "v" }, 0, false},
		{nil, func(_ *oidc.Grant, u *identity.User) { u.Epoch = "two" }, 0, false},
		{nil, func(_ *oidc.Grant, u *identity.User) { u.Status = identity.StatusDeleted }, 0, false},
	} {
		u := user()
		g := w.NewGrant(s, oidc.Request{ClientID: "c", Scope: c.scope}, "g", "hash", start)
		if c.change != nil {
			c.change(&g, &u)
		}
		if got := w.Honours(g, u, start.Add(c.later)); got != c.want {
			t.Errorf("a grant of %v after %s is good: %t", c.scope, c.later, got)
		}
		if !g.CodeUntil.Equal(start.Add(time.Minute)) || g.Generation != 0 || g.Client != "c" {
			t.Errorf("the grant is %+v", g)
		}
	}
}

// Pools are tried in their order, and an application may name those that it is for.
func TestPoolsOfApplications(t *testing.T) {
	t.Parallel()
	w := oidc.Workspace{Connections: []oidc.Connection{
		{ID: "1", Pool: "b", DisplayOrder: 2}, {ID: "2", Pool: "a", DisplayOrder: 1}, {ID: "3", Pool: "c", Disabled: true},
	}}
	oidc.SortConnections(w.Connections)
	narrow := oidc.Application{Pools: []string{"b", "c", "x"}}
	for pool, want := range map[string][2]bool{"a": {true, false}, "b": {true, true}, "c": {false, false}, "x": {false, false}} {
		if got := [2]bool{w.Allows(oidc.Application{}, pool), w.Allows(narrow, pool)}; got != want {
			t.Errorf("pool %s: %v, want %v", pool, got, want)
		}
	}
	if pools := w.PoolsFor(oidc.Application{}); len(pools) != 2 || pools[0] != "a" {
		t.Errorf("the pools are %v", pools)
	}
}

// Tokens do not outlive their grant, and name the workspace as the audience if they are for its userinfo.
func TestClaimsOfTokens(t *testing.T) {
	t.Parallel()
	w := workspace()
	s := w.NewSession(user(), "s", "hash", oidc.Proofs{At: identity.At(start)}, false, start)
	g := w.NewGrant(s, oidc.Request{ClientID: "c", Nonce: "n"}, "g", "hash", start)
	late := start.Add(12*time.Hour - time.Minute)
	for _, c := range []struct {
		audience, scope []string
		want            int
	}{{nil, nil, 1}, {[]string{"api"}, nil, 1}, {[]string{"api"}, []string{"openid"}, 2}, {[]string{"iss"}, []string{"openid"}, 1}} {
		token := w.AccessTokenFor(oidc.Application{ID: "c", Audience: c.audience}, g, "iss", "id", c.scope, late)
		if token.ExpiresAt != late.Add(time.Minute).Unix() || len(token.Audience) != c.want || token.Subject != oidc.Subject(user().Ref()) {
			t.Errorf("the token is %+v", token)
		}
	}
	if w.IDTokenFor(g, "iss", "x", false, late).Nonce != "n" || w.IDTokenFor(g, "iss", "x", true, late).Nonce != "" {
		t.Error("only the first ID token has the nonce")
	}
	// The example of OpenID Connect Core, appendix A.3.
	if got := w.IDTokenFor(g, "iss", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", false, late).AccessTokenHash; got != "77QmUPtjPfzWtF2AnpK9RQ" {
		t.Errorf("at_hash is %s", got)
	}
	if oidc.Subject(identity.UserRef{Tenant: "t", Pool: "p", ID: "u"}) == oidc.Subject(identity.UserRef{Tenant: "t", Pool: "q", ID: "u"}) {
		t.Error("two users have one subject")
	}
}
