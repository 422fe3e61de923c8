package registration

import (
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// cookieName is that of the one cookie. The prefix makes browsers take it from this host alone, over TLS alone, for all its paths (ASVS 3.3.3).
const cookieName = "__Host-registration"

// notePurpose binds what the cookie has to being that.
const notePurpose = "page"

// largestCookie is what browsers keep at least, with the name and the attributes (RFC 6265 §6.1).
const largestCookie = 4096 - 256

// typedIsKept is how long the form shows what was typed to whoever opens it in the same browser.
const typedIsKept = time.Hour

// state is what the pages remember of a registration under way, in the browser: sealed, so that the server needs none of its own and the
// browser's owner can't change it, nor anybody read it. It never has a password.
type state struct {
	Ticket   string        `json:"ticket,omitempty"`
	Address  string        `json:"address,omitempty"` // where the code went
	SentAt   identity.Time `json:"sent_at,omitzero"`
	Again    bool          `json:"again,omitzero"`  // the code was asked for anew
	Typed    url.Values    `json:"typed,omitempty"` // by the fields' names
	ReturnTo string        `json:"return_to,omitempty"`
	Done     bool          `json:"done,omitzero"`
}

// keeper puts states into cookies.
type keeper struct {
	sealer *otp.Sealer
	now    func() time.Time
}

// recall is the state that r brings of a registration in a pool; a zero one where it brings none, or one that is too old.
func (k keeper) recall(r *http.Request, p identity.Pool) state {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return state{}
	}
	note, err := k.sealer.OpenNote(notePurpose, p.Tenant, p.ID, cookie.Value)
	if err != nil {
		return state{}
	}
	var s state
	if json.Unmarshal(note, &s) != nil || k.now().After(s.SentAt.Add(identity.TicketLifetime).Time) {
		return state{}
	}
	return s
}

// remember makes the browser remember s until it is closed. What was typed is left out where it would not fit.
func (k keeper) remember(w http.ResponseWriter, p identity.Pool, s state) error {
	for {
		note, err := json.Marshal(s, jsontext.AllowInvalidUTF8(true))
		if err != nil {
			return err
		}
		sealed, err := k.sealer.SealNote(notePurpose, p.Tenant, p.ID, note)
		if err != nil {
			return err
		}
		if len(sealed) > largestCookie && s.Typed != nil {
			s.Typed = nil
			continue
		}
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: sealed, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
		return nil
	}
}
