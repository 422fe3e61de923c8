// Package oidc has the rules of OpenID providers: workspaces and the pools that are connected to them,
// applications, the requests of applications, and what follows from a sign-in. A workspace is a
// provider in the sense of OpenID Connect Core 1.0, for the authorization code flow alone (§3.1). The
// package is pure: it knows neither HTTP nor the table, and signs nothing.
package oidc

import (
	"cmp"
	"slices"
	"time"

	"identitypools/shared/identity"
)

// Workspace is an OpenID provider of a tenant with its settings, each of which has the value that is in
// force.
type Workspace struct {
	Tenant      string `json:"tenant_id"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Color       string `json:"color,omitempty"`
	LogoURI     string `json:"logo_uri,omitempty"`
	// EnforcePKCE and EnforcePKCEForPublicClients say that every application, or every one without a secret,
	// must use PKCE (RFC 7636). An application with a secret may be let off: see Application.
	EnforcePKCE                 bool              `json:"enforce_pkce"`
	EnforcePKCEForPublicClients bool              `json:"enforce_pkce_for_public_clients"`
	RequirePAR                  bool              `json:"require_pushed_authorization_requests"`
	CodeTTL                     identity.Duration `json:"authorization_code_ttl"`
	AccessTokenTTL              identity.Duration `json:"access_token_ttl"`
	IDTokenTTL                  identity.Duration `json:"id_token_ttl"`
	RefreshTokenTTL             identity.Duration `json:"refresh_token_ttl"`      // from the sign-in on
	RefreshTokenIdleTTL         identity.Duration `json:"refresh_token_idle_ttl"` // without a use; not in the published API
	RequestTTL                  identity.Duration `json:"pushed_authorization_request_ttl"`
	Sessions                    SessionPolicy     `json:"sso"`
	CreatedAt                   identity.Time     `json:"created_at"`
	UpdatedAt                   identity.Time     `json:"updated_at"`

	Connections  []Connection `json:"-"` // in the order in which they are tried
	Applications int64        `json:"-"` // the number of applications
	Version      int64        `json:"-"`
}

// SessionPolicy says how long a person stays signed in to a workspace.
type SessionPolicy struct {
	// MaxAge is the longest time after the sign-in, and MaxIdle the longest time without a request of an
	// application, if the person asked to stay signed in.
	MaxAge  identity.Duration `json:"max_age"`
	MaxIdle identity.Duration `json:"max_idle"`
	// BrowserMaxAge is the longest time for everybody else, whose session also ends with that of the
	// browser. It is not in the published API.
	BrowserMaxAge identity.Duration `json:"browser_max_age"`
	// Enabled says that one sign-in is good for all applications of the workspace.
	Enabled bool `json:"enabled"`
}

// Lifetime describes a setting of a workspace that is a length of time, with its bounds.
type Lifetime struct {
	Pointer            string
	Least, Most, Usual time.Duration
	value              *identity.Duration
}

// Lifetimes returns the lengths of time in the settings of w, with their bounds. A code lives for at
// most a minute (ASVS 10.4.3); a session and a grant for at most 30 days (NIST SP 800-63B-4 §2.1.3).
func (w *Workspace) Lifetimes() []Lifetime {
	const day = 24 * time.Hour
	return []Lifetime{
		{"/authorization_code_ttl", 10 * time.Second, time.Minute, time.Minute, &w.CodeTTL},
		{"/access_token_ttl", time.Minute, time.Hour, 5 * time.Minute, &w.AccessTokenTTL},
		{"/id_token_ttl", time.Minute, day, time.Hour, &w.IDTokenTTL},
		{"/refresh_token_ttl", time.Hour, 30 * day, 30 * day, &w.RefreshTokenTTL},
		{"/refresh_token_idle_ttl", time.Hour, 30 * day, 14 * day, &w.RefreshTokenIdleTTL},
		{"/pushed_authorization_request_ttl", 5 * time.Second, 10 * time.Minute, 90 * time.Second, &w.RequestTTL},
		{"/sso/max_age", 5 * time.Minute, 30 * day, 30 * day, &w.Sessions.MaxAge},
		{"/sso/max_idle", 5 * time.Minute, 30 * day, 7 * day, &w.Sessions.MaxIdle},
		{"/sso/browser_max_age", 5 * time.Minute, day, 12 * time.Hour, &w.Sessions.BrowserMaxAge},
	}
}

// Filled returns w with the usual value for every length of time that was never set.
func (w Workspace) Filled() Workspace {
	for _, l := range w.Lifetimes() {
		if *l.value == 0 {
			*l.value = identity.Duration(l.Usual)
		}
	}
	return w
}

// checkLifetimes records the lengths of time that are out of bounds.
func (w *Workspace) checkLifetimes(v *identity.Violations) {
	for _, l := range w.Lifetimes() {
		if d := time.Duration(*l.value); d < l.Least || d > l.Most || d%time.Second != 0 {
			v.Add(l.Pointer, identity.Rule{
				Code:   identity.CodeOutOfRange,
				Params: identity.Params{"min": l.Least.String(), "max": l.Most.String()},
				Reason: "must be whole seconds from " + l.Least.String() + " to " + l.Most.String(),
			})
		}
	}
}

// MaxConnections is the largest number of pools that a workspace may be connected to.
const MaxConnections = 20

// Connection connects a pool to a workspace, whose applications its users may then sign in to. The
// published API calls it an identity pool IDP. A pool is connected to a workspace once.
type Connection struct {
	Tenant       string        `json:"tenant_id"`
	Workspace    string        `json:"workspace_id"`
	ID           string        `json:"id"`
	Pool         string        `json:"identity_pool_id"`
	Name         string        `json:"name"`
	Disabled     bool          `json:"disabled"`
	Hidden       bool          `json:"hidden"`
	DisplayOrder int64         `json:"display_order"`
	LogoURI      string        `json:"logo_uri,omitempty"`
	StaticAMR    []string      `json:"static_amr"`
	CreatedAt    identity.Time `json:"created_at"`
	UpdatedAt    identity.Time `json:"updated_at"`

	Version int64 `json:"-"`
}

// SortConnections puts connections into the order in which they are tried: by their display order, and
// then by their ids.
func SortConnections(all []Connection) {
	slices.SortFunc(all, func(a, b Connection) int {
		return cmp.Or(cmp.Compare(a.DisplayOrder, b.DisplayOrder), cmp.Compare(a.ID, b.ID))
	})
}

// PoolsFor returns the ids of the pools whose users may sign in to an application, in the order in which
// they are tried. An application that names no pools is open to those of all connections.
func (w Workspace) PoolsFor(a Application) []string {
	var pools []string
	for _, c := range w.Connections {
		if !c.Disabled && (len(a.Pools) == 0 || slices.Contains(a.Pools, c.Pool)) {
			pools = append(pools, c.Pool)
		}
	}
	return pools
}

// Allows reports whether users of a pool may sign in to an application.
func (w Workspace) Allows(a Application, pool string) bool {
	return slices.Contains(w.PoolsFor(a), pool)
}

// ConnectionOf returns the connection to a pool. It reports false if there is none.
func (w Workspace) ConnectionOf(pool string) (Connection, bool) {
	i := slices.IndexFunc(w.Connections, func(c Connection) bool { return c.Pool == pool })
	if i < 0 {
		return Connection{}, false
	}
	return w.Connections[i], true
}
