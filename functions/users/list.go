package users

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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

// Filter is the published filter of lists. A user must match all of its members. UserKey is the
// user's id, or the beginning or the end of an identifier or verified address. Payload and Metadata
// name members of these documents. A simple value must be equal to the value in the document; if
// the document has an array, it must contain the value.
type Filter struct {
	UserKey  string         `json:"user_key"`
	Payload  map[string]any `json:"payload"`
	Metadata map[string]any `json:"metadata"`
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

// isEmpty reports whether every user matches the filter.
func (f Filter) isEmpty() bool { return f.UserKey == "" && len(f.Payload) == 0 && len(f.Metadata) == 0 }

// matcher returns a function that reports whether a user of the pool p matches the filter.
func (f Filter) matcher(p identity.Pool) func(identity.User) bool {
	keys := []string{f.UserKey}
	if normalized, err := p.Normalize(identity.TypeUID, f.UserKey); err == nil {
		keys = append(keys, normalized)
	}
	return func(u identity.User) bool {
		return (f.UserKey == "" || hasKey(u, keys)) &&
			contains(u.Payload, f.Payload) && contains(u.Metadata, f.Metadata)
	}
}

// hasKey reports whether one of the keys is the user's id, or the beginning or end of one of the
// user's claims.
func hasKey(u identity.User, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return u.ID == key || slices.ContainsFunc(u.Claims(), func(claim string) bool {
			return strings.HasPrefix(claim, key) || strings.HasSuffix(claim, key)
		})
	})
}

// contains reports whether the document has each wanted member: an equal value, or an array with an
// equal element.
func contains(document jsontext.Value, wanted map[string]any) bool {
	if len(wanted) == 0 {
		return true
	}
	var members map[string]any
	if err := json.Unmarshal(document, &members); err != nil {
		return false
	}
	for name, want := range wanted {
		value, ok := members[name]
		list, isList := value.([]any)
		inList := isList && slices.ContainsFunc(list, func(v any) bool { return reflect.DeepEqual(v, want) })
		if !ok || !inList && !reflect.DeepEqual(value, want) {
			return false
		}
	}
	return true
}
