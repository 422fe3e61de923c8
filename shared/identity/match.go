package identity

import "slices"

// Match is the precondition of a request, from its header If-Match (RFC 9110 §13.1.1). The zero
// value requires nothing.
type Match struct {
	Given    bool // whether the request has a precondition
	Any      bool // "*", which every version satisfies
	Versions []int64
}

// Check returns PreconditionFailed if version, the stored one, does not satisfy m.
func (m Match) Check(version int64) error {
	if m.Given && !m.Any && !slices.Contains(m.Versions, version) {
		return PreconditionFailed{}
	}
	return nil
}
