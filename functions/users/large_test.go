package users_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// largePool creates a pool whose users, u000 and so on, have the given payload.
func largePool(t *testing.T, tenant *systemtest.Tenant, n int, payload string) (pool string, ids []string) {
	t.Helper()
	schema := tenant.Admin.Must(t, 201, "POST", "/schemas", `{"name":"s","schema":{}}`).Text(t, "id")
	pool = tenant.NewPool(t, fields{"payload_schema_id": schema})
	var calls sync.WaitGroup
	for i := range n {
		id := fmt.Sprintf("u%03d", i)
		ids = append(ids, id)
		calls.Go(func() {
			got := tenant.Admin.Call(t, "POST", "/pools/"+pool+"/users",
				`{"status":"new","id":"`+id+`","payload":`+payload+`}`)
			if got.Status != 201 {
				t.Errorf("making a user answers %d %.300s", got.Status, got.Body)
			}
		})
	}
	calls.Wait()
	return pool, ids
}

// A page is full even if its users are large: one read of the table has 1 MB, which is 17 of these.
func TestAPageOfLargeUsersIsFull(t *testing.T) {
	t.Parallel()
	// Nobody reads the stream, which would pass on megabytes.
	tenant := systemtest.New(t, func(c *system.Config) { c.Quiet = true }).NewTenant(t)
	pool, all := largePool(t, tenant, 90, `{"team":"a","text":"`+strings.Repeat("x", 60_000)+`"}`)
	falling := slices.Clone(all)
	slices.Reverse(falling)
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"the first page", "limit=80", all[:80]},
		{"after an id", "limit=40&after_user_id=u020", all[21:61]},
		{"the last page", "limit=80&after_user_id=u020", all[21:]},
		{"directly before an id", "limit=50&before_user_id=u070", all[20:70]},
		{"before an id near the beginning", "limit=50&before_user_id=u030", all[:30]},
		{"between two ids", "limit=80&after_user_id=u010&before_user_id=u060", all[11:60]},
		{"in falling order", "limit=80&order=desc", falling[:80]},
		{"in falling order after an id", "limit=80&order=desc&after_user_id=u060", falling[30:]},
		{"in falling order before an id", "limit=40&order=desc&before_user_id=u020", falling[29:69]},
		{"filtered", "limit=80&order=desc&query=" + url.QueryEscape(`{"payload":{"team":"a"}}`), falling[:80]},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := list(t, tenant, pool, c.query); !slices.Equal(got, c.want) {
				t.Errorf("got %d users %v, want %d", len(got), got, len(c.want))
			}
		})
	}
}

// A page that is too large for an answer is refused with advice, and is never shortened.
func TestAPageIsTooLargeForAnAnswer(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, c := range []struct {
		name, payload string
		fits, exceeds int
	}{
		{"plain text", `{"a":"` + strings.Repeat("x", 64_000) + `"}`, 80, 83},
		{"text that an answer has to escape", `{"a":"` + strings.Repeat(`\"`, 32_000) + `"}`, 40, 42},
		{"text that an answer writes longer", `{"a":"` + strings.Repeat("\u2028", 21_300) + `"}`, 40, 42},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool, ids := largePool(t, tenant, c.exceeds, c.payload)
			for _, bound := range []string{"", "&order=desc", "&before_user_id=v"} {
				for tree, client := range tenant.Trees() {
					path := "/pools/" + pool + "/users?limit=%d" + bound
					got := client.Call(t, "GET", fmt.Sprintf(path, c.fits), nil)
					if got.Status != 200 || len(got.Fields(t)["users"].([]any)) != c.fits {
						t.Errorf("%s: %d users with %q answer %d %.200s", tree, c.fits, bound, got.Status, got.Body)
					}
					systemtest.CheckRefusal(t, client.Call(t, "GET", fmt.Sprintf(path, len(ids)), nil),
						422, "invalid", "limit")
				}
			}
		})
	}
}
