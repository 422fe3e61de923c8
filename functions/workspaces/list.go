package workspaces

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"identitypools/shared/oidc"
)

// Query selects a page of a list. The id or the name of each item contains Search, in whatever case. The
// page has at most Limit items, which come after the one with the id After, or directly before the one
// with the id Before.
type Query struct {
	Search        string
	ByName        bool // the items are in the order of their names, instead of their ids
	Descending    bool
	After, Before string
	Limit         int
}

// finds reports whether an item is one of those that the query is about.
func (q Query) finds(id, name string) bool {
	search := strings.ToLower(q.Search)
	return strings.Contains(strings.ToLower(id), search) || strings.Contains(strings.ToLower(name), search)
}

// List returns a page of the tenant's workspaces. A list by name begins after, or ends before, the id
// itself if no workspace has it.
func (s *Service) List(ctx context.Context, tenant string, q Query) ([]oidc.Workspace, error) {
	all, err := s.Workspaces.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	order := q.order()
	bound := func(id string) oidc.Workspace {
		if i := slices.IndexFunc(all, func(w oidc.Workspace) bool { return w.ID == id }); i >= 0 {
			return all[i]
		}
		return oidc.Workspace{ID: id, Name: id}
	}
	after, before := bound(q.After), bound(q.Before)
	page := slices.DeleteFunc(all, func(w oidc.Workspace) bool {
		return !q.finds(w.ID, w.Name) ||
			q.After != "" && order(w, after) <= 0 || q.Before != "" && order(w, before) >= 0
	})
	slices.SortFunc(page, order)
	if q.Before != "" && q.After == "" {
		return page[max(0, len(page)-q.Limit):], nil
	}
	return page[:min(len(page), q.Limit)], nil
}

// order returns a function that compares two workspaces in the order of the query.
func (q Query) order() func(a, b oidc.Workspace) int {
	return func(a, b oidc.Workspace) int {
		c := 0
		if q.ByName {
			c = strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		}
		c = cmp.Or(c, strings.Compare(a.ID, b.ID))
		if q.Descending {
			return -c
		}
		return c
	}
}

// The bounds of what a list of applications reads for a page, in items.
const (
	applicationsAtOnce = 100
	mostApplications   = 1000
)

// lastID comes after all ids.
const lastID = "\x7f"

// page is a page of the applications of a workspace.
type page struct {
	applications []oidc.Application
	stoppedAfter string // the id up to which a search has read, if it stopped before the page was full
}

// ListApplications returns a page of the applications of a workspace, in the order of their ids. The
// error is NotFound for the workspace.
func (s *Service) ListApplications(ctx context.Context, tenant, workspace string, q Query) (p page, err error) {
	if _, err := s.Workspaces.Get(ctx, tenant, workspace); err != nil {
		return p, err
	}
	// A page before an item is read backwards from it.
	from, end, isBackwards := q.After, q.Before, q.Before != "" && q.After == ""
	if isBackwards {
		from, end = q.Before, ""
	}
	read := 0
	for more := true; more && len(p.applications) < q.Limit; {
		after, before := from, ""
		if q.Descending != isBackwards {
			after, before = "", orElse(from, lastID)
		}
		var some []oidc.Application
		some, more, err = s.Applications.List(ctx, tenant, workspace, after, before, applicationsAtOnce)
		if err != nil {
			return p, err
		}
		for _, a := range some {
			if end != "" && (a.ID == end || a.ID > end != q.Descending) {
				more = false
				break
			}
			from = a.ID
			if q.finds(a.ID, a.Name) && len(p.applications) < q.Limit {
				p.applications = append(p.applications, a)
			}
		}
		if read += len(some); more && read >= mostApplications && len(p.applications) < q.Limit {
			p.stoppedAfter = from
			break
		}
	}
	if isBackwards {
		slices.Reverse(p.applications)
	}
	return p, nil
}

// orElse returns the text, or other if it is empty.
func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
