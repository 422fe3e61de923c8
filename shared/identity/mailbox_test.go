package identity_test

import (
	"errors"
	"testing"
	"time"

	"identitypools/shared/identity"
)

// Spellings that reach one mailbox are counted together, whatever the pool tells apart; other addresses are not.
func TestAMailboxHasOneDigest(t *testing.T) {
	t.Parallel()
	one := identity.MailboxDigest(identity.TypeEmail, "ann@example.com")
	for _, row := range []struct {
		name, value string
		kind        identity.IdentifierType
		same        bool
	}{
		{"the same address", "ann@example.com", identity.TypeEmail, true},
		{"capitals", "ANN@Example.com", identity.TypeEmail, true},
		{"another address", "anne@example.com", identity.TypeEmail, false},
		{"a tag, which some servers take for another mailbox", "ann+x@example.com", identity.TypeEmail, false},
		{"a phone number", "+15550100", identity.TypeMobile, false},
	} {
		got := identity.MailboxDigest(row.kind, row.value)
		if (got == one) != row.same || !identity.ValidID(got) || len(got) != 22 {
			t.Errorf("%s: %q", row.name, got)
		}
	}
}

// Case folding takes some letters for others, which mail servers do not.
func TestAMailboxIsNoFoldedAddress(t *testing.T) {
	t.Parallel()
	digest := func(address string) string { return identity.MailboxDigest(identity.TypeEmail, address) }
	if digest("straße@example.com") == digest("strasse@example.com") {
		t.Error("straße and strasse are one mailbox")
	}
	if digest("Jörg@example.com") != digest("jÖRG@example.com") {
		t.Error("spellings in upper and lower case are two mailboxes")
	}
}

// A pause of a minute and five an hour, in a window that slides, for each class of mails.
func TestMailsAreLimited(t *testing.T) {
	t.Parallel()
	ago := func(minutes ...time.Duration) identity.MailboxUse {
		u := identity.MailboxUse{MailedAt: map[identity.MailClass][]identity.Time{}}
		for _, m := range minutes {
			u.MailedAt[identity.MailsOfPublic] = append(u.MailedAt[identity.MailsOfPublic],
				identity.At(at(-m*time.Minute)))
		}
		return u
	}
	for _, row := range []struct {
		name string
		use  identity.MailboxUse
		wait time.Duration
	}{
		{"none before", ago(), 0},
		{"one a moment ago", ago(0), time.Minute},
		{"one a minute ago", ago(1), 0},
		{"five in the hour", ago(2, 5, 10, 20, 59), time.Minute},
		{"five in a little more than the hour", ago(2, 5, 10, 20, 60), 0},
		{"five in the hour, the last a moment ago", ago(0, 5, 10, 20, 50), 10 * time.Minute},
		{"more in the hour than the limit now is", ago(2, 3, 4, 5, 20, 30, 40), 40 * time.Minute},
	} {
		var limited identity.Limited
		err := row.use.MayMail(identity.MailsOfPublic, start(), defaultLimits())
		if (err != nil) != (row.wait > 0) ||
			err != nil && (!errors.As(err, &limited) || limited.RetryAfter != row.wait) {
			t.Errorf("%s: %v, wait %s, want %s", row.name, err, limited.RetryAfter, row.wait)
		}
		if err := row.use.MayMail(identity.MailsOfAdministrators, start(), defaultLimits()); err != nil {
			t.Errorf("%s: what strangers cause keeps an administrator's mail back: %v", row.name, err)
		}
	}
}

func TestAMailboxIsLockedUntilItReopens(t *testing.T) {
	t.Parallel()
	use := identity.MailboxUse{Guesses: 40, Spent: 20, Reopens: identity.At(at(time.Hour))}
	if !use.IsLocked(start(), defaultLimits()) ||
		use.IsLocked(at(time.Hour), defaultLimits()) || (identity.MailboxUse{}).IsLocked(start(), defaultLimits()) {
		t.Error("the mailbox is locked when it should not be, or the other way round")
	}
	if use.Spent = 19; use.IsLocked(start(), defaultLimits()) {
		t.Error("a guess is left, and the mailbox is locked")
	}
}

func TestWhichRegistrationsWait(t *testing.T) {
	t.Parallel()
	ref := func(pool, id string, after time.Duration) identity.WaitingRef {
		return identity.WaitingRef{
			Pool: identity.IDDigest(pool), User: identity.IDDigest("u"), Registration: id, CreatedAt: identity.At(at(after)),
		}
	}
	use := identity.MailboxUse{Waiting: []identity.WaitingRef{
		ref("shop", "c", time.Hour), ref("other", "b", 0), ref("shop", "a", 0),
	}}
	if got := use.WaitingIn("shop", at(2*time.Hour)); len(got) != 2 ||
		got[0].Registration != "c" || got[1].Registration != "a" {
		t.Errorf("in the pool wait %+v", got)
	}
	if got := use.WaitingIn("shop", at(identity.RegistrationLifetime)); len(got) != 1 || got[0].Registration != "c" {
		t.Errorf("after the lifetime of the first wait %+v", got)
	}
	if w := use.Waiting[0]; !w.IsOf("u") || w.IsOf("v") {
		t.Error("the registration is not of its user alone")
	}
	if !use.Waits("other", "b") || use.Waits("shop", "b") || use.Waits("shop", "z") {
		t.Error("a registration of another pool waits, or one does not that should")
	}
}

