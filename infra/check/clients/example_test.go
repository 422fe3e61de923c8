package clients_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
)

// told is what the programs of docs/signin.md show.
type told struct {
	Userinfo struct {
		Subject    string `json:"sub"`
		Email      string `json:"email"`
		IsVerified bool   `json:"email_verified"`
		GivenName  string `json:"given_name"`
	} `json:"userinfo"`
	IDToken struct {
		Subject string   `json:"sub"`
		At      int64    `json:"iat"`
		ACR     string   `json:"acr"`
		AMR     []string `json:"amr"`
		Session string   `json:"sid"`
		Pool    string   `json:"identity_pool_id"`
		User    string   `json:"user_id"`
	} `json:"id_token"`
}

// checkExample checks the program for Go, with zitadel/oidc.
func checkExample(t *testing.T, s *site) {
	s.checkProgram(t, func(a application) {
		start(t, a.address, s.environment(a), build(t, "example", "."))
	})
}

// checkNode checks the program for Node.js, with openid-client.
func checkNode(t *testing.T, s *site) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	s.checkProgram(t, func(a application) {
		start(t, a.address, s.environment(a), node, filepath.Join("testdata", "app.mjs"))
	})
}

// checkProgram lets a person sign in to a program, get new tokens, and sign out.
func (s *site) checkProgram(t *testing.T, start func(application)) {
	t.Helper()
	a := s.register(t, "/callback", nil)
	start(a)
	p := newPerson()
	first := s.told(t, s.enter(t, p, a))
	if got := first.Userinfo; got.Subject == "" || got.Subject != first.IDToken.Subject || got.Email != s.identifier ||
		!got.IsVerified || got.GivenName != "Ann" {
		t.Errorf("the application is told %+v", got)
	}
	if got := first.IDToken; got.Pool != s.pool || got.User != s.user || got.ACR != "aal1" || len(got.AMR) != 1 ||
		got.AMR[0] != "pwd" || got.Session == "" {
		t.Errorf("the ID token has %+v", got)
	}
	again := s.told(t, p.post(t, a.home+"refresh"))
	if again.Userinfo != first.Userinfo || again.IDToken.Session != first.IDToken.Session {
		t.Errorf("with new tokens it is told %+v, and was told %+v", again, first)
	}
	p.post(t, a.home+"logout")
	s.checkSignedOut(t, p, a)
}

func (s *site) told(t *testing.T, p page) (all told) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.body), &all); err != nil {
		t.Fatalf("%s shows %d %s", p.at, p.status, p.body)
	}
	return all
}
