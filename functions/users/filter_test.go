package users_test

import (
	"net/url"
	"slices"
	"testing"

	"identitypools/infra/check/systemtest"
)

// A filter finds the users whom it describes: by any spelling of an identifier that answers show, by
// what arrays and objects contain, and by the exact values of numbers.
func TestAFilterFinds(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, fields{"identifier_case_insensitive": false})
	tenant.NewUser(t, pool, "active", "Bob@Example.COM", fields{
		"id":       "bob",
		"metadata": fields{"teams": []any{"a", "b"}, "at": fields{"city": "Ulm", "zip": "89073"}},
	})
	tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", `{"id":"ann","status":"new",
		"identifiers":[{"identifier":"ANN@CORP.LOCAL","type":"uid"}],
		"verifiable_addresses":[{"address":"Ann@B\u00fccher.example","type":"email","verified":true},
			{"address":"new@Other.example","type":"email"}],
		"payload":{"tags":["red","green",["blue"],{"k":1,"l":2}],"n":9007199254740993,"f":1.50,
		"big":[123456789012345678],"none":null}}`)
	for _, c := range []struct {
		filter string
		want   []string
	}{
		{`{"user_key":"Bob@Example.COM"}`, []string{"bob"}},
		{`{"user_key":"Bob@example.com"}`, []string{"bob"}},
		{`{"user_key":"@Example.COM"}`, []string{"bob"}},
		{`{"user_key":"@example.com"}`, []string{"bob"}},
		{`{"user_key":"bob@example.com"}`, nil},
		{`{"user_key":"ANN@CORP"}`, []string{"ann"}},
		{`{"user_key":"ANN@corp.local"}`, nil},
		{`{"user_key":"Ann@B\u00fccher.example"}`, []string{"ann"}},
		{`{"user_key":"@xn--bcher-kva.example"}`, []string{"ann"}},
		{`{"user_key":"new@"}`, nil}, // not verified
		{`{"payload":{"tags":["red"]}}`, []string{"ann"}},
		{`{"payload":{"tags":["green","red"]}}`, []string{"ann"}},
		{`{"payload":{"tags":["red","black"]}}`, nil},
		{`{"payload":{"tags":[]}}`, []string{"ann"}},
		{`{"payload":{"tags":"red"}}`, []string{"ann"}},
		{`{"payload":{"tags":"blue"}}`, nil},
		{`{"payload":{"tags":[["blue"]]}}`, []string{"ann"}},
		{`{"payload":{"tags":{"k":1}}}`, []string{"ann"}},
		{`{"payload":{"tags":[{"l":2.0}]}}`, []string{"ann"}},
		{`{"payload":{"tags":[{"k":2}]}}`, nil},
		{`{"payload":{"n":9007199254740993}}`, []string{"ann"}},
		{`{"payload":{"n":9007199254740992}}`, nil},
		{`{"payload":{"n":9.007199254740993e15}}`, []string{"ann"}},
		{`{"payload":{"n":["9007199254740993"]}}`, nil},
		{`{"payload":{"f":15e-1}}`, []string{"ann"}},
		{`{"payload":{"f":-1.5}}`, nil},
		{`{"payload":{"big":123456789012345678}}`, []string{"ann"}},
		{`{"payload":{"big":123456789012345679}}`, nil},
		{`{"payload":{"none":null}}`, []string{"ann"}},
		{`{"payload":{"absent":null}}`, nil},
		{`{"payload":{"n":{}}}`, nil},
		{`{"metadata":{"teams":["b"],"at":{"city":"Ulm"}}}`, []string{"bob"}},
		{`{"metadata":{"at":{"city":"Ulm","street":"x"}}}`, nil},
		{`{"metadata":{"at":["Ulm"]}}`, nil},
	} {
		var got []string
		for _, user := range tenant.Admin.Must(
			t, 200, "GET", "/pools/"+pool+"/users?query="+url.QueryEscape(c.filter), nil,
		).Fields(t)["users"].([]any) {
			got = append(got, user.(fields)["id"].(string))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s finds %q, want %q", c.filter, got, c.want)
		}
	}
}
