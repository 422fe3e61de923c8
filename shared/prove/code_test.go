package prove_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// ask asks for a code in English, and returns the mails to an address.
func (b *bench) ask(t *testing.T, pools []identity.Pool, identifier, to string) []parttest.Mail {
	t.Helper()
	o := identity.MessageOptions{Language: "en", CodeType: identity.CodeTypeLink} // the type does not count
	if err := b.AskCode(t.Context(), pools, identifier, o, once.Reply[once.None]{}); err != nil {
		t.Fatal(err)
	}
	b.product.DeliverAll(t)
	return b.product.Inbox.Mails(t, to)
}

// Whoever is registered gets a code, and signs in with it once.
func TestACodeSignsIn(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	pools := []identity.Pool{b.pool(t, nil), b.pool(t, fields{"authentication_mechanisms": []string{"email_otp"}})}
	email, name := systemtest.Address("ann"), "ann-"+systemtest.Unique()
	b.user(t, pools[0], "new", email, "") // a stranger has registered the address
	id := b.user(t, pools[1], "active", email, "", fields{
		"identifiers": []fields{{"identifier": email, "type": "email"}, {"identifier": name, "type": "uid"}},
	})
	for _, identifier := range []string{strings.ToUpper(email), name} { // both codes go to the one address
		product.Clock.Advance(2 * time.Minute)
		mails := b.ask(t, pools, identifier, email)
		if len(mails) == 0 {
			t.Fatalf("no mail for %s", identifier)
		}
		m := mails[len(mails)-1]
		code := systemtest.CodeIn(t, m)
		if strings.Contains(m.Text, "http") || !strings.Contains(m.Text, "sign in") {
			t.Errorf("the mail is %s", m.Text)
		}
		redeem := func(code, form string) error {
			p, u, err := b.RedeemCode(t.Context(), pools, identifier, code, form)
			if isRight := err == nil; isRight != (u.ID == id) || isRight && p.ID != pools[1].ID || u.PasswordHash != "" {
				t.Errorf("a code is that of %s in %s: %v", u.ID, p.ID, err)
			}
			return err
		}
		if err := redeem(systemtest.WrongCode(code), "form"); !isWrong(err) {
			t.Errorf("a wrong code: %v", err)
		}
		for range 2 { // a double click
			if err := redeem(" "+code[:3]+" "+code[3:], identifier); err != nil {
				t.Errorf("the right code: %v", err)
			}
		}
		for _, form := range []string{"another form", ""} {
			if err := redeem(code, form); !isWrong(err) {
				t.Errorf("a used code: %v", err)
			}
		}
	}
	err := b.AskCode(t.Context(), pools, "ü@example.com", identity.MessageOptions{}, once.Reply[once.None]{})
	if !errors.As(err, new(identity.Invalid)) {
		t.Errorf("an address that cannot receive mail: %v", err)
	}
	if _, _, err := b.RedeemCode(t.Context(), pools, email, "", ""); !errors.As(err, new(identity.Invalid)) {
		t.Errorf("without a code: %v", err)
	}
}

// Only the holder of the right code learns that it has expired. A new password kills it.
func TestACodeForSigningInEnds(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	pools := []identity.Pool{b.pool(t, nil)}
	email := systemtest.Address("ann")
	id := b.user(t, pools[0], "active", email, "")
	redeem := func(code string) error {
		_, _, err := b.RedeemCode(t.Context(), pools, email, code, "")
		return err
	}
	code := systemtest.CodeIn(t, b.ask(t, pools, email, email)[0])
	product.Clock.Advance(6 * time.Minute)
	if err := redeem(code); !errors.As(err, new(identity.ExpiredCode)) {
		t.Errorf("an expired code: %v", err)
	}
	if err := redeem(systemtest.WrongCode(code)); !isWrong(err) {
		t.Errorf("a wrong code, when the right one has expired: %v", err)
	}
	code = systemtest.CodeIn(t, b.ask(t, pools, email, email)[1])
	path := "/pools/" + pools[0].ID + "/users/" + id
	b.tenant.Admin.Must(t, 200, "PUT", path, fields{"status": "inactive"})
	if err := redeem(code); !isWrong(err) {
		t.Errorf("a code of a user who is inactive: %v", err)
	}
	b.tenant.Admin.Must(t, 200, "PUT", path, fields{"status": "active"})
	if err := redeem(code); !isWrong(err) {
		t.Errorf("a code from before: %v", err)
	}
}

