package users

import (
	"context"
	"slices"

	"identitypools/shared/identity"
)

// Query selects a page of a pool's users in the order of their ids. The page has at most Limit
// users, which come after the id After, or directly before the id Before.
type Query struct {
	Filter        Filter
	Descending    bool
	After, Before string
	Limit         int
}

// Page has users, and the id after which a search can be continued that has stopped because it had
// read enough users. StoppedAt is empty if it has not stopped.
type Page struct {
	Users     []identity.User
	StoppedAt string
}

// Limits of a filtered list. It reads searchPage users at a time, or fewer if they have 1 MB, and
// it reads at most searchPages times.
const (
	searchPage  = 250
	searchPages = 20
)

// List returns a page of a pool's users. It reads until the page is full or the list ends, because
// one read of the table ends at 1 MB, which may be only a few users. The error is NotFound if there
// is no such pool.
func (s *Service) List(ctx context.Context, tenant, pool string, q Query) (Page, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return Page{}, err
	}
	matches := q.Filter.matcher(p)
	filtered := !q.Filter.isEmpty()
	var page Page
	walk := q.walk()
	for reads := 0; !filtered || reads < searchPages; reads++ {
		size := searchPage
		if !filtered {
			size = q.Limit - len(page.Users)
		}
		read, more, err := s.Users.List(ctx, tenant, pool, walk.after, walk.before, int32(size))
		if err != nil {
			return Page{}, err
		}
		for _, u := range read {
			if walk.ends(u.ID) {
				return page.inOrder(walk), nil
			}
			if matches(u) {
				page.Users = append(page.Users, u)
			}
			if len(page.Users) == q.Limit {
				return page.inOrder(walk), nil
			}
			walk = walk.past(u.ID)
		}
		if !more {
			return page.inOrder(walk), nil
		}
	}
	page.StoppedAt = walk.after + walk.before
	return page.inOrder(walk), nil
}

// walk is the state of a list that goes through the ids: upwards from after, or downwards from
// before, until it reaches end. If reversed is true, the order of the result must be reversed.
type walk struct {
	after, before, end string
	down, reversed     bool
}

// endOfIDs sorts after every id.
const endOfIDs = "\U0010FFFF"

// walk returns the walk of the query at its beginning. The users directly before an id are read
// downwards from it and then reversed.
func (q Query) walk() walk {
	backwards := q.Before != "" && q.After == ""
	from, end := q.After, q.Before
	if backwards {
		from, end = q.Before, ""
	}
	w := walk{end: end, down: q.Descending != backwards, reversed: backwards}
	switch {
	case !w.down:
		w.after = from
	case from == "":
		w.before = endOfIDs
	default:
		w.before = from
	}
	return w
}

// ends reports whether the walk has ended at id.
func (w walk) ends(id string) bool { return w.end != "" && (id == w.end || (id > w.end) != w.down) }

// past returns the walk after id.
func (w walk) past(id string) walk {
	if w.down {
		w.before = id
	} else {
		w.after = id
	}
	return w
}

// inOrder returns the page in the order of the query.
func (p Page) inOrder(w walk) Page {
	if w.reversed {
		slices.Reverse(p.Users)
	}
	return p
}
