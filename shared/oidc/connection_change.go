package oidc

import (
	"slices"
	"time"

	"identitypools/shared/identity"
)

// maxOrder is the largest display order of a connection.
const maxOrder = 10_000

// maxMethods is the largest number of authentication methods that a connection names.
const maxMethods = 10

// ConnectionChange is the body of a request that connects a pool to a workspace, or that changes a
// connection. It replaces the settings: what is absent gets its default, except the pool.
type ConnectionChange struct {
	ID           string      `json:"id"`
	Tenant       string      `json:"tenant_id"`
	Workspace    string      `json:"workspace_id"`
	Pool         identity.ID `json:"identity_pool_id"`
	Name         string      `json:"name"`
	Disabled     bool        `json:"disabled"`
	Hidden       bool        `json:"hidden"`
	DisplayOrder int64       `json:"display_order"`
	LogoURI      string      `json:"logo_uri"`
	StaticAMR    []string    `json:"static_amr"`
	Method       string      `json:"method"`
	Others       members     `json:",embed"`
}

// MethodOfConnections is the published name of the kind of identity provider that a pool is.
const MethodOfConnections = "identity_pool"

// ofConnections returns the rules for the other members of the published IdentityPoolIDP.
func ofConnections() published {
	return described("created_at", "updated_at", "version", "authorization_server_id", "client_id").unserved(
		"attributes", "config", "discovery_settings", "jit", "mappings", "post_authn_app_id", "sso_settings",
		"token_exchange_settings",
	)
}

// references returns the values of authentication methods (RFC 8176 §2).
func references() []string {
	return []string{
		"face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc",
		"sms", "swk", "tel", "user", "vbm", "wia",
	}
}

// NewConnection returns the new connection of a pool to the workspace that c describes. It has the
// given id unless c has one. Whether the pool exists is checked where the connection is stored. The error
// is Invalid.
func (w Workspace) NewConnection(id string, c ConnectionChange, now time.Time) (Connection, error) {
	n := Connection{
		Tenant: w.Tenant, Workspace: w.ID, ID: orElse(c.ID, id), Pool: string(c.Pool), CreatedAt: identity.At(now),
	}
	return n.Changed(c, now)
}

// Changed returns the connection after the change c. The error is Invalid.
func (n Connection) Changed(c ConnectionChange, now time.Time) (Connection, error) {
	var v identity.Violations
	checkIDs(&v, "/id", c.ID, n.ID, c.Tenant, n.Tenant)
	if c.Workspace != "" && c.Workspace != n.Workspace {
		v.Add("/workspace_id", identity.Immutable("must be the workspace of the path"))
	}
	switch {
	case n.Pool == "":
		v.Add("/identity_pool_id", identity.Required())
	case c.Pool != "" && string(c.Pool) != n.Pool:
		v.Add("/identity_pool_id", identity.Immutable("cannot change: connect the other pool, and delete this connection"))
	}
	if c.Method != "" && c.Method != MethodOfConnections {
		v.Add("/method", identity.NotOneOf(MethodOfConnections))
	}
	if c.DisplayOrder < 0 || c.DisplayOrder > maxOrder {
		v.Add("/display_order", identity.OutOfRange(0, maxOrder))
	}
	checkList(&v, "/static_amr", c.StaticAMR, maxMethods, func(method string) error {
		if slices.Contains(references(), method) {
			return nil
		}
		return identity.NotOneOf(references()...)
	})
	n.Name, n.Disabled, n.Hidden = orElse(c.Name, n.Pool), c.Disabled, c.Hidden
	n.DisplayOrder, n.LogoURI, n.StaticAMR = c.DisplayOrder, c.LogoURI, c.StaticAMR
	n.UpdatedAt = identity.At(now)
	if n.Pool != "" {
		v.CheckLine("/name", n.Name, 1, maxName)
	}
	checkPage(&v, "/logo_uri", n.LogoURI)
	ofConnections().check(&v, "", c.Others)
	return n, v.Err()
}
