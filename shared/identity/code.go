package identity

import (
	"encoding/base64"
	"slices"
	"time"
)

// Limits of one-time codes and of the mails that carry them.
const (
	CodeTries     = 5                // guesses that may be compared with a code (NIST SP 800-63B-4 §3.2.2)
	GuessWindow   = 24 * time.Hour   // the time in which Limits.GuessesPerDay guesses are allowed
	MailWindow    = time.Hour        // the time in which Limits.MailsPerHour mails are allowed
	MaxLiveCodes  = 5                // of one user for one purpose, besides one that strangers may have asked for
	maxSpent      = 50               // marks of redeemed codes that are kept with a user's codes
	expiredIsKept = 24 * time.Hour   // how long the holder of an expired code is told that it expired
	usedIsKept    = 10 * time.Minute // how long a request that redeemed a code may be repeated
	MaxRepeats    = 20               // of one request that redeemed a code
)

// Code is the stored record of a one-time code. It never contains the code itself.
//
// Each registration has at most one code, and at most one code belongs to no registration. A new
// code replaces the old one at once. Beside each of these there is at most one code that was asked
// for again without the ticket.
type Code struct {
	Registration  string         `json:"registration,omitempty"` // the registration that the code was sent for
	Message       string         `json:"message,omitempty"`      // the message that the code was made for, by which a repeat is recognized
	AskedAt       Time           `json:"asked_at,omitzero"`      // when that message was asked for; zero if no mail was
	Address       string         `json:"address"`                // as it was mailed
	Normalized    string         `json:"normalized"`             // the address that the code proves
	AddressType   IdentifierType `json:"address_type"`
	MAC           []byte         `json:"mac"`
	ExtendedMAC   []byte         `json:"extended_mac"`
	ExpiresAt     Time           `json:"expires_at"`
	LastGuess     int64          `json:"last_guess"`               // the number of the mailbox's last guess that may be compared with the code
	Epoch         string         `json:"epoch,omitempty"`          // the epoch of its user in which the code was made: see IsFor
	NeedsPassword bool           `json:"needs_password,omitempty"` // the code was sent anew, and completes a registration only with its ticket
	IsPublic      bool           `json:"public,omitempty"`         // a stranger may have asked for the code
	IsAskedAgain  bool           `json:"again,omitempty"`          // a stranger without a ticket may have asked for the code
}

// MailboxRef returns the mailbox that the code was sent to, whose guesses are counted.
func (c Code) MailboxRef(tenant string) MailboxRef {
	return NewMailboxRef(tenant, c.AddressType, c.Normalized)
}

// IsFor reports whether the code, which is for the purpose, was made for u in its present epoch. An
// epoch ends when the user's status changes or the user is deleted. So a change of status and a
// deletion kill the codes of all purposes, and a user who is made again under the same id inherits
// none. A code without an epoch was made by an earlier release and is not for u.
//
// For activation the epoch does not count, since such codes die with the user's stored codes
// (Codes.KilledAt). While releases run side by side, the earlier one drops the epoch of a user whom it
// changes, and the invitation of that user must not die.
func (c Code) IsFor(u User, purpose CodePurpose) bool {
	return purpose == PurposeActivation || c.Epoch == u.CodesEpoch()
}

// Bears reports whether the guess with the given number may be compared with the code. It may if it
// is one of the CodeTries guesses that were paid for after the code was issued.
func (c Code) Bears(guess int64) bool { return bears(c.LastGuess, guess) }

func bears(last, guess int64) bool { return guess > last-CodeTries && guess <= last }

// markOf returns the mark of a code with the given MAC. It tells the code apart from others that
// were mailed to the same mailbox.
func markOf(mac []byte) string {
	return base64.RawURLEncoding.EncodeToString(mac[:min(MarkLength, len(mac))])
}

// Codes are the codes of one user for one purpose.
type Codes struct {
	Live     []Code
	Spent    []string // the marks of the codes that were redeemed last, at most maxSpent
	Used     *Use     // the redemption that was made last; nil if none is remembered
	KilledAt Time     // when all live codes were killed; a message from before is of no use any more
	Version  int64    // 0 while nothing is stored
}

// Use is the redemption of a code. It is remembered so that a repeat of the request that made it, such
// as the second click of a double click, gets the same answer.
type Use struct {
	Request   []byte // the MAC of the code and of what identifies the request: see onetime.Proof
	User      string // the id of the user who was activated
	Version   int64  // the version of that user as the redemption left it
	Mailbox   string // the digest of the mailbox whose guesses are spent
	LastGuess int64  // the same as Code.LastGuess
	At        Time
}

// Bears reports whether the guess with the given number may be compared with the code that was
// redeemed: see Code.Bears.
func (u Use) Bears(guess int64) bool { return bears(u.LastGuess, guess) }

// IsKept reports whether a repeat of the request may still get the same answer.
func (u Use) IsKept(now time.Time) bool { return now.Before(u.At.Add(usedIsKept).Time) }

