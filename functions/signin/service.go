// Package signin is the function with which people sign in to applications. It serves the authorization
// endpoint of workspaces, the endpoint for pushed authorization requests, the pages for signing in, and
// signing out (OpenID Connect Core 1.0, RFC 6749, RFC 9126, OpenID Connect RP-Initiated Logout 1.0).
//
// Nothing is stored before somebody has proved something: what an application asks for is sealed in the
// address of the pages, so that each tab of a browser has its own. Callers do not learn who is
// registered: answers, calls to the table and the time that they take are alike (see shared/prove).
package signin

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/otp"
	"identitypools/shared/prove"
	"identitypools/shared/retry"
	"identitypools/shared/signing"
	"identitypools/shared/submit"
	"identitypools/shared/table"
)

// Service has the use cases of a sign-in.
type Service struct {
	Workspaces   table.Workspaces
	Applications table.Applications
	Pools        table.Pools
	Users        table.Users
	Sessions     table.Sessions
	Grants       table.Grants
	Budgets      table.Budgets
	Prover       *prove.Prover
	Gate         *submit.Gate
	Sealer       *otp.Sealer
	Tokens       *signing.Verifier // of ID tokens that applications give back
	PublicURL    string            // the base of the issuers' URLs
	Random       io.Reader
	Retry        retry.Policy
	Now          func() time.Time
	NewID        func() string
}

// place is where a person signs in: a workspace, and the application that sent them, if there is one.
type place struct {
	workspace   oidc.Workspace
	application oidc.Application // the zero value if nobody sent them
	pools       []identity.Pool  // those whose users may sign in, in the order in which they are tried
}

// issuer returns the issuer of the tokens of a workspace.
func (s *Service) issuer(w oidc.Workspace) string { return s.tenantURL(w.Tenant) + "/" + w.ID }

// tenantURL returns the base of the addresses of a tenant's pages.
func (s *Service) tenantURL(tenant string) string {
	return strings.TrimSuffix(s.PublicURL, "/") + "/" + tenant
}

// place returns a workspace, and the application with an id, which may be "", with the pools of both.
// Errors: NotFound for the workspace; a Refusal for the application.
func (s *Service) place(ctx context.Context, tenant, workspace, client string) (at place, err error) {
	if at.workspace, err = s.Workspaces.Cached(ctx, tenant, workspace); err != nil {
		return at, err
	}
	if client != "" {
		at.application, err = s.Applications.Cached(ctx, tenant, client)
		isMissing := errors.As(err, new(identity.NotFound))
		if err != nil && !isMissing {
			return at, err
		}
		if isMissing || at.application.Workspace != workspace || at.application.Inactive {
			return place{workspace: at.workspace}, oidc.Refusal{
				Code: oidc.UnauthorizedClient, Description: "client_id names no active application of this workspace",
			}
		}
	}
	for _, id := range at.workspace.PoolsFor(at.application) {
		p, err := s.Pools.Cached(ctx, tenant, id)
		switch {
		case errors.As(err, new(identity.NotFound)): // it was deleted, and its connection was not
		case err != nil:
			return at, err
		default:
			at.pools = append(at.pools, p)
		}
	}
	return at, nil
}

// pool returns the pool of the place with an id. It reports false if users of that pool may not sign in.
func (at place) pool(id string) (identity.Pool, bool) {
	for _, p := range at.pools {
		if p.ID == id {
			return p, true
		}
	}
	return identity.Pool{}, false
}

// hint returns the claims of an ID token that an application gives back. The error is a Refusal if it is
// none of the workspace.
func (s *Service) hint(ctx context.Context, w oidc.Workspace, token string) (oidc.IDToken, error) {
	claims, err := s.Tokens.IDToken(ctx, token, s.issuer(w))
	if errors.Is(err, signing.ErrToken) {
		err = oidc.Refusal{Code: oidc.InvalidRequest, Description: "id_token_hint is no ID token of this workspace"}
	}
	return claims, err
}

// random returns n random bytes.
func (s *Service) random(n int) ([]byte, error) {
	bytes := make([]byte, n)
	_, err := io.ReadFull(s.Random, bytes)
	return bytes, err
}

func (s *Service) maker() identity.Maker { return identity.Maker{Now: s.Now(), NewID: s.NewID} }

// atOnce calls functions at the same time and returns the first of their errors.
func atOnce(calls ...func() error) error {
	failed := make([]error, len(calls))
	var waiting sync.WaitGroup
	for i, call := range calls {
		waiting.Go(func() { failed[i] = call() })
	}
	waiting.Wait()
	return errors.Join(failed...)
}
