package signin_test

import (
	"encoding/base32"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
	"identitypools/shared/otp"
)

// as returns the setup with another application.
func (s *setup) as(a oidc.Application, secret string) *setup {
	other := *s
	other.client, other.secret = a, secret
	return &other
}

// try submits a name and a password on the page that the browser shows.
func (s *setup) try(t *testing.T, b *systemtest.Browser, name, password string) systemtest.Response {
	t.Helper()
	return b.Submit(t, "do", "password", "identifier", name, "password", password)
}

// silent returns what an application gets that lets no page be shown: a code or an error.
func (s *setup) silent(t *testing.T, b *systemtest.Browser, pairs ...string) url.Values {
	t.Helper()
	got := b.Open(t, s.authorizeURL(append([]string{"prompt", "none"}, pairs...)...))
	answer := answered(t, b, got)
	if (answer.Get("code") != "") == (answer.Get("error") != "") {
		t.Errorf("the application gets %v", answer)
	}
	return answer
}

// isSignedIn reports whether the browser has a session that is good for the application.
func (s *setup) isSignedIn(t *testing.T, b *systemtest.Browser) bool {
	t.Helper()
	answer := s.silent(t, b)
	if answer.Get("code") == "" && answer.Get("error") != oidc.LoginRequired {
		t.Errorf("the application gets %v", answer)
	}
	return answer.Get("code") != ""
}

// claims returns the claims of the ID token for a code.
func (s *setup) claims(t *testing.T, code string) map[string]any {
	t.Helper()
	text, _ := s.exchange(t, code)["id_token"].(string)
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// isPage reports whether an answer is the page for signing in.
func isPage(got systemtest.Response) bool {
	return got.Status == http.StatusOK && strings.Contains(string(got.Body), `name="password"`)
}

// isStuck checks that the browser is told why it goes on nowhere.
func isStuck(t *testing.T, b *systemtest.Browser, got systemtest.Response, says string) {
	t.Helper()
	if b.Left != nil || got.Status != http.StatusBadRequest || !strings.Contains(string(got.Body), says) {
		t.Errorf("the browser is at %s, led to %v: %d %s", b.At, b.Left, got.Status, main(got))
	}
}

// copied returns a browser with the cookies of another one, as it is at this moment.
func copied(b *systemtest.Browser) *systemtest.Browser {
	other := *b
	other.Cookies = maps.Clone(b.Cookies)
	return &other
}

// cookieOf returns the name and the value of the cookie of a browser whose name begins with a prefix.
func cookieOf(t *testing.T, b *systemtest.Browser, prefix string) (name, value string) {
	t.Helper()
	for name, value := range b.Cookies {
		if strings.HasPrefix(name, prefix) {
			return name, value
		}
	}
	t.Fatalf("there is no cookie %s: %v", prefix, b.Cookies)
	return "", ""
}

// formAction returns where the forms of a page may lead.
func formAction(got systemtest.Response) string {
	found := regexp.MustCompile(`form-action ([^;]*)`).FindStringSubmatch(got.Header.Get("Content-Security-Policy"))
	if found == nil {
		return ""
	}
	return strings.TrimSpace(found[1])
}

// The secret of the authenticator apps of these tests.
const appSecret = "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"

// withApp are the credentials of a user who has a password and an authenticator app.
func withApp() fields {
	return fields{"credentials": []fields{
		{"type": "password", "password": systemtest.Password}, {"type": "totp", "totp_secret": appSecret},
	}}
}

// shown returns the code that the app shows now.
func (s *setup) shown(t *testing.T) string {
	t.Helper()
	bytes, err := base32.StdEncoding.DecodeString(appSecret)
	if err != nil {
		t.Fatal(err)
	}
	return otp.TOTP(bytes, s.product.Clock.Now())
}

// atOnce submits a form by copies of a browser at the same time, and returns how many of them get a code for
// the application.
func atOnce(t *testing.T, b *systemtest.Browser, pairs ...string) (codes int) {
	t.Helper()
	var (
		group sync.WaitGroup
		mu    sync.Mutex
	)
	for range 20 {
		each := copied(b)
		group.Go(func() {
			each.Submit(t, pairs...)
			mu.Lock()
			defer mu.Unlock()
			if each.Left != nil && each.Left.Query().Get("code") != "" {
				codes++
			}
		})
	}
	group.Wait()
	return codes
}

// push sends a request of the application to the endpoint for pushed requests.
func (s *setup) push(t *testing.T, secret string, q url.Values) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.issuer()+"/par", strings.NewReader(q.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(s.client.ID, secret)
	return systemtest.Send(t, r)
}
