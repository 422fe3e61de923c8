package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// FuzzQuery reads the parameters of a list and a precondition from any query and header. What is accepted is within its bounds, what
// is refused names its parameter, and a tag matches only the version that it was made of.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{
		"", "limit=20&order=desc&after_pool_id=a", "limit=007", "limit=-1", "limit=+5", "limit=1&limit=2", "limit=%31", "limit=1%00", "order=acs", "order=%ff", "%zz", "a;b=c",
		"after_pool_id=..", "after_pool_id=%2e%2e", "after_pool_id=a%23b", "limit=99999999999999999999", "&&&===", "limit", "\x00\xff",
	} {
		f.Add(query, `"5"`)
	}
	for _, tag := range []string{"", "*", "*, \"1\"", `W/"5"`, `"05"`, `"+5"`, `"9223372036854775808"`, `""`, `"`, ",,,", "5", `"5","6"`, "\xff"} {
		f.Add("", tag)
	}
	f.Fuzz(func(t *testing.T, query, tag string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery, r.Header = query, http.Header{"If-Match": {tag}}
		limit, err := api.Limit(r)
		checkParameter(t, err, "limit", limit >= 1 && limit <= 100)
		id, err := api.Bound(r, "after_pool_id")
		checkParameter(t, err, "after_pool_id", id == "" || identity.ValidID(id))
		_, err = api.Descending(r)
		checkParameter(t, err, "order", true)
		for _, version := range api.IfMatch(r).Versions {
			if version == 0 {
				continue // which no resource has
			}
			w := httptest.NewRecorder()
			answer := func(version int64) api.Answer { return api.Answer{Status: http.StatusOK, Version: version} }
			api.Show(w, r, answer, func(context.Context) (int64, error) { return version, nil })
			made := httptest.NewRequest(http.MethodGet, "/", nil)
			made.Header.Set("If-Match", w.Header().Get("ETag"))
			if again := api.IfMatch(made).Versions; !slices.Equal(again, []int64{version}) {
				t.Errorf("%q holds version %d, whose tag is of %d", tag, version, again)
			}
		}
	})
}

// checkParameter fails the test where a value was accepted that is out of bounds, or refused without a word about the parameter.
func checkParameter(t *testing.T, err error, name string, within bool) {
	t.Helper()
	var invalid identity.Invalid
	switch {
	case err == nil && !within:
		t.Errorf("%s is out of bounds", name)
	case err != nil && (!errors.As(err, &invalid) || invalid.Violations[0].Pointer != name):
		t.Errorf("%s: %v", name, err)
	}
}
