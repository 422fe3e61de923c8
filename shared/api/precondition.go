package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"identitypools/shared/identity"
)

// IfMatch returns the precondition of r, from If-Match and, unless r is a GET, from If-None-Match
// (RFC 9110 §13.1.1, §13.1.2). A tag that is not the tag of a version matches nothing. The
// precondition If-None-Match of a GET is not part of the result, because its failure is no error:
// [Read] answers it with 304.
func IfMatch(r *http.Request) identity.Match {
	match := tagsOf(r, "If-Match", "")
	m := identity.Match{Given: match.given, Any: match.any || !match.given, Versions: match.versions}
	if r.Method != http.MethodGet {
		none := tagsOf(r, "If-None-Match", weak)
		m.Given = m.Given || none.given
		m.NotAny, m.NotVersions = none.any, none.versions
	}
	return m
}

// notModified reports whether r is a GET whose precondition If-None-Match fails for a version, so
// that the answer is 304 (RFC 9110 §13.1.2). What has no version has no entity tag either.
func notModified(r *http.Request, version int64) bool {
	none := tagsOf(r, "If-None-Match", weak)
	return r.Method == http.MethodGet && version != 0 &&
		(none.any || slices.Contains(none.versions, version))
}

// weak is the prefix of weak entity tags. They match in If-None-Match, but not in If-Match
// (RFC 9110 §8.8.3.2).
const weak = "W/"

// tags is a list of entity tags in a header.
type tags struct {
	given    bool    // whether the request has the header
	any      bool    // whether the header is "*"
	versions []int64 // whose tags are in the list
}

// tagsOf returns the entity tags in a header of r. A tag may have the prefix.
func tagsOf(r *http.Request, header, prefix string) (t tags) {
	list := listed(r, header)
	t.given, t.any = r.Header[header] != nil, len(list) == 1 && list[0] == "*"
	for _, tag := range list {
		tag = strings.TrimPrefix(tag, prefix)
		version, _ := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
		if tag == versionTag(version) { // not so if there is no number
			t.versions = append(t.versions, version)
		}
	}
	return t
}

// listed returns the members of a header that is a list. Most requests do not have the header.
func listed(r *http.Request, header string) []string {
	values := r.Header.Values(header)
	if len(values) == 0 {
		return nil
	}
	members := strings.Split(strings.Join(values, ","), ",")
	for i, member := range members {
		members[i] = strings.TrimSpace(member)
	}
	return members
}
