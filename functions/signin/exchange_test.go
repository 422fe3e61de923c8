package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// exchange redeems a code and returns the answer of the token endpoint.
func (s *setup) exchange(t *testing.T, code string) map[string]any {
	t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.issuer()+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(s.client.ID, s.secret)
	got := systemtest.Send(t, r)
	if got.Status != http.StatusOK {
		t.Fatalf("the code is answered %d: %s", got.Status, got.Body)
	}
	return got.Fields(t)
}

// userinfo returns what the userinfo endpoint says for an access token.
func (s *setup) userinfo(t *testing.T, token string) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.issuer()+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return systemtest.Send(t, r)
}

// The code of a sign-in is redeemed for tokens, with which the application learns who has signed in.
func TestACodeBecomesTokens(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	answer := s.signIn(t, s.product.NewBrowser(t), "scope", "openid email profile")
	tokens := s.exchange(t, answer.Get("code"))
	for _, name := range []string{"access_token", "id_token", "refresh_token"} {
		if text, _ := tokens[name].(string); text == "" {
			t.Errorf("there is no %s", name)
		}
	}
	token, _ := tokens["access_token"].(string)
	got := s.userinfo(t, token)
	if claims := got.Fields(t); claims["email"] != s.email || claims["sub"] == "" {
		t.Errorf("userinfo says %v", claims)
	}
}