// A code bears the five guesses that are paid for after it was issued, and none that was paid for
// before: such a payment would be compared with each new code anew.
func TestACodeBearsTheGuessesAfterIt(t *testing.T) {
	t.Parallel()
	codes := identity.Codes{}.Issued(identity.Code{}, 7, start(), time.Hour)
	for guess, want := range map[int64]bool{0: false, 7: false, 8: true, 12: true, 13: false} {
		if got := codes.Live[0].Bears(guess); got != want {
			t.Errorf("guess %d of a code that was issued after 7: %t", guess, got)
		}
	}
}

func TestAMailboxIsCrowdedWhereOneMayHaveGivenWay(t *testing.T) {
	t.Parallel()
	var use identity.MailboxUse
	for i := range identity.MaxWaiting {
		if use.IsCrowded(at(time.Hour)) {
			t.Errorf("%d registrations crowd it", i)
		}
		use.Waiting = append(use.Waiting,
			identity.WaitingRef{Pool: "shop", CreatedAt: identity.At(at(-time.Duration(i) * time.Hour))})
	}
	oldest := at(-4 * time.Hour)
	if !use.IsCrowded(oldest.Add(identity.RegistrationLifetime-time.Millisecond)) ||
		use.IsCrowded(oldest.Add(identity.RegistrationLifetime)) {
		t.Error("it is not crowded as long as the oldest is not over")
	}
}

// A code that was mailed to a mailbox proves it until it was redeemed, killed, guessed at too often or has expired.
func TestACodeProvesTheMailboxThatItWasMailedTo(t *testing.T) {
	t.Parallel()
	mac := []byte("twelve bytes")
	user := identity.UserRef{Tenant: "default", Pool: "shop", ID: "u"}
	mailed := identity.MailedCode{
		User: user, MAC: mac, MailedAt: identity.At(start()), ExpiresAt: identity.At(at(time.Hour)), LastGuess: 5,
	}
	stored, right, invalid := identity.Codes{Version: 1}, string(mac), identity.InvalidCode{}
	redeemed := stored.Redeemed(identity.Code{MAC: append(mac, "and more"...)})
	for name, row := range map[string]struct {
		codes identity.Codes
		guess int64
		mac   string
		after time.Duration
		want  error
	}{
		"a right one":                       {stored, 5, right, time.Hour - time.Millisecond, nil},
		"a wrong one":                       {stored, 5, "other", 0, invalid},
		"after five guesses":                {stored, 6, right, 0, invalid},
		"paid for before it was mailed":     {stored, 0, right, 0, invalid},
		"at its end":                        {stored, 5, right, time.Hour, identity.ExpiredCode{}},
		"after it was redeemed":             {redeemed, 5, right, 0, invalid},
		"after another was redeemed":        {stored.Redeemed(identity.Code{MAC: []byte("another one!")}), 5, right, 0, nil},
		"after it was redeemed by another":  {stored.WithoutMailed(mailed, identity.MailboxRef{}), 5, right, 0, invalid},
		"after all were killed":             {identity.Codes{Version: 1}.Killed(at(time.Millisecond)), 5, right, 0, invalid},
		"after all from before were killed": {identity.Codes{Version: 1}.Killed(start()), 5, right, 0, nil},
		"whose user's codes are gone":       {identity.Codes{}, 5, right, 0, invalid},
	} {
		use := identity.MailboxUse{Codes: []identity.MailedCode{{User: user, MAC: []byte("the newest!!")}, mailed}}
		got, err := use.RedeemMailed(identity.PresentedToMailbox{
			Codes:   func(identity.UserRef) identity.Codes { return row.codes },
			Paid:    func(m identity.MailedCode) bool { return m.Bears(row.guess) },
			Matches: func(m identity.MailedCode) bool { return string(m.MAC) == row.mac },
		}, at(row.after))
		if !errors.Is(err, row.want) || err == nil && got.User != user {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, row.want)
		}
	}
}

// Only the codes that were mailed to the mailbox die with one that was redeemed with another's
// ticket, and the last marks are kept.
func TestWhatDiesWithAMailedCode(t *testing.T) {
	t.Parallel()
	code := func(registration, address string) identity.Code {
		return identity.Code{
			Registration: registration, AddressType: identity.TypeEmail, Normalized: address, MAC: []byte(registration),
		}
	}
	codes := identity.Codes{}.Issued(code("r1", "ann@example.com"), 0, start(), time.Hour).
		Issued(code("r2", "ben@example.com"), 0, start(), time.Hour)
	box := identity.NewMailboxRef("", identity.TypeEmail, "Ann@example.com")
	got := codes.WithoutMailed(identity.MailedCode{MAC: []byte("r1")}, box)
	if len(got.Live) != 1 || got.Live[0].Registration != "r2" || len(got.Spent) != 1 || len(codes.Live) != 2 {
		t.Errorf("%+v", got)
	}
	for range 100 {
		got = got.Redeemed(code("r3", "ann@example.com"))
	}
	if len(got.Spent) != 50 || len(got.Live) != 0 {
		t.Errorf("%d marks are kept, and %d codes live", len(got.Spent), len(got.Live))
	}
}
