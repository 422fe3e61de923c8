package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"
)

// MaxWaiting is how many registrations wait for one mailbox of a tenant at the same time, in all of
// its pools together. A further one replaces the oldest.
const MaxWaiting = 5

// MailboxRef names a mailbox within a tenant, whatever pools and users have its address. Digest is
// the result of MailboxDigest.
type MailboxRef struct{ Tenant, Digest string }

// NewMailboxRef returns the name of the mailbox of a normalized address of the given type.
func NewMailboxRef(tenant string, kind IdentifierType, normalized string) MailboxRef {
	return MailboxRef{Tenant: tenant, Digest: MailboxDigest(kind, normalized)}
}

// MailboxDigest returns the digest of the mailbox of a normalized address of the given type, in 22
// characters that a key may have. Spellings of an e-mail address that differ only in case are one
// mailbox (see Mailbox).
func MailboxDigest(kind IdentifierType, normalized string) string {
	if box, err := NormalizeMailbox(normalized); kind == TypeEmail && err == nil {
		normalized = box
	}
	return AddressDigest(normalized)
}

// AddressDigest returns the digest of a normalized address in 22 characters. Spellings that differ in case
// have different digests in a pool that minds case.
func AddressDigest(normalized string) string {
	sum := sha256.Sum256([]byte(normalized))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// NobodyRef returns a name in the form of a mailbox for guesses at the codes of somebody who has none. It
// is the name of no mailbox.
func NobodyRef(tenant, name string) MailboxRef {
	sum := sha256.Sum256([]byte("nobody#" + name))
	return MailboxRef{Tenant: tenant, Digest: base64.RawURLEncoding.EncodeToString(sum[:16])}
}

// MailClass is a class of mails. A limit counts the mails of each class apart.
type MailClass string

// The classes of mails. The mails that strangers can cause do not count against those that
// administrators ask for. Notices, which prove nothing, do not count against mails with a code,
// which prove the mailbox.
const (
	MailsOfPublic         MailClass = "mailed"  // mails with a code that anybody can cause: registrations, resends
	MailsOfNotices        MailClass = "noticed" // mails without a code that anybody can cause
	MailsOfAdministrators MailClass = "invited" // mails that administrators ask for
	MailsOfBackEnds       MailClass = "asked"   // mails with a code that back ends ask for, but for activation
)

// MailClasses returns all classes of mails.
func MailClasses() []MailClass {
	return []MailClass{MailsOfPublic, MailsOfNotices, MailsOfAdministrators, MailsOfBackEnds}
}

// MailboxUse has the counters of a mailbox within a tenant: the guesses at codes that were sent to
// it, the mails to it, the codes in the latest of them, and the registrations that wait for it. It
// is the one budget of guesses and of mails for codes of all purposes.
type MailboxUse struct {
	Guesses  int64                // the number of the latest guess, which is how many were ever made
	Run      int64                // the number of the first of the latest guesses that were all the same
	Spent    int64                // how many were made in the present window, with those that were refused
	Reopens  Time                 // the end of the present window
	MailedAt map[MailClass][]Time // the newest first, at most MailsKept of each class
	Codes    []MailedCode         // the newest first, at most MailedCodesKept
	Waiting  []WaitingRef         // the newest first, at most MaxWaiting
}

// MailedCodesKept is how many of the latest codes that were mailed to a mailbox prove it for any
// registration.
const MailedCodesKept = 2

// MailedCode is a code for activation that was mailed to a mailbox. It proves the mailbox for
// everybody who has the ticket of a registration that has no code of its own, whatever pool of the
// tenant and whatever user the code was made for: a stranger who uses up the mails to a mailbox can
// choose which users the mails are for, but not who reads them.
type MailedCode struct {
	User        UserRef // the user whom the code was made for
	MAC         []byte  // the first MarkLength bytes of the code's MAC
	ExtendedMAC []byte  // the first MarkLength bytes of the extended code's MAC
	MailedAt    Time
	ExpiresAt   Time
	LastGuess   int64 // the same as Code.LastGuess; the table sets it
}

// Bears reports whether the guess with the given number may be compared with the code: see
// Code.Bears.
func (m MailedCode) Bears(guess int64) bool { return bears(m.LastGuess, guess) }

// MarkLength is how many bytes of a code's MAC are kept with its mailbox. They tell codes apart and
// are not secret.
const MarkLength = 12

// Mail is a mail to a mailbox, as it is counted.
type Mail struct {
	Message   string // the message that the mail is sent for
	Class     MailClass
	Code      *MailedCode // the code in the mail; nil for a notice
	IsCounted bool        // whether it was counted when it was asked for
}

// WaitingRef is the name of a registration that waits for a mailbox. Pool and User are digests
// (IDDigest), since ids may be long.
type WaitingRef struct {
	Pool, User, Registration string
	CreatedAt                Time
}

// IDDigest returns a digest of an id in 8 characters, which no other id of the tenant is likely to
// have.
func IDDigest(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// IsOf reports whether the registration belongs to the user with the given id.
func (w WaitingRef) IsOf(user string) bool { return w.User == IDDigest(user) }

// MayMail returns nil if one more mail of the class may be sent now. Errors: Limited.
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

// IsGuessedAt reports whether so many guesses were made in the present window that a code may have
// no guess left. A short code that is sent now may soon have none either.
func (u MailboxUse) IsGuessedAt(now time.Time) bool {
	return u.Spent >= CodeTries && now.Before(u.Reopens.Time)
}

// IsLocked reports whether no short code that was sent to the mailbox may be tried before the end of
// the present window.
func (u MailboxUse) IsLocked(now time.Time, l Limits) bool {
	return u.Spent >= l.GuessesPerDay && now.Before(u.Reopens.Time)
}

// PresentedToMailbox is a code that the holder of a ticket presents for the mailbox of their
// registration.
type PresentedToMailbox struct {
	Codes   func(UserRef) Codes   // returns the codes of the user whom a code was made for
	Paid    func(MailedCode) bool // reports whether the comparison with a code was paid for by a guess, or needs none
	Matches func(MailedCode) bool // compares in constant time
}

// RedeemMailed returns the code that was presented with a ticket, which is one of those that were
// mailed to the mailbox last. It compares all of them, so that the time that it takes tells nothing.
// It does not accept a code that was redeemed, or one whose user's codes were killed later or are
// gone.
//
// Errors: InvalidCode; ExpiredCode, only if the code is right otherwise.
//
// The reason for the rule: a stranger who registers a mailbox again and again, under any user names
// and in any pools of the tenant, can use up the mails to it, so that no mail with a code of the
// owner's registration is sent. The owner then has a mail with a code of the stranger's
// registration, which proves the mailbox, and the ticket of their own registration, which the two
// complete. The stranger has a ticket and no mail, and can do nothing with it.
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

// WaitingIn returns the registrations that wait for the mailbox in a pool, the newest first, without
// those that have ended.
func (u MailboxUse) WaitingIn(pool string, now time.Time) []WaitingRef {
	return slices.DeleteFunc(slices.Clone(u.Waiting), func(w WaitingRef) bool {
		return w.Pool != IDDigest(pool) || !now.Before(w.CreatedAt.Add(RegistrationLifetime).Time)
	})
}

// IsCrowded reports whether a registration that has not ended may have been replaced, so that more
// have come for the mailbox than are known.
func (u MailboxUse) IsCrowded(now time.Time) bool {
	return len(u.Waiting) == MaxWaiting && now.Before(u.Waiting[MaxWaiting-1].CreatedAt.Add(RegistrationLifetime).Time)
}

// Waits reports whether a registration waits for the mailbox and was not replaced by later ones.
func (u MailboxUse) Waits(pool, registration string) bool {
	return slices.ContainsFunc(u.Waiting, func(w WaitingRef) bool {
		return w.Pool == IDDigest(pool) && w.Registration == registration
	})
}
