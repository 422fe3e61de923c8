package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// signed is who is signed in with a browser.
type signed struct {
	session oidc.Session
	user    identity.User
}

// sessionCookie returns the name of the cookie of sessions in a workspace. Browsers take a cookie with
// this prefix only from this host, only over TLS, and only for all of its paths (ASVS 3.3.3).
func sessionCookie(w oidc.Workspace) string { return "__Host-session-" + mark(w.Tenant+"#"+w.ID) }

// mark returns a short digest of a text, for names of cookies.
func mark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// signedIn returns who is signed in with the browser that sent a request. It reports false if nobody is.
// The pool of the user need not be one of the application that asks.
func (s *Service) signedIn(ctx context.Context, w oidc.Workspace, r *http.Request) (now signed, ok bool, err error) {
	cookie, err := r.Cookie(sessionCookie(w))
	if err != nil {
		return now, false, nil
	}
	h, ok := oidc.ParseHandle(cookie.Value)
	if !ok {
		return now, false, nil
	}
	connected := slices.ContainsFunc(w.Connections, func(c oidc.Connection) bool { return c.Pool == h.Pool && !c.Disabled })
	if !connected {
		return now, false, nil
	}
	if now.session, now.user, err = s.Sessions.Get(ctx, h.Ref(w.Tenant), h.Session); err != nil {
		return now, false, err
	}
	if !h.Has(now.session.Secret) || !w.IsLive(now.session, now.user, s.Now()) {
		return signed{}, false, nil
	}
	_, err = s.Pools.Cached(ctx, w.Tenant, h.Pool)
	if errors.As(err, new(identity.NotFound)) { // it was deleted
		return signed{}, false, nil
	}
	return now, err == nil, err
}

// suffices reports whether a session is enough for a request of an application, so that the person need
// not prove anything.
func (s *Service) suffices(at place, now signed, r oidc.Request) bool {
	age := s.Now().Sub(now.session.Proofs.At.Time)
	p, isAllowed := at.pool(now.session.Pool)
	switch {
	case !isAllowed, r.Wants(oidc.PromptLogin), r.Wants(oidc.PromptAccount):
	case !at.workspace.Sessions.Enabled:
	case r.MaxAge != nil && (age > time.Duration(*r.MaxAge)*time.Second || *r.MaxAge == 0):
	case r.Hint != "" && r.Hint != oidc.Subject(now.session.UserRef):
	case len(p.SecondMechanisms) > 0 && !now.session.Proofs.Two:
	case wantsTwo(r) && now.session.Proofs.ACR != oidc.ACRTwo && canTwo(now.user) && p.UsesPasswords():
	default:
		return true
	}
	return false
}

// wantsTwo reports whether an application would rather have a sign-in with an authenticator.
func wantsTwo(r oidc.Request) bool { return len(r.ACR) > 0 && r.ACR[0] == oidc.ACRTwo }

// canTwo reports whether a user has an authenticator for such a sign-in.
func canTwo(u identity.User) bool {
	_, has := u.TOTP()
	return has
}
