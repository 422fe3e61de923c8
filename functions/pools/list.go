package pools

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"identitypools/shared/identity"
)

// Query selects a page of a tenant's pools. The id or the name of each pool contains Search. The
// pools are in the order of Sort, which is "id" or "name". The page has at most Limit pools, which
// come after the pool with the id After, or directly before the one with the id Before.
type Query struct {
	Search, Sort  string
	Descending    bool
	After, Before string
	Limit         int
}

// List returns a page of the tenant's pools. The error is Invalid if After or Before has no place
// in the order.
func (s *Service) List(ctx context.Context, tenant string, q Query) ([]identity.Pool, error) {
	all, err := s.Pools.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	order := q.order()
	after, err := s.bound(ctx, tenant, "after_pool_id", q.After, q, all)
	if err != nil {
		return nil, err
	}
	before, err := s.bound(ctx, tenant, "before_pool_id", q.Before, q, all)
	if err != nil {
		return nil, err
	}
	search := strings.ToLower(q.Search)
	page := slices.DeleteFunc(all, func(p identity.Pool) bool {
		return !strings.Contains(strings.ToLower(p.ID), search) && !strings.Contains(strings.ToLower(p.Name), search) ||
			q.After != "" && order(p, after) <= 0 || q.Before != "" && order(p, before) >= 0
	})
	slices.SortFunc(page, order)
	if q.Before != "" && q.After == "" {
		return page[max(0, len(page)-q.Limit):], nil
	}
	return page[:min(len(page), q.Limit)], nil
}

// order returns a function that compares two pools in the order of the query. Pools with the same
// name are in the order of their ids.
func (q Query) order() func(a, b identity.Pool) int {
	return func(a, b identity.Pool) int {
		c := 0
		if q.Sort == "name" {
			c = strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		}
		c = cmp.Or(c, strings.Compare(a.ID, b.ID))
		if q.Descending {
			return -c
		}
		return c
	}
}

// bound returns the pool with the given id, with those fields that order compares. The pool may
// have been deleted.
func (s *Service) bound(
	ctx context.Context, tenant, parameter, id string, q Query, all []identity.Pool,
) (identity.Pool, error) {
	i := slices.IndexFunc(all, func(p identity.Pool) bool { return p.ID == id })
	switch {
	case i >= 0:
		return all[i], nil
	case id == "" || q.Sort != "name":
		return identity.Pool{ID: id}, nil
	}
	name, err := s.Pools.DeletedName(ctx, tenant, id)
	if errors.As(err, new(identity.NotFound)) {
		const reason = "names no pool, so the list by name cannot go on from it"
		return identity.Pool{}, identity.InvalidField(parameter, identity.NoSuch(reason))
	}
	return identity.Pool{ID: id, Name: name}, err
}
