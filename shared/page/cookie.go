package page

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// largestCookie is the size of a cookie that every browser accepts, without its name and its
// attributes (RFC 6265 §6.1).
const largestCookie = 4096 - 256

// Cookie is the cookie in which pages keep a state of type T until the browser is closed. The state
// is encrypted and authenticated. So the server stores nothing, and users can neither read nor
// change it. A state is valid for one pool of one tenant.
type Cookie[T any] struct {
	// Name should begin with __Host-. Browsers then accept the cookie only from this host, only
	// over TLS, and only for all of its paths (ASVS 3.3.3).
	Name string
	// Purpose is what the state is for. A state cannot be opened for another purpose, even with the
	// same key.
	Purpose string
	Sealer  *otp.Sealer
}

// Read returns the state that r has for a pool. It reports false if r has none.
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

// Seal returns the cookie with a state. If the state is too large for a cookie, Seal returns the
// cookie with smaller instead. It fails if the source of randomness fails, or if the state cannot
// be encoded as JSON.
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

// seal returns the value of the cookie for a state.
func (c Cookie[T]) seal(p identity.Pool, state T) (string, error) {
	note, err := json.Marshal(state, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return "", err
	}
	return c.Sealer.SealNote(c.Purpose, p.Tenant, p.ID, note)
}
