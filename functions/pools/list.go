package pools

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"identitypools/shared/identity"
)

// Query asks for a page of a tenant's pools: those whose id or name contains Search, in the order of Sort ("id" or "name"),
// at most Limit, strictly after or directly before the pool with the id given.
type Query struct {
	Search, Sort  string
	Descending    bool
	After, Before string
	Limit         int
}

// List returns a page of the tenant's pools. Errors: Invalid for a bound that no order can place.
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

// order compares two pools in the query's order, by id where names are equal.
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

// bound is the pool with the id, which may be deleted by now, as far as order looks at it.
func (s *Service) bound(ctx context.Context, tenant, parameter, id string, q Query, all []identity.Pool) (identity.Pool, error) {
	i := slices.IndexFunc(all, func(p identity.Pool) bool { return p.ID == id })
	switch {
	case i >= 0:
		return all[i], nil
	case id == "" || q.Sort != "name":
		return identity.Pool{ID: id}, nil
	}
	name, err := s.Pools.DeletedName(ctx, tenant, id)
	if errors.As(err, new(identity.NotFound)) {
		return identity.Pool{}, identity.InvalidField(parameter, "names no pool, so the list by name cannot go on from it")
	}
	return identity.Pool{ID: id, Name: name}, err
}
