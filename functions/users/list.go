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

// Query asks for a page of a pool's users in the order of their ids, at most Limit, strictly after or directly before an id.
type Query struct {
	Filter        Filter
	Descending    bool
	After, Before string
	Limit         int
}

// Filter is the published query parameter: all of its members must hold. UserKey is the user's id, or what an identifier or verified
// address starts or ends with. Payload and Metadata name top-level members: simple values must be equal, arrays must contain.
type Filter struct {
	UserKey  string         `json:"user_key"`
	Payload  map[string]any `json:"payload"`
	Metadata map[string]any `json:"metadata"`
}

// Page is users, and where a search that has read its share stopped: a caller goes on after StoppedAt; "" is no stop.
type Page struct {
	Users     []identity.User
	StoppedAt string
}

// Bounds of a filtered list: it reads searchPage users at a time, or fewer where they have 1 MB,
// and at most searchPages times a call.
const (
	searchPage  = 250
	searchPages = 20
)

// List is a page of a pool's users. It reads until the page is full or the list ends: one read of
// the table ends at 1 MB, which may be few users. Errors: NotFound for the pool.
func (s *Service) List(ctx context.Context, tenant, pool string, q Query) (Page, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return Page{}, err
	}
	matches := q.Filter.matcher(p)
	filtered := !q.Filter.empty()
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

// walk is how a list moves over the ids: upwards from after, or downwards from before, until it meets end.
type walk struct {
	after, before, end string
	down, reversed     bool
}

// endOfIDs sorts after every id.
const endOfIDs = "\U0010FFFF"

// walk starts at the bound of the query from which its page counts: the items directly before an id are read downwards, and
// turned round.
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

func (w walk) ends(id string) bool { return w.end != "" && (id == w.end || (id > w.end) != w.down) }

func (w walk) past(id string) walk {
	if w.down {
		w.before = id
	} else {
		w.after = id
	}
	return w
}

func (p Page) inOrder(w walk) Page {
	if w.reversed {
		slices.Reverse(p.Users)
	}
	return p
}

func (f Filter) empty() bool { return f.UserKey == "" && len(f.Payload) == 0 && len(f.Metadata) == 0 }

// matcher is the filter as a test of users of p.
func (f Filter) matcher(p identity.Pool) func(identity.User) bool {
	keys := []string{f.UserKey}
	if normalized, err := p.Normalize(identity.TypeUID, f.UserKey); err == nil {
		keys = append(keys, normalized)
	}
	return func(u identity.User) bool {
		return (f.UserKey == "" || hasKey(u, keys)) && contains(u.Payload, f.Payload) && contains(u.Metadata, f.Metadata)
	}
}

func hasKey(u identity.User, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return u.ID == key || slices.ContainsFunc(u.Claims(), func(claim string) bool {
			return strings.HasPrefix(claim, key) || strings.HasSuffix(claim, key)
		})
	})
}

// contains says whether the document has each wanted member: an equal value, or an array with an equal element.
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
