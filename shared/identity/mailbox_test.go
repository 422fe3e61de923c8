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
		err := row.use.MayMail(identity.MailsOfPublic, start(), usual())
		if (err != nil) != (row.wait > 0) ||
			err != nil && (!errors.As(err, &limited) || limited.RetryAfter != row.wait) {
			t.Errorf("%s: %v, wait %s, want %s", row.name, err, limited.RetryAfter, row.wait)
		}
		if err := row.use.MayMail(identity.MailsOfAdministrators, start(), usual()); err != nil {
			t.Errorf("%s: what strangers cause keeps an administrator's mail back: %v", row.name, err)
		}
	}
}

func TestAMailboxIsLockedUntilItReopens(t *testing.T) {
	t.Parallel()
	use := identity.MailboxUse{Guesses: 40, Spent: 20, Reopens: identity.At(at(time.Hour))}
	if !use.IsLocked(start(), usual()) ||
		use.IsLocked(at(time.Hour), usual()) || (identity.MailboxUse{}).IsLocked(start(), usual()) {
		t.Error("the mailbox is locked when it should not be, or the other way round")
	}
	if use.Spent = 19; use.IsLocked(start(), usual()) {
		t.Error("a guess is left, and the mailbox is locked")
	}
}

func TestWhichRegistrationsWait(t *testing.T) {
	t.Parallel()
	ref := func(pool, id string, after time.Duration) identity.WaitingRef {
		return identity.WaitingRef{Pool: pool, User: "u", Registration: id, CreatedAt: identity.At(at(after))}
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
