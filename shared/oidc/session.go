package oidc

import (
	"slices"
	"time"

	"identitypools/shared/identity"
)

// The ways in which a person has proved who they are (RFC 8176), as ID tokens name them. A mailed code
// and one of an authenticator app are both one-time passwords.
const (
	AMRPassword = "pwd"
	AMROTP      = "otp"
	AMRMulti    = "mfa"
	AMRKey      = "hwk" // a passkey; no sign-in has it yet
)

// The classes of sign-ins. A mailed code is no authenticator in the sense of NIST SP 800-63B-4 §3.1.3.1,
// so that only an authenticator app besides a password makes the second class.
const (
	ACROne = "aal1"
	ACRTwo = "aal2"
)

// Proofs is what a person has proved at a sign-in.
type Proofs struct {
	AMR []string      `json:"amr"`
	ACR string        `json:"acr"`
	At  identity.Time `json:"auth_time"`
	// Two says that a second factor was proved. What a connection says of all of its users does not count.
	Two bool `json:"two,omitzero"`
}

// Session is that a person is signed in to a workspace with a browser. The browser has a secret, of
// which the session has the hash.
type Session struct {
	identity.UserRef `json:"-"`
	ID               string        `json:"id"` // the claim sid of tokens
	Workspace        string        `json:"workspace"`
	Epoch            string        `json:"epoch"` // of the user: see identity.User.CodesEpoch
	Proofs           Proofs        `json:"proofs"`
	Remembered       bool          `json:"remembered,omitzero"` // the person asked to stay signed in
	Ends             identity.Time `json:"ends"`                // whatever happens
	CreatedAt        identity.Time `json:"created_at"`

	Secret string        `json:"-"` // the hash
	SeenAt identity.Time `json:"-"` // to the hour, or more exactly if the session ends soon without a use
}

// NewSession returns a session of a user who has just given proofs. Its id and the hash of its secret are
// the caller's.
func (w Workspace) NewSession(u identity.User, id, secret string, proofs Proofs, remembered bool, now time.Time) Session {
	lifetime := w.Sessions.BrowserMaxAge
	if remembered {
		lifetime = w.Sessions.MaxAge
	}
	return Session{
		UserRef: u.Ref(), ID: id, Workspace: w.ID, Epoch: u.CodesEpoch(), Proofs: proofs, Remembered: remembered,
		Ends: identity.At(now.Add(time.Duration(lifetime))), CreatedAt: identity.At(now), Secret: secret,
		SeenAt: identity.At(now),
	}
}

// idle returns how long a session may be without a use.
func (w Workspace) idle(s Session) time.Duration {
	if s.Remembered {
		return time.Duration(w.Sessions.MaxIdle)
	}
	return time.Duration(w.Sessions.BrowserMaxAge)
}

// IsLive reports whether a session of a user, as the user is now, may be used in the workspace. It may
// not after it has ended or was idle for too long, and not after the user has become anything but active
// or has got a new password, both of which start a new epoch.
func (w Workspace) IsLive(s Session, u identity.User, now time.Time) bool {
	return s.Workspace == w.ID && u.Status == identity.StatusActive && s.Epoch == u.CodesEpoch() &&
		now.Before(s.Ends.Time) && now.Before(s.SeenAt.Add(w.idle(s)).Time)
}

// NeedsSight reports whether the time at which a session was seen last should be stored anew: an hour, or
// a tenth of the time that it may be idle, has passed.
func (w Workspace) NeedsSight(s Session, now time.Time) bool {
	return !now.Before(s.SeenAt.Add(min(time.Hour, w.idle(s)/10)).Time)
}

// Grant is what a person has granted to an application by signing in to it: a code, and then access and
// refresh tokens, which are of one family.
type Grant struct {
	identity.UserRef `json:"-"`
	ID               string        `json:"id"`
	Session          string        `json:"session"`
	Client           string        `json:"client"`
	Workspace        string        `json:"workspace"`
	Epoch            string        `json:"epoch"`
	Scope            []string      `json:"scope"`
	Nonce            string        `json:"nonce,omitempty"`
	Redirect         string        `json:"redirect_uri"`
	Challenge        string        `json:"challenge,omitempty"` // S256; "" if the request had none
	Claims           Claims        `json:"claims,omitzero"`
	Proofs           Proofs        `json:"proofs"`
	Ends             identity.Time `json:"ends"` // of the family, whatever happens
	CreatedAt        identity.Time `json:"created_at"`

	Code      string        `json:"-"` // the hash of the code
	CodeUntil identity.Time `json:"-"`
	// Generation is 0 until the code is redeemed. It is 1 after that, and grows by one with each refresh.
	Generation int64         `json:"-"`
	RotatedAt  identity.Time `json:"-"` // of the present generation
	Until      identity.Time `json:"-"` // the time until which a token of the present generation can be used
	Revoked    bool          `json:"-"`
}

// maxSinceProof is the longest time for which anything is granted after a person has proved who they are
// (NIST SP 800-63B-4 §2.1.3).
const maxSinceProof = 30 * 24 * time.Hour

// NewGrant returns the grant for a request of an application, with the hash of its code. Without
// offline_access the grant ends with the session.
func (w Workspace) NewGrant(s Session, r Request, id, code string, now time.Time) Grant {
	ends := identity.At(now.Add(time.Duration(w.RefreshTokenTTL)))
	if latest := s.Proofs.At.Add(maxSinceProof); latest.Before(ends.Time) {
		ends = latest
	}
	if !slices.Contains(r.Scope, ScopeOffline) && s.Ends.Before(ends.Time) {
		ends = s.Ends
	}
	return Grant{
		UserRef: s.UserRef, ID: id, Session: s.ID, Client: r.ClientID, Workspace: w.ID, Epoch: s.Epoch,
		Scope: r.Scope, Nonce: r.Nonce, Redirect: r.RedirectURI, Challenge: r.Challenge, Claims: r.Claims,
		Proofs: s.Proofs, Ends: ends, CreatedAt: identity.At(now),
		Code: code, CodeUntil: identity.At(now.Add(time.Duration(w.CodeTTL))),
	}
}

// RepeatWindow is how long the successor of a refresh token is given again to whoever presents the token
// once more, as an application does that has lost an answer. A later use ends the family of the token
// (RFC 9700 §4.14.2).
const RepeatWindow = time.Minute

// Honours reports whether the grant of a user, as the user is now, is good in the workspace.
func (w Workspace) Honours(g Grant, u identity.User, now time.Time) bool {
	return g.Workspace == w.ID && !g.Revoked && u.Status == identity.StatusActive && g.Epoch == u.CodesEpoch() &&
		now.Before(g.Ends.Time)
}
