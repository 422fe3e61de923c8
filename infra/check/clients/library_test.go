package clients_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"identitypools/infra/check/systemtest"
)

// checkLibrary checks coreos/go-oidc, with which an application in Go does each step itself. The client is
// one that authenticates in the body, and its tokens are signed with ES256.
func checkLibrary(t *testing.T, s *site) {
	a := s.register(t, "/callback", fields{
		"token_endpoint_auth_method": "client_secret_post", "id_token_signed_response_alg": "ES256",
	})
	provider, err := oidc.NewProvider(t.Context(), s.issuer)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	config := oauth2.Config{
		ClientID: a.id, ClientSecret: a.secret, Endpoint: endpoint, RedirectURL: a.redirect,
		Scopes: []string{oidc.ScopeOpenID, "email", oidc.ScopeOfflineAccess},
	}
	back := make(chan *http.Request, 1)
	answer(t, a.address, back)
	state, nonce, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	p := newPerson()
	asked := p.open(t, config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
	p.signIn(t, asked, s.identifier, systemtest.Password)
	came := <-back
	if got := came.URL.Query(); got.Get("state") != state || got.Get("iss") != s.issuer {
		t.Errorf("the person comes back with %v", got)
	}
	tokens, err := config.Exchange(t.Context(), came.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	idToken, err := provider.VerifierContext(t.Context(), &oidc.Config{ClientID: a.id}).Verify(t.Context(), raw)
	if err != nil || idToken.Nonce != nonce || idToken.VerifyAccessToken(tokens.AccessToken) != nil {
		t.Fatalf("the ID token %s is %+v: %v", raw, idToken, err)
	}
	who, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tokens))
	if err != nil || who.Subject != idToken.Subject || who.Email != s.identifier || !who.EmailVerified {
		t.Errorf("userinfo says %+v, %v", who, err)
	}
	fresh, err := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
	if err != nil || fresh.AccessToken == tokens.AccessToken || fresh.RefreshToken == tokens.RefreshToken {
		t.Errorf("the new tokens are %+v, %v", fresh, err)
	}
}

// answer listens where people come back to, and passes on the requests with which they come.
func answer(t *testing.T, address string, back chan<- *http.Request) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler:           http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { back <- r }),
	}
	go func() { _ = server.Serve(listener) }() // until it is closed
	t.Cleanup(func() { _ = server.Close() })
}
