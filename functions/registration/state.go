package registration

import (
	"net/http"
	"net/url"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/page"
)

// cookieName is the name of the only cookie of the pages.
const cookieName = "__Host-registration"

// notePurpose binds the sealed content of the cookie to its purpose.
const notePurpose = "page"

// typedIsKept is how long the form shows what was typed before in the same browser.
const typedIsKept = time.Hour

// state is what the browser remembers of a registration between pages. It never contains a
// password.
type state struct {
	Ticket   string        `json:"ticket,omitempty"`
	Address  string        `json:"address,omitempty"` // the address that the code was sent to
	SentAt   identity.Time `json:"sent_at,omitzero"`
	Again    bool          `json:"again,omitzero"`  // another code was asked for
	Typed    url.Values    `json:"typed,omitempty"` // the fields of the form
	ReturnTo string        `json:"return_to,omitempty"`
	Done     bool          `json:"done,omitzero"`  // the user is active
	Form     string        `json:"form,omitempty"` // the id of the form of a link that activated the user
}

// recall returns the state that a request brings of a registration in its pool. The state is zero
// if there is none or if it is too old.
func (s site) recall(r page.Request) state {
	before, ok := s.cookie.Read(r.HTTP, r.Pool)
	if !ok || s.service.Now().After(before.SentAt.Add(identity.TicketLifetime).Time) {
		return state{}
	}
	return before
}

// goOn returns the answer that redirects the browser to another page and makes it remember next.
// The typed values are left out if they do not fit into a cookie.
func (s site) goOn(r page.Request, location string, next state) (page.Answer, error) {
	smaller := next
	smaller.Typed = nil
	cookie, err := s.cookie.Seal(r.Pool, next, smaller)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Answer{Location: location, Cookies: []*http.Cookie{cookie}}, nil
}
