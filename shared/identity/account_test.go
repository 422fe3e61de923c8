package identity_test

import (
	"testing"

	"identitypools/shared/identity"
)

func TestWhoIsChosenAmongPools(t *testing.T) {
	t.Parallel()
	const none = identity.Status("")
	for name, c := range map[string]struct {
		statuses []identity.Status
		taken    []bool
		want     int
	}{
		"nobody":                      {[]identity.Status{none, none}, make([]bool, 2), 0},
		"in one pool":                 {[]identity.Status{identity.StatusNew}, make([]bool, 1), 0},
		"the first who exists":        {[]identity.Status{none, identity.StatusNew, identity.StatusInactive}, make([]bool, 3), 1},
		"the first who is active":     {[]identity.Status{none, identity.StatusActive, identity.StatusActive}, make([]bool, 3), 1},
		"active behind a new one":     {[]identity.Status{identity.StatusNew, none, identity.StatusActive}, make([]bool, 3), 2},
		"active behind a deleted one": {[]identity.Status{identity.StatusDeleted, identity.StatusActive}, make([]bool, 2), 1},
		"behind one whose name anybody could take": {
			[]identity.Status{identity.StatusActive, identity.StatusActive}, []bool{true, false}, 1,
		},
		"the only one whose name anybody could take": {
			[]identity.Status{identity.StatusActive, identity.StatusNew}, []bool{true, false}, 0,
		},
	} {
		var users []identity.User
		for _, status := range c.statuses {
			u := identity.User{Status: status}
			if status != none {
				u.ID = "u"
			}
			users = append(users, u)
		}
		if got := identity.Chosen(users, c.taken); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if u := (identity.User{ID: identity.NobodyID}); identity.ValidID(u.ID) || len(u.ID) != 36 {
		t.Errorf("%q is the id of a user, or has another length", u.ID)
	}
}

func TestWhereCodesAreMailed(t *testing.T) {
	t.Parallel()
	for mechanism, want := range map[identity.Mechanism]bool{
		identity.MechanismOTP: true, identity.MechanismEmailOTP: true, identity.MechanismSMSOTP: false,
		identity.MechanismPassword: false, identity.MechanismTOTP: false, identity.MechanismWebAuthn: false,
	} {
		only := []identity.Mechanism{mechanism}
		first, second := identity.Pool{Mechanisms: only}, identity.Pool{SecondMechanisms: only}
		if first.UsesMailedCodes() != want || second.UsesMailedCodesSecond() != want ||
			first.UsesMailedCodesSecond() || second.UsesMailedCodes() {
			t.Errorf("%s: not %t", mechanism, want)
		}
	}
}
