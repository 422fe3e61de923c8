// Example is a web application to which people sign in with Identity Pools. It shows who is signed in, gets
// new tokens, and signs out. docs/signin.md explains it.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

type tokens = oidc.Tokens[*oidc.IDTokenClaims]

// app keeps the tokens of people on the server. Their browsers have the name of a session alone.
type app struct {
	provider rp.RelyingParty
	home     string // the URL of the application

	mu       sync.Mutex
	sessions map[string]*tokens
}

func main() {
	redirect := cmp.Or(os.Getenv("REDIRECT_URI"), "http://localhost:8090/callback")
	address, err := url.Parse(redirect)
	if err != nil {
		log.Fatal(err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	// These cookies keep state and code verifier until the person comes back. With https, leave WithUnsecure out.
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	provider, err := rp.NewRelyingPartyOIDC(context.Background(), os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"),
		os.Getenv("CLIENT_SECRET"), redirect, []string{"openid", "profile", "email"},
		rp.WithCookieHandler(cookies), rp.WithPKCE(cookies), rp.WithAuthStyle(oauth2.AuthStyleInHeader))
	if err != nil {
		log.Fatal(err)
	}
	a := &app{provider: provider, home: "http://" + address.Host + "/", sessions: map[string]*tokens{}}
	http.HandleFunc("GET /{$}", a.show)
	http.HandleFunc("GET /login", rp.AuthURLHandler(rand.Text, provider))
	http.HandleFunc("GET "+address.Path, rp.CodeExchangeHandler(a.begin, provider))
	http.HandleFunc("POST /refresh", a.refresh)
	http.HandleFunc("POST /logout", a.end)
	log.Print("open ", a.home)
	log.Fatal(http.ListenAndServe(address.Host, nil))
}

// begin starts a session of the application when a person comes back.
func (a *app) begin(w http.ResponseWriter, r *http.Request, t *tokens, _ string, _ rp.RelyingParty) {
	id := rand.Text()
	a.put(id, t)
	http.SetCookie(w, &http.Cookie{
		Name: "example", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, // and Secure, with https
	})
	http.Redirect(w, r, a.home, http.StatusSeeOther)
}

// show shows what the product says about the person.
func (a *app) show(w http.ResponseWriter, r *http.Request) {
	_, t := a.session(r)
	if t == nil {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	who, err := rp.Userinfo[*oidc.UserInfo](r.Context(), t.AccessToken, t.TokenType, t.IDTokenClaims.Subject, a.provider)
	if err != nil { // such as: the session was ended, or the access token has expired
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"userinfo": who, "id_token": t.IDTokenClaims})
}

// refresh gets new tokens, as an application does before the access token expires.
func (a *app) refresh(w http.ResponseWriter, r *http.Request) {
	id, t := a.session(r)
	if t == nil {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	fresh, err := rp.RefreshTokens[*oidc.IDTokenClaims](r.Context(), a.provider, t.RefreshToken, "", "")
	if err != nil { // the person must sign in again
		a.put(id, nil)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	a.put(id, fresh)
	http.Redirect(w, r, a.home, http.StatusSeeOther)
}

// end signs the person out of the application, and then of the workspace.
func (a *app) end(w http.ResponseWriter, r *http.Request) {
	id, t := a.session(r)
	if t == nil {
		http.Redirect(w, r, a.home, http.StatusSeeOther)
		return
	}
	a.put(id, nil)
	out, err := url.Parse(a.provider.GetEndSessionEndpoint())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	out.RawQuery = url.Values{"id_token_hint": {t.IDToken}, "post_logout_redirect_uri": {a.home}}.Encode()
	http.Redirect(w, r, out.String(), http.StatusSeeOther)
}

func (a *app) session(r *http.Request) (id string, t *tokens) {
	cookie, err := r.Cookie("example")
	if err != nil {
		return "", nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return cookie.Value, a.sessions[cookie.Value]
}

func (a *app) put(id string, t *tokens) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t == nil {
		delete(a.sessions, id)
		return
	}
	a.sessions[id] = t
}
