package recovery

import (
	"net/http"

	"identitypools/shared/identity"
	"identitypools/shared/page"
)

// cookieName is the name of the only cookie of the pages.
const cookieName = "__Host-recovery"

// notePurpose binds the sealed content of the cookie to its purpose.
const notePurpose = "recovery"

// state is what the browser remembers between pages. It never contains a password or a code.
type state struct {
	Address  string        `json:"address,omitempty"` // the address that a code was asked for
	SentAt   identity.Time `json:"sent_at,omitzero"`
	Again    bool          `json:"again,omitzero"` // another code was asked for
	ReturnTo string        `json:"return_to,omitempty"`
	Form     string        `json:"form,omitempty"`     // the id of the forms that set the password
	Done     bool          `json:"done,omitzero"`      // the password is set
	Verified string        `json:"verified,omitempty"` // the id of the form that proved an address
}

// recall returns the state that a request brings. The state is zero if there is none for its pool or if
// it is too old.
func (s site) recall(r page.Request) state {
	before, ok := s.cookie.Read(r.HTTP, r.Pool)
	if !ok || s.service.Now().After(before.SentAt.Add(identity.TicketLifetime).Time) {
		return state{}
	}
	return before
}

// goOn returns the answer that redirects the browser to another page and makes it remember next.
func (s site) goOn(r page.Request, location string, next state) (page.Answer, error) {
	cookie, err := s.cookie.Seal(r.Pool, next, next)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Answer{Location: location, Cookies: []*http.Cookie{cookie}}, nil
}
