package identity

import (
	"encoding/base64"
	"slices"
	"time"
)

// Limits of one-time codes and of the mails that carry them.
const (
	CodeTries     = 5              // guesses that a code survives (NIST SP 800-63B-4 §3.2.2)
	GuessWindow   = 24 * time.Hour // in which there are Limits.GuessesPerDay
	MailWindow    = time.Hour      // in which there are Limits.MailsPerHour
	MaxLiveCodes  = 5              // of one user for one purpose, and one more that strangers may have asked for
	maxSpent      = 50             // marks of redeemed codes that are kept with a user's codes
	expiredIsKept = 24 * time.Hour // how long the holder of an expired code is told so
)

// Code is a one-time code that was issued, as it is stored: never the code itself. Each
// registration has at most one, and at most one belongs to none; a new one replaces the old at
// once. Beside each of these there is at most one that was asked for again without the ticket.
type Code struct {
	Registration  string         `json:"registration,omitempty"` // for which it was sent
	Message       string         `json:"message,omitempty"`      // the message that it was made for, so that a repeat is recognized
	Address       string         `json:"address"`                // as it was mailed
	Normalized    string         `json:"normalized"`             // what the code proves
	AddressType   IdentifierType `json:"address_type"`
	MAC           []byte         `json:"mac"`
	ExtendedMAC   []byte         `json:"extended_mac"`
	ExpiresAt     Time           `json:"expires_at"`
	LastGuess     int64          `json:"last_guess"`               // the number of the mailbox's last guess that may be compared with it
	NeedsPassword bool           `json:"needs_password,omitempty"` // sent anew: it needs a ticket to complete anything
	IsPublic      bool           `json:"public,omitempty"`         // a stranger may have asked for it
	IsAskedAgain  bool           `json:"again,omitempty"`          // a stranger without a ticket may have asked for it
}

// MailboxRef names the mailbox that the code was sent to, whose guesses are counted.
func (c Code) MailboxRef(tenant string) MailboxRef {
	return NewMailboxRef(tenant, c.AddressType, c.Normalized)
}

// Bears says whether the guess of a number may be compared with the code: one of the CodeTries that were paid for after the code was issued.
func (c Code) Bears(guess int64) bool { return bears(c.LastGuess, guess) }

func bears(last, guess int64) bool { return guess > last-CodeTries && guess <= last }

// markOf is what tells the code of a MAC apart from others that were mailed to its mailbox.
func markOf(mac []byte) string {
	return base64.RawURLEncoding.EncodeToString(mac[:min(MarkLength, len(mac))])
}

// Codes are a user's codes for one purpose.
type Codes struct {
	Live     []Code
	Spent    []string // the marks of the codes that were redeemed last, at most maxSpent
	KilledAt Time     // when all that lived was killed: a message from before is of no use any more
	Version  int64    // 0 while nothing is stored
}

// UserCodes are the codes of a user for one purpose.
type UserCodes struct {
	User UserRef
	Codes
}

// Issued are the codes with code as the live one of its registration, expiring after ttl. guesses is the number of the latest guess
// at codes of the code's mailbox.
func (c Codes) Issued(code Code, guesses int64, now time.Time, ttl time.Duration) Codes {
	code.ExpiresAt, code.LastGuess = At(now).Add(ttl), guesses+CodeTries
	live := slices.DeleteFunc(slices.Clone(c.Live), func(old Code) bool {
		isReplaced := old.Registration == code.Registration && old.IsAskedAgain == code.IsAskedAgain
		return isReplaced || old.ExpiresAt.Add(expiredIsKept).Before(now)
	})
	c.Live = append(live, code)
	if len(c.Live) <= MaxLiveCodes {
		return c
	}
	i := slices.IndexFunc(c.Live[:len(c.Live)-1], func(old Code) bool {
		return old.IsPublic || !now.Before(old.ExpiresAt.Time)
	})
	if i < 0 && code.IsPublic && len(c.Live) == MaxLiveCodes+1 {
		return c // strangers push out nobody else's: theirs is one more
	}
	c.Live = slices.Delete(c.Live, max(0, i), max(0, i)+1)
	return c
}

// MadeFor says whether a code was already made for the message.
func (c Codes) MadeFor(message string) bool {
	return slices.ContainsFunc(c.Live, func(code Code) bool { return code.Message == message })
}

// Killed are the codes after all that lived have died.
func (c Codes) Killed(now time.Time) Codes {
	c.Live, c.KilledAt = nil, At(now)
	return c
}

// Redeemed are the codes after code was redeemed, which activates the user: none lives any more.
func (c Codes) Redeemed(code Code) Codes {
	c.Live = nil
	return c.spent(markOf(code.MAC))
}

// WithoutMailed are the codes after m, which was made for their user, was redeemed with a ticket of
// another: no code that was mailed to the same mailbox lives any more.
func (c Codes) WithoutMailed(m MailedCode, box MailboxRef) Codes {
	c.Live = slices.DeleteFunc(slices.Clone(c.Live), func(code Code) bool { return code.MailboxRef(box.Tenant) == box })
	return c.spent(markOf(m.MAC))
}

func (c Codes) spent(mark string) Codes {
	c.Spent = append(slices.Clone(c.Spent), mark)
	c.Spent = c.Spent[max(0, len(c.Spent)-maxSpent):]
	return c
}

// Presented is a code as somebody presents it.
type Presented struct {
	Registration string          // whose ticket came with the code; "" where none did
	Paid         func(Code) bool // whether the comparison with a code was paid for by a guess, or needs none
	Lives        func(Code) bool // whether the code still bears a guess, of which its mailbox has one left
	Matches      func(Code) bool // compares in constant time
}

// Redeem is the live code that was presented. All live codes are compared, so that time tells nothing. With the ticket of a
// registration only the code of that registration counts, and one of no registration where it has none that lives.
// Errors: InvalidCode, and ExpiredCode only where the code is otherwise right.
func (c Codes) Redeem(p Presented, now time.Time) (Code, error) {
	isFree := !c.HasOwn(p, now)
	var found *Code
	for i := range c.Live {
		code := &c.Live[i]
		isTheirs := p.Registration == "" || code.Registration == p.Registration || isFree && code.Registration == ""
		if right := p.Matches(*code); right && p.Paid(*code) && isTheirs {
			found = code
		}
	}
	switch {
	case found == nil:
		return Code{}, InvalidCode{}
	case !now.Before(found.ExpiresAt.Time):
		return Code{}, ExpiredCode{}
	}
	return *found, nil
}

// HasOwn says whether the registration whose ticket was presented has a code of its own that lives and has not expired.
func (c Codes) HasOwn(p Presented, now time.Time) bool {
	return slices.ContainsFunc(c.Live, func(code Code) bool {
		return code.Registration == p.Registration && p.Lives(code) && now.Before(code.ExpiresAt.Time)
	})
}
