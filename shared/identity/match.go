package identity

import "slices"

// Match is the precondition of a request, from its headers If-Match and If-None-Match (RFC 9110
// §13.1.1, §13.1.2). The zero value requires nothing.
type Match struct {
	Given       bool    // whether the request has a precondition
	Any         bool    // whether every version satisfies If-Match, which is "*" or absent
	Versions    []int64 // the versions that satisfy If-Match
	NotAny      bool    // whether no version satisfies If-None-Match, which is "*"
	NotVersions []int64 // the versions that do not satisfy If-None-Match
}

// Check returns PreconditionFailed if version, the stored one, does not satisfy m.
func (m Match) Check(version int64) error {
	if m.Given && !m.Any && !slices.Contains(m.Versions, version) {
		return PreconditionFailed{}
	}
	if m.NotAny || slices.Contains(m.NotVersions, version) {
		return PreconditionFailed{}
	}
	return nil
}

// NamesVersions reports whether m is about versions that the caller knows, so that a change in between
// is a failure of the precondition. "If-Match: *" holds for whatever is stored then.
func (m Match) NamesVersions() bool {
	return m.Given && (!m.Any || m.NotAny || len(m.NotVersions) > 0)
}
