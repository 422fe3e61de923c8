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

// PurposeNotice keeps the times of notices to the owner of a taken address. No code is ever issued for it.
const PurposeNotice CodePurpose = "notice"

// Code is a one-time code that was issued, as it is stored: never the code itself. Each registration has at most one, and
// at most one belongs to none; a new one replaces the old at once.
type Code struct {
	Registration  string         `json:"registration,omitempty"`
	Message       string         `json:"message,omitempty"` // the message that it was made for, so that a repeat is recognized
	Address       string         `json:"address"`           // as it was mailed
	Normalized    string         `json:"normalized"`        // what the code proves
	AddressType   IdentifierType `json:"address_type"`
	MAC           []byte         `json:"mac"`
	ExtendedMAC   []byte         `json:"extended_mac"`
	ExpiresAt     Time           `json:"expires_at"`
	LastGuess     int64          `json:"last_guess"`               // the number of the last guess that may be compared with it
	NeedsPassword bool           `json:"needs_password,omitempty"` // several registrations wait, and it is unknown whose is meant
}

// Codes are a user's codes for one purpose, with the guesses made at them and the mails that carried them.
type Codes struct {
	Live     []Code
	Guesses  int64 // ever made; the number of the latest guess
	Ceiling  int64 // guesses allowed until Reopens
	Reopens  Time
	Opens    bool   // the window of Ceiling and Reopens begins with what is stored next
	MailedAt []Time // newest first, at most MailsKept
	KilledAt Time   // when all that lived was killed: a message from before is of no use any more
	Version  int64  // 0 while nothing is stored
}

// Opened are codes with a guess budget, for a user that has none yet, or whose window is over: a mail opens the next, so that a guess, which
// could too, takes as long for whomever it is.
func (c Codes) Opened(now time.Time, l Limits) Codes {
	if c.Version == 0 || !now.Before(c.Reopens.Time) {
		c.Ceiling, c.Reopens, c.Opens = c.Guesses+l.GuessesPerDay, At(now).Add(GuessWindow), true
	}
	return c
}

// Issued are the codes with code as the live one of its registration, expiring after ttl.
func (c Codes) Issued(code Code, now time.Time, ttl time.Duration, l Limits) Codes {
	c = c.Opened(now, l)
	code.ExpiresAt, code.LastGuess = At(now).Add(ttl), c.Guesses+CodeTries
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

// MayMail is nil where one more mail may be sent now, else Limited.
func (c Codes) MayMail(now time.Time, l Limits) error {
	var wait time.Duration
	if len(c.MailedAt) > 0 {
		wait = c.MailedAt[0].Add(time.Duration(l.MailPause)).Sub(now)
	}
	if n := int(l.MailsPerHour); len(c.MailedAt) >= n {
		wait = max(wait, c.MailedAt[n-1].Add(MailWindow).Sub(now))
	}
	if wait > 0 {
		return Limited{RetryAfter: wait, Reason: "a message was sent to this user a moment ago, or too many were sent"}
	}
	return nil
}

// Killed are the codes after all that lived have died.
func (c Codes) Killed(now time.Time) Codes {
	c.Live, c.KilledAt = nil, At(now)
	return c
}

// Mailed are the codes after one more mail.
func (c Codes) Mailed(now time.Time, l Limits) Codes {
	c = c.Opened(now, l)
	c.MailedAt = append([]Time{At(now)}, c.MailedAt...)
	if len(c.MailedAt) > MailsKept {
		c.MailedAt = c.MailedAt[:MailsKept]
	}
	return c
}

// IsLocked says whether no short code may be tried until the guesses are counted anew.
func (c Codes) IsLocked(now time.Time) bool {
	return c.Version > 0 && c.Guesses >= c.Ceiling && now.Before(c.Reopens.Time)
}

// Presented is a code as somebody presents it.
type Presented struct {
	Registration *string         // nil: any; else the code of that registration, or any where the limits of mails held that one back
	Guess        int64           // the number that the guess was given; 0 for an extended code, which is not guessable
	Matches      func(Code) bool // compares in constant time
}

// Redeem is the live code that was presented. All live codes are compared, so that time tells nothing.
// Errors: InvalidCode, and ExpiredCode only where the code is otherwise right.
//
// A stranger who registers an address again and again can use up the mails to it, so that its owner's own code is not sent. The
// owner, who has a mail with a stranger's code then and the ticket of a registration of their own, proves the address with the one
// and completes the other; a stranger, who has a ticket but no mail, can't.
func (c Codes) Redeem(p Presented, now time.Time) (Code, error) {
	free := p.Registration == nil || !slices.ContainsFunc(c.Live, func(code Code) bool { return code.Registration == *p.Registration })
	var found *Code
	for i := range c.Live {
		code := &c.Live[i]
		right := p.Matches(*code)
		if right && p.Guess <= code.LastGuess && (free || *p.Registration == code.Registration) {
			found = code
		}
	}
	switch {
	case found == nil:
		return Code{}, InvalidCode{}
	case !now.Before(found.ExpiresAt.Time):
		return Code{}, ExpiredCode{}
	}
	code := *found
	if p.Registration != nil && code.Registration != *p.Registration {
		code.Registration, code.NeedsPassword = *p.Registration, false
	}
	return code, nil
}
