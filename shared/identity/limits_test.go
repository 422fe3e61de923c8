package identity_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"identitypools/shared/identity"
)

// Every limit can be set from its least to its most and not beyond, and is the usual one where nobody sets it.
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
			checkWrong(t, err, want...)
		}
	}
}

// Of registrations with tickets: the code of one's own, and where that was held back, any that reached the address.
func TestATicketCompletesItsRegistration(t *testing.T) {
	t.Parallel()
	codes := identity.Codes{}.Issued(identity.Code{Registration: "mine", MAC: []byte("m"), NeedsPassword: true}, start(), time.Hour, usual()).
		Issued(identity.Code{Registration: "strangers", MAC: []byte("s")}, start(), time.Hour, usual())
	for _, row := range []struct{ name, ticket, code, completes string }{
		{"one's own code", "mine", "m", "mine"},
		{"the code of another, having one's own", "mine", "s", ""},
		{"the code of another, having none", "late", "s", "late"},
		{"a wrong code, having none", "late", "x", ""},
	} {
		got, err := codes.Redeem(presented(row.code, 1, &row.ticket), start())
		if got.Registration != row.completes || (err != nil) != (row.completes == "") {
			t.Errorf("%s: %+v, %v", row.name, got, err)
		}
		if row.ticket == "late" && got.NeedsPassword {
			t.Errorf("%s: it is known whose registration is meant, and a password is asked for", row.name)
		}
	}
}

func TestCodesAreLockedUntilTheyReopen(t *testing.T) {
	t.Parallel()
	codes := identity.Codes{Version: 1, Guesses: 20, Ceiling: 20, Reopens: identity.At(at(time.Hour))}
	if !codes.IsLocked(start()) || codes.IsLocked(at(time.Hour)) || (identity.Codes{}).IsLocked(start()) {
		t.Error("codes are locked when they should not be, or the other way round")
	}
	if codes.Guesses = 19; codes.IsLocked(start()) {
		t.Error("a guess is left, and they are locked")
	}
}

// Whose a registration is, is unknown while others wait to prove the same address: then nothing of it is taken.
func TestAContestedRegistrationIsNotTaken(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{})
	u, r := registered(t, p)
	other := r
	other.ID = "other"
	elsewhere := other
	elsewhere.Normalized = "elsewhere@example.com"
	over := at(identity.RegistrationLifetime)
	if r.IsContested(u, []identity.Registration{r, elsewhere}, start()) || !r.IsContested(u, []identity.Registration{other, r}, start()) || r.IsContested(u, []identity.Registration{other}, over) {
		t.Error("a registration is contested by itself, by one of another address or by one that is over; or not by another")
	}
	a := identity.Activation{Code: codeFor(ann, r.ID), Registration: &r, Contested: true}
	if _, err := p.Activate(u, a, maker(start())); err == nil {
		t.Error("no password is asked for")
	}
	a.PasswordHash = "given"
	got, err := p.Activate(u, a, maker(start()))
	if err != nil || got.PasswordHash != "given" || got.Payload != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	a.Code.Normalized = "elsewhere@example.com"
	if _, err := p.Activate(u, a, maker(start())); !errors.Is(err, identity.InvalidCode{}) {
		t.Errorf("a code for another address completes it: %v", err)
	}
}

// A mail opens a new window of guesses where the last is over, and never one that is not.
func TestAMailOpensTheNextWindow(t *testing.T) {
	t.Parallel()
	codes := identity.Codes{Version: 1, Guesses: 33, Ceiling: 20, Reopens: identity.At(at(time.Hour))}
	if c := codes.Mailed(at(time.Hour-time.Millisecond), usual()); c.Opens || c.Ceiling != 20 {
		t.Errorf("a window that is not over: %+v", c)
	}
	if c := codes.Mailed(at(time.Hour), usual()); !c.Opens || c.Ceiling != 53 || c.Reopens != identity.At(at(25*time.Hour)) {
		t.Errorf("a window that is over: %+v", c)
	}
}
