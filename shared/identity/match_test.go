package identity_test

import (
	"errors"
	"fmt"
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

func TestChangeRunsAgain(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	given := identity.Match{Given: true, Versions: []int64{1}}
	lost := fmt.Errorf("write: %w", identity.PreconditionFailed{})
	for _, row := range []struct {
		name string
		m    identity.Match
		errs []error // of the first calls; the next one succeeds
		runs int
		want error
	}{
		{"once where nothing is in the way", identity.Match{}, nil, 1, nil},
		{"after another change came between", identity.Match{}, []error{lost, lost, lost}, 4, nil},
		{"not where a version was named", given, []error{lost}, 1, identity.PreconditionFailed{}},
		{"not where whatever exists was named", identity.Match{Given: true, Any: true}, []error{lost}, 1, identity.PreconditionFailed{}},
		{"not after another error", identity.Match{}, []error{broken}, 1, broken},
		{"until another error", identity.Match{}, []error{lost, broken}, 2, broken},
		{"four times at most", identity.Match{}, []error{lost, lost, lost, lost, lost}, 4, identity.PreconditionFailed{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			err := row.m.Change(func() error {
				runs++
				if runs <= len(row.errs) {
					return row.errs[runs-1]
				}
				return nil
			})
			if runs != row.runs || !errors.Is(err, row.want) {
				t.Errorf("%d runs, %v", runs, err)
			}
			// A caller who gave no version is told when to try again, and nothing of versions.
			if unavailable := new(identity.Unavailable); errors.As(err, unavailable) != (row.runs == 4 && err != nil) || err != nil && row.runs == 4 && unavailable.RetryAfter <= 0 {
				t.Errorf("got %T: %v", err, err)
			}
		})
	}
}
