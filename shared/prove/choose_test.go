package prove_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/prove"
)

// Whom an identifier means in several pools: the first who is active, else the first who exists.
func TestWhomAnIdentifierMeans(t *testing.T) {
	t.Parallel()
	b := newBench(t, newProduct(t))
	minds := fields{"identifier_case_insensitive": false}
	a, c, d := b.pool(t, minds), b.pool(t, nil), b.pool(t, nil)
	pools := []identity.Pool{a, c, a, d} // a pool that comes twice counts once
	for name, users := range map[string]struct {
		inA, inC, inD string // the status of the user in the pool, or "" for none
		pool          identity.Pool
		outcome       prove.Outcome
	}{
		"nobody":                       {"", "", "", a, prove.NotFound},
		"in the last":                  {"", "", "active", d, prove.Correct},
		"in two":                       {"", "active", "active", c, prove.Correct},
		"a stranger has registered it": {"new", "new", "active", d, prove.Correct},
		"deactivated in the first":     {"inactive", "active", "", c, prove.Correct},
		"deleted in the first":         {"deleted", "", "active", d, prove.Correct},
		"active nowhere":               {"", "new", "inactive", c, prove.Incorrect},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			email, ids := systemtest.Address("ann"), map[string]string{}
			for i, status := range []string{users.inA, users.inC, users.inD} {
				if p := []identity.Pool{a, c, d}[i]; status != "" {
					ids[p.ID] = b.user(t, p, status, email, "valid")
				}
			}
			proof := prove.Proof{Identifier: email, Password: systemtest.Password, IsSignIn: true}
			v, err := b.Password(t.Context(), pools, proof)
			if err != nil || v.Pool.ID != users.pool.ID || v.ID != ids[v.Pool.ID] || v.Outcome != users.outcome {
				t.Errorf("the proof is %s of %s in %s: %v", v.Outcome, v.ID, v.Pool.ID, err)
			}
			isRight := v.Outcome == prove.Correct
			if isRight != (v.User.ID != "") || isRight && v.User.Epoch == "" || v.User.PasswordHash != "" {
				t.Errorf("the user is %+v", v.User)
			}
		})
	}
	t.Run("each pool has its own spellings", func(t *testing.T) {
		t.Parallel()
		email := systemtest.Address("ann")
		b.user(t, a, "active", email, "")
		want := b.user(t, d, "active", email, "")
		v, err := b.Password(t.Context(), pools, prove.Proof{Identifier: strings.ToUpper(email), Password: "wrong"})
		if err != nil || v.ID != want || v.Pool.ID != d.ID || v.Outcome != prove.NoPassword {
			t.Errorf("%+v, %v", v, err)
		}
	})
	t.Run("what is no identifier", func(t *testing.T) {
		t.Parallel()
		for _, identifier := range []string{"", " ", "a\x00b", strings.Repeat("a", 2000), "\xff"} {
			_, err := b.Password(t.Context(), pools, prove.Proof{Identifier: identifier, Password: "x"})
			if !errors.As(err, new(identity.Invalid)) {
				t.Errorf("%q: %v", identifier, err)
			}
		}
		if _, err := b.Password(t.Context(), nil, prove.Proof{Identifier: "a"}); err == nil {
			t.Error("a proof for no pool")
		}
	})
}

// However many pools a proof is for, each guess at a user is counted, and guesses at once are no more than
// guesses in a row. A device that is known is not kept out.
func TestGuessesAreCountedForTheUserWhoIsMeant(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	pools := []identity.Pool{b.pool(t, nil), b.pool(t, nil)}
	email := systemtest.Address("ann")
	b.user(t, pools[1], "active", email, "valid")
	give := func(pools []identity.Pool, identifier, password, device string) error {
		v, err := b.Password(t.Context(), pools, prove.Proof{
			Identifier: identifier, Password: password, Client: "page", Device: device, IsSignIn: true,
		})
		if err == nil && v.Outcome != prove.Correct {
			err = identity.WrongPassword{}
		}
		return err
	}
	if err := give(pools, email, systemtest.Password, "known"); err != nil {
		t.Fatal(err)
	}
	product.Clock.Advance(5 * time.Second)
	for _, identifier := range []string{email, systemtest.Address("nobody")} {
		right, wrong, limited := atOnce(t, func(i int) error { return give(pools, identifier, strings.Repeat("x", i), "other") })
		if right != 0 || wrong != 5 || limited != 15 {
			t.Errorf("20 guesses at once: %d right, %d wrong, %d limited", right, wrong, limited)
		}
	}
	if err := give(pools[1:], email, systemtest.Password, ""); !errors.As(err, new(identity.Limited)) {
		t.Errorf("the user has another budget in the pool alone: %v", err)
	}
	if err := give(pools, email, systemtest.Password, "known"); err != nil {
		t.Errorf("the owner is kept out: %v", err)
	}
}

// Who signs in on a page can choose a new password at once.
func TestASignInWithAPassword(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	p := b.pool(t, nil)
	old := b.pool(t, fields{"password_settings": fields{"expires_after": "24h"}})
	codesOnly := b.pool(t, fields{"authentication_mechanisms": []string{"otp"}})
	changes, expires, without := systemtest.Address("ann"), systemtest.Address("ann"), systemtest.Address("ann")
	b.user(t, p, "active", changes, "must_be_changed")
	b.user(t, old, "active", expires, "valid")
	b.user(t, codesOnly, "active", without, "valid")
	give := func(p identity.Pool, email, password string, isSignIn bool) prove.Verdict {
		t.Helper()
		proof := prove.Proof{Identifier: email, Password: password, IsSignIn: isSignIn}
		v, err := b.Password(t.Context(), []identity.Pool{p}, proof)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range 2 {
		v := give(p, changes, systemtest.Password, true)
		credential, _ := v.User.Password()
		if v.Outcome != prove.Correct || v.State != identity.StateMustBeChanged || credential.State != v.State {
			t.Errorf("a password that must be changed: %+v", v)
		}
	}
	if v := give(p, changes, systemtest.Password, false); v.Outcome != prove.Correct || v.State != identity.StateMustBeChanged {
		t.Errorf("without a page: %+v", v)
	} else if credential, _ := v.User.Password(); credential.State != identity.StateMustBeReset {
		t.Errorf("then the user has %+v", credential)
	}
	if v := give(p, changes, systemtest.Password, true); v.Outcome != prove.Incorrect || v.User.ID != "" {
		t.Errorf("a password that was used up: %+v", v)
	}
	product.Clock.Advance(25 * time.Hour)
	if v := give(old, expires, systemtest.Password, true); v.Outcome != prove.Expired || v.User.ID == "" {
		t.Errorf("a password that has expired: %+v", v)
	}
	if v := give(old, expires, "wrong", true); v.Outcome != prove.Incorrect {
		t.Errorf("a wrong one: %+v", v)
	}
	if v := give(codesOnly, without, systemtest.Password, true); v.Outcome != prove.Incorrect || v.User.ID != "" {
		t.Errorf("in a pool without passwords: %+v", v)
	}
	if v := give(codesOnly, without, systemtest.Password, false); v.Outcome != prove.Correct {
		t.Errorf("for a back end: %+v", v)
	}
}
