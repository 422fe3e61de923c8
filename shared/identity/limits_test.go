package identity_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"identitypools/shared/identity"
)

// Every limit can be set to its minimum and its maximum but not beyond, and has its default unless it
// is set.
func TestLimitsAreBounded(t *testing.T) {
	t.Parallel()
	var l identity.Limits
	for _, limit := range l.All() {
		for value, ok := range map[int64]bool{limit.Least: true, limit.Usual: true, limit.Most: true, limit.Least - 1: false, limit.Most + 1: false, 0: false, -1: false} {
			text := fmt.Sprint(value)
			if limit.IsTime {
				text = fmt.Sprintf("%q", time.Duration(value))
			}
			var c identity.LimitsChange
			if err := json.Unmarshal(fmt.Appendf(nil, `{%q: %s}`, limit.Name, text), &c); err != nil {
				t.Fatal(err)
			}
			_, err := identity.NewPool("default", "shop", identity.PoolChange{Name: "Shop", Limits: c})
			var want []string
			if !ok {
				want = []string{"/limits/" + limit.Name}
			}
			checkInvalid(t, err, want...)
		}
	}
}

// A ticket is redeemed with the code of its own registration. If that code was held back, a code
// that belongs to no registration is accepted.
func TestATicketGoesWithItsCode(t *testing.T) {
	t.Parallel()
	codes := identity.Codes{}.Issued(identity.Code{Registration: "mine", MAC: []byte("m")}, 0, start(), time.Hour).
		Issued(identity.Code{Registration: "strangers", MAC: []byte("s")}, 0, start(), time.Hour).
		Issued(identity.Code{MAC: []byte("n"), Message: "for nobody's"}, 0, start(), time.Hour)
	for _, row := range []struct{ name, ticket, code, found string }{
		{"one's own code", "mine", "m", "mine"},
		{"the code of another, having one's own", "mine", "s", ""},
		{"the code of another, having none", "late", "s", ""},
		{"the code of none, having one's own", "mine", "n", ""},
		{"a wrong code, having none", "late", "x", ""},
	} {
		got, err := codes.Redeem(presented(row.code, 1, row.ticket), start())
		if got.Registration != row.found || (err != nil) != (row.found == "") {
			t.Errorf("%s: %+v, %v", row.name, got, err)
		}
	}
	if got, err := codes.Redeem(presented("n", 1, "late"), start()); err != nil || got.Message != "for nobody's" {
		t.Errorf("the code of none, having none: %+v, %v", got, err)
	}
	if got, err := codes.Redeem(presented("n", 0, "mine"), at(time.Hour)); !errors.Is(err, identity.ExpiredCode{}) {
		t.Errorf("the code of none, when one's own has expired: %+v, %v", got, err)
	}
}
