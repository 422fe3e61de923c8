package workspaces

import (
	"strings"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// errNotServed is the error for a parameter that would promise what the product does not do.
var errNotServed = identity.NotServed("is not served: leave it out")

// workspace is a workspace in the published form ServerResponse.
type workspace struct {
	oidc.Workspace
	Issuer string `json:"issuer_url"`
}

// workspaceOf returns the published form of a workspace.
func (h handlers) workspaceOf(w oidc.Workspace) workspace {
	return workspace{w, h.service.PublicURL + "/" + w.Tenant + "/" + w.ID}
}

// answer returns the answer to a request that results in a workspace.
func (h handlers) answer(w oidc.Workspace) api.Answer[workspace] {
	return api.Answer[workspace]{Version: w.Version, Body: h.workspaceOf(w)}
}

// connection is a connection in the published form IdentityPoolIDP.
type connection struct {
	oidc.Connection
	Method string `json:"method"`
}

// connectionOf returns the published form of a connection.
func connectionOf(c oidc.Connection) connection { return connection{c, oidc.MethodOfConnections} }

// connectionAnswer returns the answer to a request that results in a connection.
func connectionAnswer(c oidc.Connection) api.Answer[connection] {
	return api.Answer[connection]{Version: c.Version, Body: connectionOf(c)}
}

// connections is the answer to a list of connections, which the published API does not divide into
// pages.
type connections struct {
	IDPs []connection `json:"idps"`
}

// connectionsOf returns the answer to a list of connections.
func connectionsOf(all []oidc.Connection) connections {
	list := connections{IDPs: make([]connection, len(all))}
	for i, c := range all {
		list.IDPs[i] = connectionOf(c)
	}
	return list
}

// application is an application in the published form ClientAdminResponse. It never has the hashes of
// its secrets.
type application struct {
	oidc.Application
	Secret        string   `json:"client_secret,omitempty"`
	Status        string   `json:"client_status"`
	Kind          string   `json:"client_type"`
	ResponseTypes []string `json:"response_types"`
	SubjectType   string   `json:"subject_type"`
	Scope         string   `json:"scope"`
}

// applicationOf returns the published form of an application.
func applicationOf(r Registered) application {
	a := application{
		Application: r.Application, Secret: r.Secret, Status: "active", Kind: "oauth2",
		ResponseTypes: []string{"code"}, SubjectType: "public", Scope: strings.Join(r.Scopes, " "),
	}
	if r.Inactive {
		a.Status = "inactive"
	}
	a.Secrets, a.Inactive = nil, false // which are not in the published form
	return a
}

// applicationAnswer returns the answer to a request that results in an application.
func applicationAnswer(r Registered) api.Answer[application] {
	return api.Answer[application]{Version: r.Version, Body: applicationOf(r)}
}

// rotated is the answer to a request that rotates a secret.
type rotated struct {
	Secret string `json:"secret"`
}

// secretOf returns the answer with a new secret.
func secretOf(secret string) rotated { return rotated{secret} }
