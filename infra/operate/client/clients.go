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

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/table"
)

// Clients are the API clients of a table, for whoever manages them.
type Clients struct {
	Table *table.Table
	Now   func() time.Time
	Rand  io.Reader // of secrets
	NewID func() string
}

// Wish is a client to be made. What is empty is chosen: the tree by the scopes, the scopes by the tree, the id at random.
type ClientSpec struct {
	Tenant, ID, Tree, Name string
	Scopes                 []string
}

// Issued is a client with its new secret, which is stored nowhere.
type IssuedClient struct {
	Client access.Client
	Secret string
}

const (
	maxName  = 100 // characters
	pageSize = 100 // clients read at once
)

// Create makes a client with one secret. Errors: Invalid, and Conflict where the id is taken.
func (s *Clients) Create(ctx context.Context, w ClientSpec) (IssuedClient, error) {
	if w.ID == "" {
		w.ID = s.NewID()
	}
	if err := checkIDs(w.Tenant, w.ID); err != nil {
		return IssuedClient{}, err
	}
	if utf8.RuneCountInString(w.Name) > maxName || strings.ContainsFunc(w.Name, unicode.IsControl) {
		return IssuedClient{}, identity.InvalidField("name", fmt.Sprintf("must be one line of at most %d characters", maxName))
	}
	tree, scopes, err := resolveTreeAndScopes(w.Tree, w.Scopes)
	if err != nil {
		return IssuedClient{}, err
	}
	secret, hashed, err := access.NewSecret(s.Rand)
	if err != nil {
		return IssuedClient{}, err
	}
	c := access.Client{Tenant: w.Tenant, ID: w.ID, Tree: tree, Name: w.Name, Scopes: scopes, Secrets: []string{hashed}, CreatedAt: identity.At(s.Now())}
	return IssuedClient{c, secret}, s.Table.CreateClient(ctx, c)
}

// List is the clients of a tenant in the order of their ids, read page by page. It ends with the first error.
func (s *Clients) List(ctx context.Context, tenant string) iter.Seq2[access.Client, error] {
	return func(yield func(access.Client, error) bool) {
		err := checkIDs(tenant)
		for after, more := "", err == nil; more; {
			var page []access.Client
			page, more, err = s.Table.Clients(ctx, tenant, after, pageSize)
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

// Rotate gives a client a second secret. Errors: Invalid, NotFound, Conflict where it has two, and PreconditionFailed where somebody
// else changed it meanwhile: of two rotations at once one counts.
func (s *Clients) Rotate(ctx context.Context, tenant, id string) (IssuedClient, error) {
	secret, hashed, err := access.NewSecret(s.Rand)
	if err != nil {
		return IssuedClient{}, err
	}
	c, err := s.update(ctx, tenant, id, func(c access.Client) (access.Client, error) { return c.WithSecret(hashed) })
	return IssuedClient{c, secret}, err
}

// Retire takes a client's older secret from it. Errors: Invalid, NotFound, Conflict where it has only one, PreconditionFailed.
func (s *Clients) Retire(ctx context.Context, tenant, id string) (access.Client, error) {
	return s.update(ctx, tenant, id, access.Client.WithoutOldest)
}

// Revoke deletes a client. The tokens that it has stay good until they expire. Errors: Invalid, NotFound.
func (s *Clients) Revoke(ctx context.Context, tenant, id string) error {
	if err := checkIDs(tenant, id); err != nil {
		return err
	}
	return s.Table.DeleteClient(ctx, tenant, id)
}

func (s *Clients) update(ctx context.Context, tenant, id string, to func(access.Client) (access.Client, error)) (access.Client, error) {
	if err := checkIDs(tenant, id); err != nil {
		return access.Client{}, err
	}
	old, err := s.Table.Client(ctx, tenant, id)
	if err != nil {
		return old, err
	}
	changed, err := to(old)
	if err != nil {
		return old, err
	}
	return changed, s.Table.ReplaceClient(ctx, old, changed)
}

// check refuses a tenant, and an id where one is given, that no path of the API could name.
func checkIDs(tenant string, ids ...string) error {
	var v identity.Violations
	if !identity.ValidID(tenant) {
		v.Add("tenant", identity.IDRule)
	}
	for _, id := range ids {
		if !identity.ValidID(id) {
			v.Add("id", identity.IDRule)
		}
	}
	return v.Err()
}

// rights are the tree and the scopes of a client of which either may be left to the other.
func resolveTreeAndScopes(tree string, asked []string) (string, []string, error) {
	trees := []string{string(api.Admin), string(api.System)}
	if tree != "" {
		if !slices.Contains(trees, tree) {
			return "", nil, identity.InvalidField("tree", "must be admin or system")
		}
		trees = []string{tree}
	} else if len(asked) == 0 {
		return "", nil, identity.InvalidField("tree", "must be admin or system, unless the scopes decide it")
	}
	var known []string
	for _, tree := range trees {
		scopes := treeScopes(tree)
		if len(asked) == 0 {
			return tree, scopes, nil
		}
		if !slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(scopes, scope) }) {
			return tree, slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(asked, scope) }), nil
		}
		known = append(known, fmt.Sprintf("%s of the %s tree", strings.Join(scopes, " and "), tree))
	}
	return "", nil, identity.InvalidField("scopes", "must be of one tree: "+strings.Join(known, ", or "))
}

// scopesOf are the scopes that the routes of a tree ask for.
func treeScopes(tree string) []string {
	var scopes []string
	for _, route := range api.Routes() {
		if string(route.Caller) == tree && !slices.Contains(scopes, route.Scope) {
			scopes = append(scopes, route.Scope)
		}
	}
	return scopes
}