// Nobody else gets a mail, and no code works for them.
func TestWhoGetsNoCode(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	p, closed := b.pool(t, nil), b.pool(t, fields{"authentication_mechanisms": []string{"password"}})
	inactive, fresh, shut := systemtest.Address("ann"), systemtest.Address("bob"), systemtest.Address("cy")
	name := systemtest.Unique()
	off := b.user(t, p, "inactive", inactive, "")
	b.user(t, p, "new", fresh, "")
	id := b.user(t, closed, "active", shut, "")
	b.user(t, p, "active", "", "", fields{ // has no address
		"identifiers": []fields{{"identifier": name, "type": "uid"}},
	})
	unproved := systemtest.Address("dee")
	b.user(t, p, "active", "", "", fields{
		"identifiers":          []fields{{"identifier": name + "2", "type": "uid"}},
		"verifiable_addresses": []fields{{"address": unproved, "type": "email"}},
	})
	for identifier, to := range map[string]string{
		inactive: inactive, fresh: fresh, systemtest.Address("nobody"): "", name: "",
		name + "2": unproved, unproved: unproved,
	} {
		if mails := b.ask(t, []identity.Pool{p}, identifier, to); to != "" && len(mails) > 0 {
			t.Errorf("%s gets %s", identifier, mails[0].Text)
		}
	}
	if mails := b.ask(t, []identity.Pool{closed}, shut, shut); len(mails) > 0 {
		t.Errorf("in a pool without such codes somebody gets %s", mails[0].Text)
	}
	for _, of := range []struct {
		pool      identity.Pool
		id, email string
	}{{closed, id, shut}, {p, off, inactive}} {
		path := "/pools/" + of.pool.ID + "/users/" + of.id + "/code/generate"
		made := b.tenant.System.Must(t, 201, "POST", path, fields{"type": "authentication"})
		for _, form := range []string{"code", "extended_code"} {
			_, u, err := b.RedeemCode(t.Context(), []identity.Pool{of.pool}, of.email, made.Text(t, form), "form")
			if !isWrong(err) || u.ID != "" {
				t.Errorf("the %s of %s signs in: %v", form, of.email, err)
			}
		}
	}
}

// Strangers who use up the guesses at short codes keep nobody out: the mail then has a code that needs none.
func TestGuessesKeepNobodyOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, newProduct(t))
	pools := []identity.Pool{b.pool(t, nil), b.pool(t, nil)}
	email := systemtest.Address("ann")
	id := b.user(t, pools[1], "active", email, "")
	code := systemtest.CodeIn(t, b.ask(t, pools, email, email)[0])
	atOnce(t, func(i int) error {
		_, _, err := b.RedeemCode(t.Context(), pools, email, systemtest.WrongCode(code)+strings.Repeat("0", i), "")
		return err
	})
	if _, _, err := b.RedeemCode(t.Context(), pools, email, code, ""); !isWrong(err) {
		t.Errorf("the right code after 20 wrong ones: %v", err)
	}
	b.product.Clock.Advance(2 * time.Minute)
	m := b.ask(t, pools, email, email)[1]
	extended := regexp.MustCompile(`(?m)^\s+(\S{30,})$`).FindStringSubmatch(m.Text)
	if extended == nil {
		t.Fatalf("the mail is %s", m.Text)
	}
	if _, u, err := b.RedeemCode(t.Context(), pools, email, extended[1], ""); err != nil || u.ID != id {
		t.Errorf("the long code: %v", err)
	}
}

// Of 20 who give one code at the same time, one signs in; of 20 clicks at one form, all do.
func TestOneCodeSignsInOnce(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	pools := []identity.Pool{b.pool(t, nil), b.pool(t, nil)}
	for form, want := range map[string]int{"": 1, "one form": 20} {
		email := systemtest.Address("ann")
		b.user(t, pools[1], "active", email, "")
		code := systemtest.CodeIn(t, b.ask(t, pools, email, email)[0])
		right, wrong, _ := atOnce(t, func(int) error {
			request := form
			if request == "" {
				request = systemtest.Unique()
			}
			_, _, err := b.RedeemCode(t.Context(), pools, email, code, request)
			return err
		})
		if right != want || right+wrong != 20 {
			t.Errorf("%q: %d have signed in, and %d not", form, right, wrong)
		}
	}
}

// A code is a second factor only by itself: one that was the first is not taken again.
func TestACodeIsASecondFactor(t *testing.T) {
	t.Parallel()
	product := newProduct(t)
	b := newBench(t, product)
	p := b.pool(t, fields{
		"authentication_mechanisms":               []string{"otp", "password"},
		"second_factor_authentication_mechanisms": []string{"email_otp"},
	})
	without := b.pool(t, nil)
	email := systemtest.Address("ann")
	ref, other := b.ref(p, b.user(t, p, "active", email, "")), b.ref(without, b.user(t, without, "active", email, ""))
	code := systemtest.CodeIn(t, b.ask(t, []identity.Pool{p}, email, email)[0])
	if _, _, err := b.RedeemCode(t.Context(), []identity.Pool{p}, email, code, "form"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RedeemSecond(t.Context(), p, ref, code, "form"); !isWrong(err) {
		t.Errorf("the code of the first factor is the second: %v", err)
	}
	for _, of := range []struct {
		pool  identity.Pool
		ref   identity.UserRef
		mails int
	}{{without, other, 1}, {p, ref, 2}} {
		product.Clock.Advance(2 * time.Minute)
		err := b.AskSecond(t.Context(), of.pool, of.ref, identity.MessageOptions{Language: "en"}, once.Reply[once.None]{})
		product.DeliverAll(t)
		if mails := product.Inbox.Mails(t, email); err != nil || len(mails) != of.mails {
			t.Fatalf("%d mails, want %d: %v", len(mails), of.mails, err)
		}
	}
	code = systemtest.CodeIn(t, product.Inbox.Mails(t, email)[1])
	if _, err := b.RedeemSecond(t.Context(), without, other, code, "second"); !isWrong(err) {
		t.Errorf("in a pool without a second factor: %v", err)
	}
	for range 2 {
		if u, err := b.RedeemSecond(t.Context(), p, ref, code, "second"); err != nil || u.ID != ref.ID {
			t.Errorf("the second code: %v", err)
		}
	}
	if _, _, err := b.RedeemCode(t.Context(), []identity.Pool{p}, email, code, "second"); !isWrong(err) {
		t.Errorf("the code of the second factor is the first: %v", err)
	}
}
