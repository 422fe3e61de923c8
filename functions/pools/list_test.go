package pools_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// listIDs returns the ids in the answer to a list.
func listIDs(tb testing.TB, client *systemtest.Client, query string) string {
	tb.Helper()
	var ids []string
	for _, pool := range client.Must(tb, 200, "GET", "/pools?"+query, nil).Fields(tb)["pools"].([]any) {
		ids = append(ids, pool.(fields)["id"].(string))
	}
	return strings.Join(ids, " ")
}

// createPools creates pools whose orders by id and by name differ. The names of "e" and "b" differ
// only in case.
func createPools(tb testing.TB, tenant *systemtest.Tenant) {
	tb.Helper()
	for id, name := range map[string]string{"a": "Melon", "b": "apple", "c": "Žito", "d": "banana 100%", "e": "APPLE", "f": "cherry"} {
		tenant.Admin.Must(tb, 201, "POST", "/pools", fields{"id": id, "name": name})
	}
}

func TestAListOfPools(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	if got := tenant.Admin.Must(t, 200, "GET", "/pools", nil); string(got.Body) != `{"pools":[]}` {
		t.Errorf("no pools are %s", got.Body)
	}
	createPools(t, tenant)
	for _, c := range []struct{ query, want string }{
		{"", "a b c d e f"},
		{"sort=id&order=asc", "a b c d e f"},
		{"order=acs", "a b c d e f"},
		{"order=desc", "f e d c b a"},
		{"sort=name", "b e d f a c"},
		{"sort=name&order=desc", "c a f d e b"},
		{"limit=2", "a b"},
		{"limit=100", "a b c d e f"},
		{"after_pool_id=d", "e f"},
		{"after_pool_id=d&order=desc", "c b a"},
		{"after_pool_id=dd", "e f"},
		{"after_pool_id=f", ""},
		{"before_pool_id=d", "a b c"},
		{"before_pool_id=d&limit=2", "b c"},
		{"before_pool_id=d&limit=1&order=desc", "e"},
		{"before_pool_id=a", ""},
		{"after_pool_id=a&before_pool_id=e", "b c d"},
		{"after_pool_id=a&before_pool_id=e&limit=2", "b c"},
		{"after_pool_id=e&before_pool_id=a", ""},
		{"sort=name&after_pool_id=e&limit=2", "d f"},
		{"sort=name&after_pool_id=b&limit=1", "e"},
		{"sort=name&before_pool_id=f&limit=2", "e d"},
		{"sort=name&order=desc&after_pool_id=f", "d e b"},
		{"search_phrase=apple", "b e"},
		{"search_phrase=APP&limit=1&after_pool_id=b", "e"},
		{"search_phrase=E&sort=name", "b e f a"},
		{"search_phrase=" + url.QueryEscape("žITO"), "c"},
		{"search_phrase=" + url.QueryEscape("100%"), "d"},
		{"search_phrase=F", "f"},
		{"search_phrase=nothing", ""},
	} {
		for tree, client := range tenant.Trees() {
			if got := listIDs(t, client, c.query); got != c.want {
				t.Errorf("%s lists %q as %q, want %q", tree, c.query, got, c.want)
			}
		}
	}
}

// The pages of a list together are the list, in every order and in both directions.
func TestPagesOfPools(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	createPools(t, tenant)
	for _, order := range []string{"sort=id", "sort=name", "sort=id&order=desc", "sort=name&order=desc"} {
		all := strings.Fields(listIDs(t, tenant.Admin, order))
		for limit := 1; limit <= 4; limit++ {
			var forth, back []string
			for query := ""; ; query = "&after_pool_id=" + forth[len(forth)-1] {
				page := strings.Fields(listIDs(t, tenant.Admin, fmt.Sprintf("%s&limit=%d%s", order, limit, query)))
				if len(page) == 0 {
					break
				}
				forth = append(forth, page...)
			}
			back = []string{all[len(all)-1]}
			for {
				page := strings.Fields(listIDs(t, tenant.Admin, fmt.Sprintf("%s&limit=%d&before_pool_id=%s", order, limit, back[0])))
				if len(page) == 0 {
					break
				}
				back = append(page, back...)
			}
			if !slices.Equal(forth, all) || !slices.Equal(back, all) {
				t.Errorf("%s by %d: forwards %v, backwards %v, want %v", order, limit, forth, back, all)
			}
		}
	}
}

// "Strictly after that id in the chosen order, also when that item has been deleted."
func TestAListGoesOnAfterADeletedPool(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	createPools(t, tenant)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/e", nil)
	for _, c := range []struct{ query, want string }{
		{"after_pool_id=e", "f"},
		{"before_pool_id=e&limit=2", "c d"},
		{"sort=name", "b d f a c"},
		{"sort=name&after_pool_id=e", "d f a c"},
		{"sort=name&before_pool_id=e", "b"},
		{"sort=name&order=desc&after_pool_id=e", "b"},
	} {
		if got := listIDs(t, tenant.Admin, c.query); got != c.want {
			t.Errorf("%q lists %q, want %q", c.query, got, c.want)
		}
	}
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "GET", "/pools?sort=name&after_pool_id=never", nil), 422, "invalid", "after_pool_id")
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "GET", "/pools?sort=name&before_pool_id=never", nil), 422, "invalid", "before_pool_id")
	stranger := product.NewTenant(t)
	systemtest.CheckRefusal(t, stranger.Admin.Call(t, "GET", "/pools?sort=name&after_pool_id=e", nil), 422, "invalid", "after_pool_id")
}

func TestAListIsRefused(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, c := range []struct{ query, at string }{
		{"limit=0", "limit"},
		{"limit=101", "limit"},
		{"limit=-1", "limit"},
		{"limit=ten", "limit"},
		{"limit=1e1", "limit"},
		{"sort=number_of_users", "sort"},
		{"order=up", "order"},
		{"order=DESC", "order"},
		{"after_pool_id=a%23b", "after_pool_id"},
		{"before_pool_id=%00", "before_pool_id"},
	} {
		for _, client := range tenant.Trees() {
			systemtest.CheckRefusal(t, client.Call(t, "GET", "/pools?"+c.query, nil), 422, "invalid", c.at)
		}
	}
}

// A list has the same pools as single reads, and reads more than one page of the table.
func TestAListOfManyPools(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	padding := strings.Repeat("x", 60<<10)
	for i := range 25 { // more than one answer of DynamoDB has
		tenant.Admin.Must(t, 201, "POST", "/pools", fields{"id": fmt.Sprintf("pool-%02d", i), "name": "x", "metadata": fields{"padding": padding}})
	}
	if n := len(strings.Fields(listIDs(t, tenant.Admin, ""))); n != 20 {
		t.Errorf("%d pools without a limit, want 20", n)
	}
	all := tenant.Admin.Must(t, 200, "GET", "/pools?limit=100", nil).Fields(t)["pools"].([]any)
	if len(all) != 25 {
		t.Fatalf("%d pools, want 25", len(all))
	}
	one := tenant.Admin.Must(t, 200, "GET", "/pools/pool-24", nil).Fields(t)
	for _, d := range differences(all[24].(fields), one) {
		t.Errorf("the list tells otherwise: %.200s", d)
	}
}
