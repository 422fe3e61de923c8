package prove_test

import (
	"encoding/base32"
	"errors"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

const secret = "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"

// withApp are the fields of a user who has an authenticator app with the secret.
func withApp() fields {
	return fields{"credentials": []fields{{"type": "totp", "totp_secret": secret}}}
}

// shown returns the code that the app shows now.
func (b *bench) shown(t *testing.T) string {
	t.Helper()
	bytes, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return otp.TOTP(bytes, b.product.Clock.Now())
}

// The code of an app is accepted once, however many come at the same time (RFC 6238 §5.2), and only for
// its user.
func TestACodeOfAnAppCountsOnce(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	p := b.pool(t, nil)
	ref := b.ref(p, b.user(t, p, "active", systemtest.Address("ann"), "", withApp()))
	give := func(ref identity.UserRef, code string) error {
		u, err := b.TOTP(t.Context(), p, ref, code)
		if isRight := err == nil; isRight != (u.ID == ref.ID) {
			t.Errorf("the user is %+v: %v", u, err)
		}
		return err
	}
	others := map[string]identity.UserRef{
		"inactive": b.ref(p, b.user(t, p, "inactive", systemtest.Address("bob"), "", withApp())),
		"no app":   b.ref(p, b.user(t, p, "active", systemtest.Address("cy"), "")),
		"nobody":   b.ref(p, "nobody"),
	}
	for name, other := range others {
		if err := give(other, b.shown(t)); !isWrong(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := give(ref, ""); !errors.As(err, new(identity.Invalid)) {
		t.Errorf("without a code: %v", err)
	}
	if err := give(ref, systemtest.WrongCode(b.shown(t))); !isWrong(err) {
		t.Errorf("a wrong code: %v", err)
	}
	product.Clock.Advance(24 * time.Hour) // all guesses are left again
	if right, wrong, _ := atOnce(t, func(int) error { return give(ref, b.shown(t)) }); right != 1 || wrong != 19 {
		t.Errorf("of 20 at once %d are right, and %d wrong", right, wrong)
	}
	product.Clock.Advance(24 * time.Hour)
	for i := range 25 { // right codes are given back
		product.Clock.Advance(30 * time.Second)
		if err := give(ref, b.shown(t)); err != nil {
			t.Errorf("sign-in %d: %v", i, err)
		}
	}
	for range 20 { // guesses a day
		if err := give(ref, systemtest.WrongCode(b.shown(t))); !isWrong(err) {
			t.Errorf("a wrong code: %v", err)
		}
	}
	product.Clock.Advance(30 * time.Second)
	if err := give(ref, b.shown(t)); !isWrong(err) {
		t.Errorf("the right code after 20 wrong ones: %v", err)
	}
}
