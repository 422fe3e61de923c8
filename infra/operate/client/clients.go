package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"identitypools/functions"
	"identitypools/shared/access"
	"identitypools/shared/identity"
	"identitypools/shared/table"
)

// Clients manages the API clients in a table.
type Clients struct {
	Stored table.Clients
	Now    func() time.Time
	Rand   io.Reader // for secrets
	NewID  func() string
}

// A ClientSpec describes a client that is to be created. If the caller is empty, it is derived
// from the scopes. If there are no scopes, the client gets all scopes of its tree. If the id is empty,
// it is chosen at random.
type ClientSpec struct {
	Tenant, ID, Name string
	Caller           access.Caller // Admin or System
	Scopes           []string
}

// An IssuedClient is a client with its new secret, which is stored nowhere.
type IssuedClient struct {
	Client access.Client
	Secret string
}

const (
	maxName  = 100 // characters
	pageSize = 100 // clients that are read at once
)

// Create creates a client with one secret. The error is identity.Invalid if spec is not valid, and
// identity.Conflict if the id is taken.
func (s *Clients) Create(ctx context.Context, spec ClientSpec) (IssuedClient, error) {
	if spec.ID == "" {
		spec.ID = s.NewID()
	}
	if err := checkIDs(spec.Tenant, spec.ID); err != nil {
		return IssuedClient{}, err
	}
	if utf8.RuneCountInString(spec.Name) > maxName || strings.ContainsFunc(spec.Name, unicode.IsControl) {
		reason := fmt.Sprintf("must be one line of at most %d characters", maxName)
		return IssuedClient{}, identity.InvalidField("name", identity.Wrong(reason))
	}
	caller, scopes, err := resolveCallerAndScopes(spec.Caller, spec.Scopes)
	if err != nil {
		return IssuedClient{}, err
	}
	secret, hashed, err := access.NewSecret(s.Rand)
	if err != nil {
		return IssuedClient{}, err
	}
	c := access.Client{
		Tenant: spec.Tenant, ID: spec.ID, Caller: caller, Name: spec.Name, Scopes: scopes,
		Secrets: []string{hashed}, CreatedAt: identity.At(s.Now()),
	}
	return IssuedClient{c, secret}, s.Stored.Create(ctx, c)
}

// List returns the clients of a tenant in the order of their ids. It reads them page by page, and
// ends with the first error.
func (s *Clients) List(ctx context.Context, tenant string) iter.Seq2[access.Client, error] {
	return func(yield func(access.Client, error) bool) {
		err := checkIDs(tenant)
		for after, more := "", err == nil; more; {
			var page []access.Client
			page, more, err = s.Stored.List(ctx, tenant, after, pageSize)
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
				after = c.ID
			}
		}
		if err != nil {
			yield(access.Client{}, err)
		}
	}
}

// Rotate gives a client a second secret. Of two simultaneous rotations, only one succeeds. The
// error is identity.Invalid for malformed ids, identity.NotFound if there is no such client,
// identity.Conflict if it has two secrets already, and identity.PreconditionFailed if somebody else
// changed the client at the same time.
func (s *Clients) Rotate(ctx context.Context, tenant, id string) (IssuedClient, error) {
	secret, hashed, err := access.NewSecret(s.Rand)
	if err != nil {
		return IssuedClient{}, err
	}
	c, err := s.update(ctx, tenant, id, func(c access.Client) (access.Client, error) {
		return c.WithSecret(hashed)
	})
	return IssuedClient{c, secret}, err
}

// Retire removes the older of a client's two secrets. Its errors are those of Rotate, except that
// identity.Conflict means that the client has only one secret.
func (s *Clients) Retire(ctx context.Context, tenant, id string) (access.Client, error) {
	return s.update(ctx, tenant, id, access.Client.WithoutOldest)
}

// Revoke deletes a client. Its tokens remain valid until they expire. The error is identity.Invalid
// for malformed ids, and identity.NotFound if there is no such client.
func (s *Clients) Revoke(ctx context.Context, tenant, id string) error {
	if err := checkIDs(tenant, id); err != nil {
		return err
	}
	return s.Stored.Delete(ctx, tenant, id)
}

// update replaces a client by what change returns for it, unless somebody else changes the client in
// between.
func (s *Clients) update(
	ctx context.Context, tenant, id string, change func(access.Client) (access.Client, error),
) (access.Client, error) {
	if err := checkIDs(tenant, id); err != nil {
		return access.Client{}, err
	}
	old, err := s.Stored.Get(ctx, tenant, id)
	if err != nil {
		return old, err
	}
	changed, err := change(old)
	if err != nil {
		return old, err
	}
	return changed, s.Stored.Replace(ctx, old, changed)
}

// checkIDs checks that a tenant and the ids of clients can be part of a path of the API.
func checkIDs(tenant string, ids ...string) error {
	var v identity.Violations
	if !identity.ValidID(tenant) {
		v.Add("tenant", identity.WrongFormat("id", identity.IDRule))
	}
	for _, id := range ids {
		if !identity.ValidID(id) {
			v.Add("id", identity.WrongFormat("id", identity.IDRule))
		}
	}
	return v.Err()
}

// resolveCallerAndScopes returns the caller that a client is and its scopes, either of which may be
// derived from the other. The error is identity.Invalid if both are missing or do not fit together.
func resolveCallerAndScopes(caller access.Caller, asked []string) (access.Caller, []string, error) {
	callers := []access.Caller{access.Admin, access.System}
	if caller != "" {
		if !slices.Contains(callers, caller) {
			return "", nil, identity.InvalidField("tree", identity.NotOneOf("admin", "system"))
		}
		callers = []access.Caller{caller}
	} else if len(asked) == 0 {
		return "", nil, identity.InvalidField("tree", identity.Wrong("must be admin or system, unless the scopes decide it"))
	}
	var known []string
	for _, caller := range callers {
		scopes := scopesOf(caller)
		if len(asked) == 0 {
			return caller, scopes, nil
		}
		foreign := func(scope string) bool { return !slices.Contains(scopes, scope) }
		if !slices.ContainsFunc(asked, foreign) {
			notAsked := func(scope string) bool { return !slices.Contains(asked, scope) }
			return caller, slices.DeleteFunc(scopes, notAsked), nil
		}
		known = append(known, fmt.Sprintf("%s of the %s tree", strings.Join(scopes, " and "), caller))
	}
	return "", nil, identity.InvalidField("scopes", identity.Wrong("must be of one tree: "+strings.Join(known, ", or ")))
}

// scopesOf returns the scopes that the routes for a caller require.
func scopesOf(caller access.Caller) []string {
	var scopes []string
	for _, route := range functions.Routes() {
		if route.Caller == caller && !slices.Contains(scopes, route.Scope) {
			scopes = append(scopes, route.Scope)
		}
	}
	return scopes
}
