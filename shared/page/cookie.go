package page

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// largestCookie is what browsers keep at least, with the name and the attributes (RFC 6265 §6.1).
const largestCookie = 4096 - 256

// Cookie is the cookie in which pages keep a state of type T in the browser until it is closed: sealed, so that the
// server stores none, and the browser's owner can neither read nor change it. A state is good for one pool of one
// tenant.
type Cookie[T any] struct {
	// Name should begin with __Host-: then browsers take the cookie from this host alone, over TLS alone, for all its
	// paths (ASVS 3.3.3).
	Name string
	// Purpose binds a state to what it is for: it cannot be opened as anything else that has the same key.
	Purpose string
	Sealer  *otp.Sealer
}

// Read returns the state that r brings of a pool. It reports false where r brings none.
func (c Cookie[T]) Read(r *http.Request, p identity.Pool) (state T, ok bool) {
	cookie, err := r.Cookie(c.Name)
	if err != nil {
		return state, false
	}
	note, err := c.Sealer.OpenNote(c.Purpose, p.Tenant, p.ID, cookie.Value)
	if err != nil {
		return state, false
	}
	if json.Unmarshal(note, &state) != nil {
		var none T
		return none, false
	}
	return state, true
}

// Seal returns the cookie for a state. If the state is larger than what browsers keep, the cookie has smaller instead.
// Errors: that of the source of randomness; one for a state that JSON cannot have.
func (c Cookie[T]) Seal(p identity.Pool, state, smaller T) (*http.Cookie, error) {
	sealed, err := c.seal(p, state)
	if err == nil && len(sealed) > largestCookie {
		sealed, err = c.seal(p, smaller)
	}
	if err != nil {
		return nil, err
	}
	return &http.Cookie{
		Name: c.Name, Value: sealed, Path: "/",
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}, nil
}

func (c Cookie[T]) seal(p identity.Pool, state T) (string, error) {
	note, err := json.Marshal(state, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return "", err
	}
	return c.Sealer.SealNote(c.Purpose, p.Tenant, p.ID, note)
}
