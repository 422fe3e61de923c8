package signin

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// browserCookie is the cookie with a name that a browser got when somebody proved something with it, or had
// a code mailed. The name is random, and is good for nothing but to recognize the browser: wrong passwords
// from it are counted apart (see identity.Device), so that strangers cannot keep its owner out.
const browserCookie = "__Host-browser"

// browserOf returns the name of the browser that sent a request, or a new one if it has none.
func browserOf(r *http.Request) string {
	fresh := rand.Text()
	cookie, err := r.Cookie(browserCookie)
	if err != nil || len(cookie.Value) != len(fresh) || !identity.ValidID(cookie.Value) {
		return fresh
	}
	return cookie.Value
}

// newCookie returns a cookie of the pages. Browsers send it with a visit that comes from another site, as
// each sign-in of an application does, but not with a form from there. It lasts until the browser is
// closed, or for a number of seconds.
func newCookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// goOn returns the next page of a sign-in. A step in which something was proved works in one browser alone,
// and a mailed code is redeemed again, as by a double click, only from the browser that asked for it.
func (s *Service) goOn(v visit, page string, n step) (next, error) {
	n.Browser = mark(v.browser)
	sealed, err := s.sealStep(v.workspace, v.errand, n)
	cookie := newCookie(browserCookie, v.browser, int(identity.DeviceMemory.Seconds()))
	return next{page: page, step: sealed, done: finished{cookies: []*http.Cookie{cookie}}}, err
}

// finish stores a session of a user who has proved everything that is needed, and the grant for the
// request of the application. A browser that was signed in as the same user keeps the session, and gets a
// new secret (ASVS 7.2.4); a session of another user ends.
func (s *Service) finish(ctx context.Context, v visit, u identity.User, n step) (next, error) {
	now := s.Now()
	h := oidc.Handle{Pool: u.Pool, User: u.ID, Session: s.NewID()}
	var err error
	if h.Secret, err = s.random(32); err != nil {
		return next{}, err
	}
	before, isSigned, err := s.signedIn(ctx, v.workspace, v.http)
	if err != nil {
		return next{}, err
	}
	isSame := isSigned && before.session.UserRef == u.Ref()
	if isSame {
		h.Session = before.session.ID
	}
	proofs := oidc.Proofs{AMR: n.Proved.AMR, ACR: n.Proved.ACR, Two: n.Proved.Two, At: identity.At(now)}
	if c, ok := v.workspace.ConnectionOf(u.Pool); ok {
		proofs.AMR = oidc.Unique(append(slices.Clone(proofs.AMR), c.StaticAMR...))
	}
	session := v.workspace.NewSession(u, h.Session, h.Hash(), proofs, n.Remember, now)
	calls := []func() error{func() error { return s.Sessions.Put(ctx, session) }}
	if isSigned && !isSame {
		calls = append(calls, func() error { return s.Sessions.End(ctx, before.session) })
	}
	r := v.errand.Request
	var to *answer
	if r.ClientID != "" {
		a := asked{v.place, r}
		if r.Hint != "" && r.Hint != oidc.Subject(u.Ref()) {
			out := s.refusal(v.place, r, oidc.Refusal{Code: oidc.LoginRequired, Description: "somebody else has signed in"})
			to = &out
		} else {
			g, code, err := s.newGrant(a, session)
			if err != nil {
				return next{}, err
			}
			calls = append(calls, func() error { return s.Grants.Put(ctx, g) })
			out := s.answer(v.place, r, url.Values{"code": {code}})
			to = &out
		}
	}
	if err := atOnce(calls...); err != nil {
		return next{}, err
	}
	seconds := 0
	if n.Remember {
		seconds = int(session.Ends.Sub(now).Seconds())
	}
	cookies := []*http.Cookie{
		newCookie(sessionCookie(v.workspace), h.String(), seconds),
		newCookie(browserCookie, v.browser, int(identity.DeviceMemory.Seconds())),
	}
	if n.Remember {
		names, err := s.remember(v, n.Identifier)
		if err != nil {
			return next{}, err
		}
		cookies = append(cookies, names)
	}
	return next{done: finished{to: to, cookies: cookies}}, nil
}

// maxNames is how many names the pages remember in a browser.
const maxNames = 5

// namesCookie returns the name of the cookie with the names of people who asked to stay signed in.
func namesCookie(w oidc.Workspace) string { return "__Host-names-" + mark(w.Tenant+"#"+w.ID) }

// names returns the names that a browser remembers, the latest first.
func (s *Service) names(w oidc.Workspace, r *http.Request) []string {
	var names []string
	cookie, err := r.Cookie(namesCookie(w))
	if err != nil || s.open(namesNote, w, cookie.Value, &names) != nil {
		return nil
	}
	return names
}

// remember returns the cookie with one more name.
func (s *Service) remember(v visit, name string) (*http.Cookie, error) {
	names := oidc.Unique(append([]string{strings.TrimSpace(name)}, s.names(v.workspace, v.http)...))
	sealed, err := s.seal(namesNote, v.workspace, names[:min(len(names), maxNames)])
	return newCookie(namesCookie(v.workspace), sealed, int(identity.DeviceMemory.Seconds())), err
}

// SignOut ends the session of a browser, if there is one, and otherwise the one that an ID token names, which
// may be over already: applications may have tokens that live longer. A browser that has sent no cookie
// keeps what it has, since it may have been made to send the request by another site.
func (s *Service) SignOut(
	ctx context.Context, w oidc.Workspace, r *http.Request, hint oidc.IDToken,
) (cookies []*http.Cookie, err error) {
	now, isSigned, err := s.signedIn(ctx, w, r)
	if err != nil {
		return nil, err
	}
	if _, none := r.Cookie(sessionCookie(w)); none == nil {
		cookies = append(cookies, newCookie(sessionCookie(w), "", -1))
	}
	named := oidc.Session{ID: hint.Session}
	named.UserRef = identity.UserRef{Tenant: w.Tenant, Pool: hint.Pool, ID: hint.User}
	switch {
	case isSigned:
		err = s.Sessions.End(ctx, now.session)
	case hint.Session != "" && hint.Pool != "" && hint.User != "":
		err = s.Sessions.End(ctx, named)
	}
	return cookies, err
}
