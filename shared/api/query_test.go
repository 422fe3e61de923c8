package api_test

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"testing"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// wantParameter checks that err is about one query parameter, whose name has no slash.
func wantParameter(t *testing.T, err error, name string) {
	t.Helper()
	var invalid identity.Invalid
	if !errors.As(err, &invalid) || len(invalid.Violations) != 1 || invalid.Violations[0].Pointer != name {
		t.Errorf("error is %v, want a violation of %s", err, name)
	}
}

// listQuery is the query of a list.
type listQuery struct {
	Limit api.Limit   `query:"limit"`
	Order api.Order   `query:"order"`
	After identity.ID `query:"after_pool_id"`
	messageQuery
}

type messageQuery struct {
	Mode string `query:"mode"`
	Send *bool  `query:"send"`
}

func queryOf(query string) (q listQuery, err error) {
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.RawQuery = query
	return q, api.DecodeQuery(r, &q)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{"": 20, "1": 1, "20": 20, "100": 100, "007": 7} {
		got, err := queryOf("limit=" + value)
		if err != nil || got.Limit.Items() != want {
			t.Errorf("limit=%s is %d with error %v, want %d", value, got.Limit.Items(), err, want)
		}
	}
	for _, value := range []string{"0", "-1", "101", "1.5", "many", "1 ", "0x10", "99999999999999999999"} {
		_, err := queryOf("limit=" + url.QueryEscape(value))
		wantParameter(t, err, "limit")
	}
}

func TestDescending(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": false, "asc": false, "acs": false, "desc": true} {
		got, err := queryOf("order=" + value)
		if err != nil || got.Order.Descending != want {
			t.Errorf("order=%s is %t with error %v, want %t", value, got.Order.Descending, err, want)
		}
	}
	for _, value := range []string{"DESC", "descending", "1"} {
		_, err := queryOf("order=" + value)
		wantParameter(t, err, "order")
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "p", "a~b_c.d-1"} {
		got, err := queryOf("after_pool_id=" + value)
		if err != nil || string(got.After) != value {
			t.Errorf("bound %q is %q with error %v", value, got.After, err)
		}
	}
	for _, value := range []string{"..", "a#b", "a b", "\xff"} {
		_, err := queryOf("after_pool_id=" + url.QueryEscape(value))
		wantParameter(t, err, "after_pool_id")
	}
}

func TestDecodeQuery(t *testing.T) {
	t.Parallel()
	q, err := queryOf("mode=invitation&send=false&mode=second")
	if err != nil || q.Mode != "invitation" || q.Send == nil || *q.Send {
		t.Errorf("decoded %+v, error is %v", q, err)
	}
	if q, err = queryOf("send=&limit="); err != nil || q.Send != nil || q.Limit.Items() != api.DefaultLimit {
		t.Errorf("what is empty is not absent: %+v, error is %v", q, err)
	}
	_, err = queryOf("send=1")
	wantParameter(t, err, "send")
	_, err = queryOf("mode=invitation&unknown=")
	wantParameter(t, err, "unknown")
	var invalid identity.Invalid
	if _, err = queryOf("send=yes&limit=0&order=up"); !errors.As(err, &invalid) || len(invalid.Violations) != 3 {
		t.Errorf("of three faults are told: %v", err)
	}
}

// RFC 9110 §13.1.1: weak tags never match, nor do tags that are not those of versions.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		passes bool // whether version 7 satisfies it
	}{
		{"no precondition", nil, true},
		{"the version", []string{`"7"`}, true},
		{"whatever exists", []string{`*`}, true},
		{"a list with the version", []string{`"1", "7"`}, true},
		{"a list without spaces", []string{`"1","7"`}, true},
		{"a list in two lines", []string{`"1"`, `"7"`}, true},
		{"a list with a tag that is not ours", []string{`"x", W/"1", "7"`}, true},
		{"another version", []string{`"8"`}, false},
		{"a list of other versions", []string{`"1", "70"`}, false},
		{"the version as a weak tag", []string{`W/"7"`}, false},
		{"the version without quotes", []string{`7`}, false},
		{"the version with one quote", []string{`"7`}, false},
		{"the version with two pairs of quotes", []string{`""7""`}, false},
		{"the version with a sign", []string{`"+7"`}, false},
		{"the version with a zero before it", []string{`"07"`}, false},
		{"the version inside of a tag with a comma", []string{`"7,8"`}, false},
		{"a star in quotes", []string{`"*"`}, false},
		{"a star in a list, which is not valid", []string{`"1", *`}, false},
		{"an empty tag", []string{`""`}, false},
		{"an empty precondition", []string{""}, false},
		{"garbage", []string{`";,"`}, false},
		{"a number that no version can be", []string{`"99999999999999999999"`}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/", nil)
			if test.values != nil {
				r.Header["If-Match"] = test.values
			}
			if err := api.IfMatch(r).Check(7); (err == nil) != test.passes {
				t.Errorf("version 7 gets %v", err)
			}
		})
	}
}

// RFC 9110 §13.1.2: tags are compared weakly, and If-Match is compared besides. A GET has no such
// precondition here, because its answer is no error.
func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, none, match string
		passes            bool // whether version 7 satisfies both
	}{
		{"the version", `"7"`, "", false},
		{"the version as a weak tag", `W/"7"`, "", false},
		{"whatever exists", "*", "", false},
		{"a list with the version", `"1", W/"7"`, "", false},
		{"another version", `"8"`, "", true},
		{"a weak prefix in small letters", `w/"7"`, "", true},
		{"a weak prefix twice", `W/W/"7"`, "", true},
		{"the version without quotes", "7", "", true},
		{"an empty precondition", "", "", true},
		{"another version, and the version in If-Match", `"8"`, `"7"`, true},
		{"another version, and another one in If-Match", `"8"`, `"9"`, false},
		{"the version, also in If-Match", `"7"`, `"7"`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"PUT", "DELETE", "GET"} {
				r := httptest.NewRequest(method, "/", nil)
				r.Header.Set("If-None-Match", test.none)
				if test.match != "" {
					r.Header.Set("If-Match", test.match)
				}
				passes := test.passes || method == "GET" && test.match != `"9"`
				if err := api.IfMatch(r).Check(7); (err == nil) != passes {
					t.Errorf("%s: version 7 gets %v", method, err)
				}
			}
		})
	}
}
