package signin_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// A person signs in with a password, and the application gets a code. A second application then gets one
// without a page.
func TestAPersonSignsIn(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	answer := s.signIn(t, b)
	if answer.Get("code") == "" || answer.Get("state") != "a state" || answer.Get("iss") != s.issuer() {
		t.Errorf("the application gets %v", answer)
	}
	got := b.Open(t, s.authorizeURL("prompt", "none"))
	if again := answered(t, b, got); again.Get("code") == "" || again.Get("code") == answer.Get("code") {
		t.Errorf("with a session the application gets %v", again)
	}
}
