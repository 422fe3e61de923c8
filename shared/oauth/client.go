package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// Credentials are what a client authenticates with.
type Credentials struct {
	ID, Secret string
	Method     string // a way of package oidc in which the client authenticates
	// InBody is the id in the body, which may be there besides the one in the header.
	InBody string
}

// Unknown is the refusal of every client that is unknown, has given a wrong secret, may not be used, or is of
// another server. They get one answer, so that nobody learns which clients exist (ASVS V6.3.8).
func Unknown() oidc.Refusal {
	return oidc.Refusal{Code: oidc.InvalidClient, Description: "the client is unknown here or its secret is wrong"}
}

// CredentialsOf returns the credentials of a request with a form. The id and the secret are in the
// Authorization header, URL-encoded before base64, or in the body, but not in both (RFC 6749 §2.3.1). The
// error is an oidc.Refusal.
func CredentialsOf(r *http.Request, form url.Values) (Credentials, error) {
	c := Credentials{ID: form.Get("client_id"), Secret: form.Get("client_secret"), Method: oidc.AuthPost, InBody: form.Get("client_id")}
	if c.Secret == "" {
		c.Method = oidc.AuthNone
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		return c, nil
	}
	if c.Secret != "" {
		return c, oidc.Refusal{
			Code:        oidc.InvalidRequest,
			Description: "the client's secret must be in the Authorization header or in the body, not in both",
		}
	}
	var bad, worse error
	c.ID, bad = url.QueryUnescape(id)
	c.Secret, worse = url.QueryUnescape(secret)
	if bad != nil || worse != nil {
		return c, Unknown()
	}
	c.Method = oidc.AuthBasic
	return c, nil
}

// Authenticate returns the application of a workspace that has given the credentials. It must authenticate in
// the way that is registered for it (RFC 7591 §2); an application that gives its right secret in another way
// is told so. The error is an oidc.Refusal, or one of find, which returns an application by its tenant and id.
//
// Wrong secrets are not counted. A secret has 256 random bits, or an administrator has chosen at least 32
// characters, so that nobody can guess it.
func Authenticate(
	ctx context.Context, find func(ctx context.Context, tenant, client string) (oidc.Application, error),
	w oidc.Workspace, c Credentials,
) (oidc.Application, error) {
	if c.InBody != "" && c.InBody != c.ID {
		return oidc.Application{}, oidc.Refusal{
			Code: oidc.InvalidRequest, Description: "client_id in the body must be that in the Authorization header",
		}
	}
	if !identity.ValidID(c.ID) {
		return oidc.Application{}, Unknown()
	}
	a, err := find(ctx, w.Tenant, c.ID)
	if errors.As(err, new(identity.NotFound)) {
		return oidc.Application{}, Unknown()
	}
	if err != nil {
		return oidc.Application{}, err
	}
	proved := a.IsPublic() && c.Method == oidc.AuthNone || !a.IsPublic() && a.HasSecret(c.Secret)
	switch {
	case !proved || a.Workspace != w.ID || a.Inactive:
		return oidc.Application{}, Unknown()
	case a.AuthMethod != c.Method:
		return oidc.Application{}, oidc.Refusal{
			Code: oidc.InvalidClient, Description: "the client must authenticate with " + a.AuthMethod + ", as it is registered",
		}
	}
	return a, nil
}
