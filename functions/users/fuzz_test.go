package users_test

import (
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// FuzzFilter filters a list by any text. The answer has users of the pool, or an error that names
// the parameter, however deep the text is nested.
func FuzzFilter(f *testing.F) {
	product := systemtest.New(f)
	tenant := product.NewTenant(f)
	pool := tenant.NewPool(f, nil)
	id := tenant.NewUser(f, pool, "new", "ann@example.com", systemtest.Fields{"payload": systemtest.Fields{"given_name": "Ann", "family_name": "Ng"}})
	for _, filter := range []string{
		`{}`, `null`, `[]`, `{"user_key":"ann"}`, `{"user_key":"\u0000"}`, `{"user_key":1}`, `{"payload":{"given_name":"Ann"}}`, `{"payload":{"given_name":null}}`, `{"metadata":[]}`,
		`{"payload":{"a":1e999}}`, `{"user_key":"a","user_key":"b"}`, `{"other":1}`, "{\"user_key\":\"\xff\"}", `{"user_key":"ａｎｎ"}`, `{}{}`, `{"payload":` + strings.Repeat(`{"a":`, 2000) + `1` + strings.Repeat(`}`, 2001),
	} {
		f.Add(filter)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		if len(filter) > 4096 {
			return // a gateway accepts no longer query
		}
		got := tenant.Admin.Call(t, "GET", "/pools/"+pool+"/users?query="+url.QueryEscape(filter), nil)
		switch got.Status {
		case 200:
			users := got.Fields(t)["users"].([]any)
			if len(users) > 1 || len(users) == 1 && users[0].(fields)["id"] != id {
				t.Errorf("%q finds %s", filter, got.Body)
			}
		case 422:
			if !strings.Contains(string(got.Body), `"query"`) {
				t.Errorf("%q is refused with %s", filter, got.Body)
			}
		default:
			t.Errorf("%q answers %d %s", filter, got.Status, got.Body)
		}
	})
}
