package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"
)

// MaxWaiting is how many registrations wait for one mailbox of a tenant at the same time, in all of its pools together. The oldest
// gives way to one more.
const MaxWaiting = 5

// MailboxRef names a mailbox within a tenant, whatever pools and users have its address. Digest is that of MailboxDigest.
type MailboxRef struct{ Tenant, Digest string }

// NewMailboxRef names the mailbox of a normalized address of the type.
func NewMailboxRef(tenant string, kind IdentifierType, normalized string) MailboxRef {
	return MailboxRef{Tenant: tenant, Digest: MailboxDigest(kind, normalized)}
}

// MailboxDigest stands for the mailbox of a normalized address of the type, in 22 characters that a key may have. Spellings of an
// e-mail address that differ in case alone are one mailbox (see Mailbox).
func MailboxDigest(kind IdentifierType, normalized string) string {
	if box, err := NormalizeMailbox(normalized); kind == TypeEmail && err == nil {
		normalized = box
	}
	sum := sha256.Sum256([]byte(normalized))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// MailClass says whose mails a limit counts together.
type MailClass string

// The classes of mails. What strangers can cause does not count against what administrators ask for, and notices,
// which prove nothing, do not count against mails with a code, which prove the mailbox.
const (
	MailsOfPublic         MailClass = "mailed"  // mails with a code that anybody can cause: registrations, resends
	MailsOfNotices        MailClass = "noticed" // mails without a code that anybody can cause
	MailsOfAdministrators MailClass = "invited" // mails that administrators ask for
)

// MailClasses are all classes of mails.
func MailClasses() []MailClass {
	return []MailClass{MailsOfPublic, MailsOfNotices, MailsOfAdministrators}
}

// MailboxUse is what is counted of a mailbox within a tenant: the guesses at codes that were sent to it, the mails sent
// to it, the codes in the latest of them, and the registrations that wait for it.
type MailboxUse struct {
	Guesses  int64 // ever made: the number of the latest guess
	Spent    int64 // guesses made since the window opened that Reopens ends, with those that were refused
	Reopens  Time
	MailedAt map[MailClass][]Time // newest first, at most MailsKept of each class
	Codes    []MailedCode         // newest first, at most MailedCodesKept
	Waiting  []WaitingRef         // newest first, at most MaxWaiting
}

// MailedCodesKept is how many of the latest codes that were mailed to a mailbox prove it to any registration.
const MailedCodesKept = 2

// MailedCode is a code for activation that was mailed to a mailbox. Whoever has the ticket of a
// registration without a code of its own proves the mailbox with it, whatever pool of the tenant
// and whatever user it was made for: a stranger who uses up the mails to a mailbox can choose for
// which users they are, but not who reads them.
type MailedCode struct {
	User        UserRef // whom the code was made for
	MAC         []byte  // the first MarkLength bytes of the code's
	ExtendedMAC []byte
	MailedAt    Time
	ExpiresAt   Time
	LastGuess   int64 // as that of a Code; the table counts it
}

// Bears says whether the guess of a number may be compared with the code, as with a Code.
func (m MailedCode) Bears(guess int64) bool { return bears(m.LastGuess, guess) }

// MarkLength is how many bytes of a code's MAC are kept with its mailbox. They tell codes apart, and are not secret.
const MarkLength = 12

// Mail is a mail to a mailbox, as it is counted.
type Mail struct {
	Message   string // that it is of
	Class     MailClass
	Code      *MailedCode // in it; nil for a notice
	IsCounted bool        // it was counted when it was asked for
}

// WaitingRef names a registration that waits for a mailbox. Pool and User are digests (IDDigest),
// since ids may be long.
type WaitingRef struct {
	Pool, User, Registration string
	CreatedAt                Time
}

// IDDigest stands for an id of a tenant in 8 characters.
func IDDigest(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// IsOf says whether the registration belongs to a user.
func (w WaitingRef) IsOf(user string) bool { return w.User == IDDigest(user) }

// MayMail is nil where one more mail of the class may be sent now, else Limited.
func (u MailboxUse) MayMail(class MailClass, now time.Time, l Limits) error {
	var wait time.Duration
	times := u.MailedAt[class]
	if len(times) > 0 {
		wait = times[0].Add(time.Duration(l.MailPause)).Sub(now)
	}
	if n := int(l.MailsPerHour); len(times) >= n {
		wait = max(wait, times[n-1].Add(MailWindow).Sub(now))
	}
	if wait > 0 {
		return Limited{RetryAfter: wait, Reason: "a message was sent to this mailbox a moment ago, or too many were sent"}
	}
	return nil
}

// IsGuessedAt says whether so many guesses were made, since they were counted anew, that a code may
// be dead of them: a short one that is sent now may soon be, too.
func (u MailboxUse) IsGuessedAt(now time.Time) bool {
	return u.Spent >= CodeTries && now.Before(u.Reopens.Time)
}

// IsLocked says whether no short code that was sent to the mailbox may be tried until the guesses are counted anew.
func (u MailboxUse) IsLocked(now time.Time, l Limits) bool {
	return u.Spent >= l.GuessesPerDay && now.Before(u.Reopens.Time)
}

// PresentedToMailbox is a code as the holder of a ticket presents it for the mailbox of their registration.
type PresentedToMailbox struct {
	Codes   func(UserRef) Codes   // of the user whom a code was made for
	Paid    func(MailedCode) bool // whether the comparison with a code was paid for by a guess, or needs none
	Matches func(MailedCode) bool // compares in constant time
}

// RedeemMailed is the one of the codes mailed to a mailbox that was presented with a ticket. All
// are compared, so that time tells nothing. One that was redeemed, or whose user's codes were
// killed later or are gone, is of no use. Errors: InvalidCode, and ExpiredCode only where the code
// is otherwise right.
//
// The reason: a stranger who registers a mailbox again and again, under any user names and in any
// pools of the tenant, can use up the mails to it, so that no mail with a code of the owner's
// registration is sent. The owner then has a mail with a code of the stranger's registration, which
// proves the mailbox, and the ticket of their own registration, which is completed. The stranger
// has a ticket and no mail, and so can do nothing.
func (u MailboxUse) RedeemMailed(p PresentedToMailbox, now time.Time) (MailedCode, error) {
	var found *MailedCode
	for i := range u.Codes {
		code := &u.Codes[i]
		codes := p.Codes(code.User)
		isOfUse := codes.Version > 0 && !code.MailedAt.Before(codes.KilledAt.Time) &&
			!slices.Contains(codes.Spent, markOf(code.MAC))
		if right := p.Matches(*code); right && p.Paid(*code) && isOfUse {
			found = code
		}
	}
	switch {
	case found == nil:
		return MailedCode{}, InvalidCode{}
	case !now.Before(found.ExpiresAt.Time):
		return MailedCode{}, ExpiredCode{}
	}
	return *found, nil
}

// WaitingIn are the registrations that wait for the mailbox in a pool, newest first, without those that are over.
func (u MailboxUse) WaitingIn(pool string, now time.Time) []WaitingRef {
	return slices.DeleteFunc(slices.Clone(u.Waiting), func(w WaitingRef) bool {
		return w.Pool != IDDigest(pool) || !now.Before(w.CreatedAt.Add(RegistrationLifetime).Time)
	})
}

// IsCrowded says whether a registration that is not over may have given way, so that more have waited for the mailbox than are known.
func (u MailboxUse) IsCrowded(now time.Time) bool {
	return len(u.Waiting) == MaxWaiting && now.Before(u.Waiting[MaxWaiting-1].CreatedAt.Add(RegistrationLifetime).Time)
}

// Waits says whether a registration waits for the mailbox, and has not given way to later ones.
func (u MailboxUse) Waits(pool, registration string) bool {
	return slices.ContainsFunc(u.Waiting, func(w WaitingRef) bool {
		return w.Pool == IDDigest(pool) && w.Registration == registration
	})
}
