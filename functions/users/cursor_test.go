package users_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// FuzzCursor requests pages at any place, and compares them with those of a sorted list.
func FuzzCursor(f *testing.F) {
	product := systemtest.New(f)
	tenant := product.NewTenant(f)
	pool := tenant.NewPool(f, nil)
	ids := []string{"-", ".a", "0", "9", "A", "Z", "_", "a", "a-b", "aa", "b", "~"}
	for i, id := range ids {
		tenant.NewUser(f, pool, "new", fmt.Sprintf("u%d@example.com", i), systemtest.Fields{"id": id})
	}
	f.Add("", "", 3, false)
	f.Add("a", "", 2, true)
	f.Add("", "b", 2, false)
	f.Add("", "b", 5, true)
	f.Add("A", "a-b", 9, false)
	f.Add("b", "A", 9, true)
	f.Add("~", "", 1, false)
	f.Add("\x00", "\xff", 100, false)
	f.Add("a/../b", "%2e", 0, true)
	f.Fuzz(func(t *testing.T, after, before string, limit int, falling bool) {
		query := url.Values{"after_user_id": {after}, "before_user_id": {before}, "limit": {strconv.Itoa(limit)}}
		if falling {
			query.Set("order", "desc")
		}
		got := tenant.Admin.Call(t, "GET", "/pools/"+pool+"/users?"+query.Encode(), nil)
		valid := func(id string) bool { return id == "" || identity.ValidID(id) }
		if !valid(after) || !valid(before) || limit < 1 || limit > 100 {
			if got.Status != 422 {
				t.Fatalf("an impossible page answers %d %s", got.Status, got.Body)
			}
			return
		}
		listed := []string{}
		for _, user := range got.Fields(t)["users"].([]any) {
			listed = append(listed, user.(fields)["id"].(string))
		}
		if want := expectedPage(ids, after, before, limit, falling); !slices.Equal(listed, want) {
			t.Errorf("after %q before %q limit %d falling %t: %v, want %v", after, before, limit, falling, listed, want)
		}
	})
}

// expectedPage returns the page of a sorted list.
func expectedPage(ids []string, after, before string, limit int, falling bool) []string {
	order := slices.Clone(ids)
	if falling {
		slices.Reverse(order)
	}
	precedes := func(a, b string) bool { return a != b && (a < b) != falling }
	order = slices.DeleteFunc(order, func(id string) bool {
		return after != "" && !precedes(after, id) || before != "" && !precedes(id, before)
	})
	if before != "" && after == "" {
		return order[max(0, len(order)-limit):]
	}
	return order[:min(limit, len(order))]
}
