// Package cors decides pages of which origins may call the API from a browser. Only the functions with
// routes for such pages, and the function that answers preflights, import it.
package cors

import (
	"context"
	"slices"
	"strings"

	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// Rules say pages of which origins may call what.
type Rules struct {
	// SignUp are the origins of sign-up pages, which may call the public tree. "*" stands for every
	// origin.
	SignUp []string
	// Applications returns the applications of a workspace, which has none if it does not exist. Pages
	// of the active ones may call the endpoints of the workspace. It is nil in a function that serves
	// none of these.
	Applications func(ctx context.Context, tenant, workspace string) ([]oidc.Application, error)
}

// Read returns the rules for the sign-up pages that SIGN_UP_ORIGINS names, divided by commas.
func Read(env cloud.Env) Rules {
	var r Rules
	for origin := range strings.SplitSeq(env.Get("SIGN_UP_ORIGINS"), ",") {
		if origin = strings.TrimSpace(origin); origin != "" {
			r.SignUp = append(r.SignUp, origin)
		}
	}
	return r
}

// Allow reports whether pages of an origin may call a path. The origin is compared byte by byte, since
// browsers send it in one form (RFC 6454 §6.2). The origin "null" is never allowed: all pages without an
// origin of their own have it, such as those in a sandbox. The error is one of Applications.
func (r Rules) Allow(ctx context.Context, path, origin string) (bool, error) {
	if origin == "null" {
		return false, nil
	}
	if isPublic(path) {
		return slices.Contains(r.SignUp, origin) || slices.Contains(r.SignUp, "*"), nil
	}
	tenant, workspace, ok := workspaceOf(path)
	if !ok || r.Applications == nil {
		return false, nil
	}
	all, err := r.Applications(ctx, tenant, workspace)
	return slices.ContainsFunc(all, func(a oidc.Application) bool {
		return !a.Inactive && slices.Contains(a.Origins(), origin)
	}), err
}

// isPublic reports whether a path is in the public tree of a tenant.
func isPublic(path string) bool {
	parts := strings.SplitN(path, "/", 6)
	return len(parts) == 6 && parts[1] == "api" && parts[2] == "identity" && parts[4] == "public"
}

// workspaceOf returns the workspace whose endpoint has a path. It reports false for any other path, and
// for an endpoint that pages do not call.
func workspaceOf(path string) (tenant, workspace string, ok bool) {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	workspace, endpoint, _ := strings.Cut(rest, "/")
	ok = slices.Contains(endpoints(), endpoint)
	if rest, is := strings.CutPrefix(path, "/.well-known/oauth-authorization-server/"); is { // RFC 8414 §3.1
		tenant, workspace, ok = strings.Cut(rest, "/")
	}
	return tenant, workspace, ok && identity.ValidID(tenant) && identity.ValidID(workspace)
}

// endpoints returns the endpoints of workspaces that pages call.
func endpoints() []string {
	return []string{
		"oauth2/token", "oauth2/revoke", "userinfo", ".well-known/openid-configuration", ".well-known/jwks.json",
	}
}
