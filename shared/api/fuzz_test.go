package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// FuzzQuery reads the parameters of a list and a precondition from any query and header. Values
// that are accepted are within their bounds, an error names its parameter, and a tag matches only
// the version of which it was made.
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
		var q listQuery
		var invalid identity.Invalid
		if err := api.DecodeQuery(r, &q); err != nil && !errors.As(err, &invalid) {
			t.Fatal(err)
		}
		for _, violation := range invalid.Violations {
			known := slices.Contains([]string{"limit", "order", "after_pool_id", "mode", "send"}, violation.Pointer)
			if known == (violation.Code == identity.CodeUnknownField) {
				t.Errorf("a violation of %q: %s", violation.Pointer, violation.Reason)
			}
		}
		if items := q.Limit.Items(); items < 1 || items > 100 || q.After != "" && !identity.ValidID(string(q.After)) {
			t.Errorf("out of bounds: %+v", q)
		}
		for _, version := range api.IfMatch(r).Versions {
			made := httptest.NewRequest(http.MethodGet, "/", nil)
			made.Header.Set("If-Match", fmt.Sprintf("%q", strconv.FormatInt(version, 10)))
			if again := api.IfMatch(made).Versions; !slices.Equal(again, []int64{version}) {
				t.Errorf("%q holds version %d, whose tag is of %d", tag, version, again)
			}
		}
	})
}