// UserCodes are the codes of a user for one purpose, with the names of both.
type UserCodes struct {
	User    UserRef
	Purpose CodePurpose
	Codes
}

// Issued returns the codes with code as the live one of its registration. It expires after ttl.
// Guesses is the number of the latest guess at codes of the code's mailbox.
func (c Codes) Issued(code Code, guesses int64, now time.Time, ttl time.Duration) Codes {
	code.ExpiresAt, code.LastGuess = At(now).Add(ttl), guesses+CodeTries
	live := slices.DeleteFunc(slices.Clone(c.Live), func(old Code) bool {
		return code.replaces(old) || old.ExpiresAt.Add(expiredIsKept).Before(now)
	})
	c.Live = append(live, code)
	if len(c.Live) <= MaxLiveCodes {
		return c
	}
	i := slices.IndexFunc(c.Live[:len(c.Live)-1], func(old Code) bool {
		return old.IsPublic || !now.Before(old.ExpiresAt.Time)
	})
	if i < 0 && code.IsPublic && len(c.Live) == MaxLiveCodes+1 {
		return c // what a stranger asks for displaces nobody else's code: it is one more
	}
	c.Live = slices.Delete(c.Live, max(0, i), max(0, i)+1)
	return c
}

// HasNewer reports whether code, which is made for a message, would replace one whose message was asked for
// later. The queue of mails does not keep the order of messages, and the code of the last mail must be the
// one that is valid.
func (c Codes) HasNewer(code Code) bool {
	return !code.AskedAt.IsZero() && slices.ContainsFunc(c.Live, func(old Code) bool {
		return code.replaces(old) && old.Message != code.Message && code.AskedAt.Before(old.AskedAt.Time)
	})
}

// replaces reports whether the code takes the place of an old one. A code of no registration that a
// stranger may have asked for does not replace one that an administrator or a back end has asked for.
func (c Code) replaces(old Code) bool {
	if c.Registration == "" && c.IsPublic && !old.IsPublic {
		return false
	}
	return old.Registration == c.Registration && old.IsAskedAgain == c.IsAskedAgain
}

// MadeFor reports whether a live code was made for the message.
func (c Codes) MadeFor(message string) bool {
	return slices.ContainsFunc(c.Live, func(code Code) bool { return code.Message == message })
}

// Killed returns the codes after all live ones have been killed.
func (c Codes) Killed(now time.Time) Codes {
	c.Live, c.KilledAt = nil, At(now)
	return c
}

// Redeemed returns the codes after code was redeemed. No code is live any more, since the purpose
// of all of them has been served.
func (c Codes) Redeemed(code Code) Codes {
	c.Live = nil
	return c.spent(markOf(code.MAC))
}

// WithoutMailed returns the codes after m, which was made for their user, was redeemed with the
// ticket of another user's registration. No code that was mailed to the same mailbox is live any
// more.
func (c Codes) WithoutMailed(m MailedCode, box MailboxRef) Codes {
	c.Live = slices.DeleteFunc(slices.Clone(c.Live), func(code Code) bool { return code.MailboxRef(box.Tenant) == box })
	return c.spent(markOf(m.MAC))
}

func (c Codes) spent(mark string) Codes {
	c.Spent = append(slices.Clone(c.Spent), mark)
	c.Spent = c.Spent[max(0, len(c.Spent)-maxSpent):]
	return c
}

// Presented is a code that somebody presents.
type Presented struct {
	Registration string          // the registration whose ticket came with the code; "" if none did
	Paid         func(Code) bool // reports whether the comparison with a code was paid for by a guess, or needs none
	Lives        func(Code) bool // reports whether the code still bears a guess, and its mailbox has one left
	Matches      func(Code) bool // compares in constant time
}

// Redeem returns the live code that was presented. It compares all live codes, so that the time
// that it takes tells nothing. With the ticket of a registration only the code of that registration
// counts; if that has none that is live, a code of no registration counts too.
//
// Errors: InvalidCode; ExpiredCode, only if the code is right otherwise. The code is returned with it, so that
// its holder can be sent another one.
func (c Codes) Redeem(p Presented, now time.Time) (Code, error) {
	hasNone := !c.HasOwn(p, now)
	var found *Code
	for i := range c.Live {
		code := &c.Live[i]
		counts := p.Registration == "" || code.Registration == p.Registration || hasNone && code.Registration == ""
		if right := p.Matches(*code); right && p.Paid(*code) && counts {
			found = code
		}
	}
	switch {
	case found == nil:
		return Code{}, InvalidCode{}
	case !now.Before(found.ExpiresAt.Time):
		return *found, ExpiredCode{}
	}
	return *found, nil
}

// HasOwn reports whether the registration whose ticket was presented has a code of its own that is
// live and has not expired.
func (c Codes) HasOwn(p Presented, now time.Time) bool {
	return slices.ContainsFunc(c.Live, func(code Code) bool {
		return code.Registration == p.Registration && p.Lives(code) && now.Before(code.ExpiresAt.Time)
	})
}
