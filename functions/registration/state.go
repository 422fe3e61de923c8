package registration

import (
	"net/url"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/page"
)

// cookieName is the name of the one cookie of the pages.
const cookieName = "__Host-registration"

// notePurpose binds what the cookie has to being that.
const notePurpose = "page"

// typedIsKept is how long the form shows what was typed to whoever opens it in the same browser.
const typedIsKept = time.Hour

// state is what the pages remember of a registration under way, in the browser. It never has a password.
type state struct {
	Ticket   string        `json:"ticket,omitempty"`
	Address  string        `json:"address,omitempty"` // where the code went
	SentAt   identity.Time `json:"sent_at,omitzero"`
	Again    bool          `json:"again,omitzero"`  // the code was asked for anew
	Typed    url.Values    `json:"typed,omitempty"` // by the fields' names
	ReturnTo string        `json:"return_to,omitempty"`
	Done     bool          `json:"done,omitzero"`
}

// recall returns the state that r brings of a registration in its pool. It is zero where r brings none, or one that is
// too old.
func (s site) recall(r page.Request) state {
	before, ok := s.cookie.Read(r.HTTP, r.Pool)
	if !ok || s.now().After(before.SentAt.Add(identity.TicketLifetime).Time) {
		return state{}
	}
	return before
}

// goOn returns the answer that sends the browser to another page and makes it remember next. What was typed is left out
// where it would not fit into a cookie.
func (s site) goOn(r page.Request, location string, next state) (page.Answer, error) {
	smaller := next
	smaller.Typed = nil
	cookie, err := s.cookie.Seal(r.Pool, next, smaller)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Answer{Location: location, Cookie: cookie}, nil
}
