package identity

import (
	"slices"
	"time"
)

// Limits of one-time codes and of the mails that carry them.
const (
	CodeTries     = 5              // guesses that a code survives (NIST SP 800-63B-4 §3.2.2)
	GuessWindow   = 24 * time.Hour // in which there are Limits.GuessesPerDay
	MailWindow    = time.Hour      // in which there are Limits.MailsPerHour
	MaxLiveCodes  = 5              // of one user for one purpose; the oldest gives way. A guess may be compared with each
	expiredIsKept = 24 * time.Hour // how long the holder of an expired code is told so
)

// Code is a one-time code that was issued, as it is stored: never the code itself. Each registration has at most one, and
// at most one belongs to none; a new one replaces the old at once.
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
	NeedsPassword bool           `json:"needs_password,omitempty"` // it was sent anew: without a ticket it completes no registration
}

// MailboxRef names the mailbox that the code was sent to, whose guesses are counted.
func (c Code) MailboxRef(tenant string) MailboxRef {
	return NewMailboxRef(tenant, c.AddressType, c.Normalized)
}

// Bears says whether the guess of a number may be compared with the code: one of the CodeTries that were paid for after the code was issued.
func (c Code) Bears(guess int64) bool {
	return guess > c.LastGuess-CodeTries && guess <= c.LastGuess
}

// Codes are a user's codes for one purpose.
type Codes struct {
	Live     []Code
	KilledAt Time  // when all that lived was killed: a message from before is of no use any more
	Version  int64 // 0 while nothing is stored
}

// Issued are the codes with code as the live one of its registration, expiring after ttl. guesses is the number of the latest guess
// at codes of the code's mailbox.
func (c Codes) Issued(code Code, guesses int64, now time.Time, ttl time.Duration) Codes {
	code.ExpiresAt, code.LastGuess = At(now).Add(ttl), guesses+CodeTries
	live := slices.DeleteFunc(slices.Clone(c.Live), func(old Code) bool {
		return old.Registration == code.Registration || old.ExpiresAt.Add(expiredIsKept).Before(now)
	})
	c.Live = append(live, code)
	if extra := len(c.Live) - MaxLiveCodes; extra > 0 {
		c.Live = c.Live[extra:]
	}
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

// Presented is a code as somebody presents it.
type Presented struct {
	Registration string          // whose ticket came with the code; "" where none did
	Paid         func(Code) bool // whether the comparison with a code was paid for by a guess, or needs none
	Matches      func(Code) bool // compares in constant time
}

// Redeem is the live code that was presented. All live codes are compared, so that time tells nothing. With the ticket of a
// registration only the code of that registration counts, or any of the user's codes where the registration has none.
// Errors: InvalidCode, and ExpiredCode only where the code is otherwise right.
//
// The reason for the second case: a stranger who registers an address again and again can use up the mails to it, so that no mail with a
// code of the owner's registration is sent. The owner then has a mail with a code of the stranger's registration, which proves the
// address, and the ticket of their own registration, which is completed. The stranger has a ticket and no mail, and so can do nothing.
func (c Codes) Redeem(p Presented, now time.Time) (Code, error) {
	free := p.Registration == "" || !slices.ContainsFunc(c.Live, func(code Code) bool { return code.Registration == p.Registration })
	var found *Code
	for i := range c.Live {
		code := &c.Live[i]
		right := p.Matches(*code)
		if right && p.Paid(*code) && (free || p.Registration == code.Registration) {
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
