package identity_test

import (
	"errors"
	"testing"

	"identitypools/shared/identity"
)

// RFC 9110 §13.1.1.
func TestMatchChecksTheVersion(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		m       identity.Match
		matches bool
	}{
		"nothing asked for":       {identity.Match{}, true},
		"whatever exists":         {identity.Match{Given: true, Any: true}, true},
		"the version":             {identity.Match{Given: true, Versions: []int64{7}}, true},
		"one of several versions": {identity.Match{Given: true, Versions: []int64{1, 7}}, true},
		"another version":         {identity.Match{Given: true, Versions: []int64{8}}, false},
		"no version at all":       {identity.Match{Given: true}, false},
		"nothing that exists":     {identity.Match{Given: true, Any: true, NotAny: true}, false},
		"not the version":         {identity.Match{Given: true, Any: true, NotVersions: []int64{1, 7}}, false},
		"not another version":     {identity.Match{Given: true, Any: true, NotVersions: []int64{8}}, true},
	} {
		if err := row.m.Check(7); (err == nil) != row.matches || err != nil && !errors.Is(err, identity.PreconditionFailed{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
