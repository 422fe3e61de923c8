package access_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"identitypools/shared/access"
)

// publishedKeys are the keys that functions read. They count how often they were read.
type publishedKeys struct {
	set   []byte
	reads int
	err   error
}

func (p *publishedKeys) Keys(context.Context) ([]byte, error) {
	p.reads++
	return p.set, p.err
}

type fixture struct {
	now      time.Time
	keys     *publishedKeys
	issuer   *access.Issuer
	verifier *access.Verifier
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	w := &fixture{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), keys: &publishedKeys{}}
	w.issuer = issuerOf(t, "the first key's seed is 32 bytes", w)
	set, changed, err := w.issuer.AddPublicKey(nil)
	if err != nil || !changed {
		t.Fatalf("publish: %t %v", changed, err)
	}
	w.keys.set = set
	w.verifier = access.NewVerifier(w.keys.Keys, func() time.Time { return w.now })
	return w
}

func issuerOf(t testing.TB, seed string, w *fixture) *access.Issuer {
	t.Helper()
	issuer, err := access.NewIssuer([]byte(seed), func() time.Time { return w.now })
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

func (w *fixture) token(t testing.TB, issuer *access.Issuer) string {
	t.Helper()
	content := access.Token{
		ClientID: "c", Tenant: "t1", Caller: access.Admin, Scopes: []string{"a", "b"},
	}
	token, err := issuer.Issue(content, "https://id.example.com/t1/admin", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestATokenNamesItsCallerUntilItExpires(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	token := w.token(t, w.issuer)
	for range 3 {
		got, err := w.verifier.Verify(t.Context(), token)
		if err != nil || got.ClientID != "c" || got.Tenant != "t1" ||
			got.Caller != access.Admin || !slices.Equal(got.Scopes, []string{"a", "b"}) {
			t.Fatalf("%+v %v", got, err)
		}
	}
	if w.keys.reads != 1 {
		t.Errorf("keys were read %d times", w.keys.reads)
	}
	w.now = w.now.Add(time.Hour)
	if _, err := w.verifier.Verify(t.Context(), token); !errors.Is(err, access.ErrToken) {
		t.Errorf("an expired token, which is remembered: %v", err)
	}
}

// RFC 8725 lists the ways in which a token can be false.
func TestFalseTokens(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	good := w.token(t, w.issuer)
	parts := strings.Split(good, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, text string) string {
		changed := strings.Replace(string(header), old, text, 1)
		return base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + parts[1] + "."
	}
	private := ed25519.NewKeyFromSeed([]byte("the first key's seed is 32 bytes"))
	public, _ := private.Public().(ed25519.PublicKey)
	kid := kidOf(t, good)
	claims := map[string]any{"aud": "identity:t1:admin", "exp": w.now.Add(time.Hour).Unix(), "client_id": "c"}
	with := func(change map[string]any) map[string]any {
		all := map[string]any{}
		for _, from := range []map[string]any{claims, change} {
			for name, value := range from {
				all[name] = value
			}
		}
		return all
	}
	for name, token := range map[string]string{
		"nothing":  "",
		"no token": "abc",
		"too long": good + strings.Repeat("x", 5000),
		"too long, though signed": sign(t, jose.EdDSA, private, kid, "at+jwt",
			with(map[string]any{"scope": strings.Repeat("x", 5000)})),
		"tampered": parts[0] + "." + base64.RawURLEncoding.EncodeToString(
			[]byte(`{"aud":"identity:t1:admin","exp":9999999999}`)) + "." + parts[2],
		"without a signature":      parts[0] + "." + parts[1] + ".",
		"algorithm none":           swap("EdDSA", "none"),
		"signed by a foreign key":  w.token(t, issuerOf(t, "a foreign key's seed is 32 bytes", w)),
		"HMAC with the public key": sign(t, jose.HS256, []byte(public), kid, "at+jwt", claims),
		"of another type":          sign(t, jose.EdDSA, private, kid, "JWT", claims),
		"for somebody else": sign(t, jose.EdDSA, private, kid, "at+jwt",
			with(map[string]any{"aud": "payments"})),
		"for another product": sign(t, jose.EdDSA, private, kid, "at+jwt",
			with(map[string]any{"aud": "payments:t1:admin"})),
		"for a part of the name":     sign(t, jose.EdDSA, private, kid, "at+jwt", with(map[string]any{"aud": "identity:t1"})),
		"for many":                   sign(t, jose.EdDSA, private, kid, "at+jwt", with(map[string]any{"aud": []string{"identity:t1:admin", "identity:t2:admin"}})),
		"that never expires":         sign(t, jose.EdDSA, private, kid, "at+jwt", map[string]any{"aud": "identity:t1:admin"}),
		"expired":                    sign(t, jose.EdDSA, private, kid, "at+jwt", with(map[string]any{"exp": w.now.Add(-time.Second).Unix()})),
		"not yet valid":              sign(t, jose.EdDSA, private, kid, "at+jwt", with(map[string]any{"nbf": w.now.Add(time.Hour).Unix()})),
		"with an id of no known key": sign(t, jose.EdDSA, private, "other", "at+jwt", claims),
	} {
		if _, err := w.verifier.Verify(t.Context(), token); !errors.Is(err, access.ErrToken) {
			t.Errorf("a token %s: %v", name, err)
		}
	}
	if _, err := w.verifier.Verify(t.Context(), sign(t, jose.EdDSA, private, kid, "at+jwt", claims)); err != nil {
		t.Errorf("the claims that the false tokens differ from: %v", err)
	}
}

func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, kid, kind string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}},
		(&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func kidOf(t testing.TB, token string) string {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	old := w.token(t, w.issuer)
	if _, err := w.verifier.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	next := issuerOf(t, "the second key's seed: 32 bytes.", w)
	set, changed, err := next.AddPublicKey(w.keys.set)
	if err != nil || !changed {
		t.Fatalf("publish: %t %v", changed, err)
	}
	w.keys.set = set
	fresh := w.token(t, next)
	for _, token := range []string{fresh, old} {
		if _, err := w.verifier.Verify(t.Context(), token); err != nil {
			t.Errorf("at once: %v", err)
		}
	}
	if w.keys.reads != 2 {
		t.Errorf("keys were read %d times, want once for each that was new", w.keys.reads)
	}
	if again, changed, err := next.AddPublicKey(set); err != nil || changed || string(again) != string(set) {
		t.Errorf("publishing a known key changes the set: %v", err)
	}
}

func TestKeysThatCannotBeReadAreNoVerdict(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.keys.err = errors.New("down")
	if _, err := w.verifier.Verify(t.Context(), w.token(t, w.issuer)); err == nil ||
		errors.Is(err, access.ErrToken) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsOfClients(t *testing.T) {
	t.Parallel()
	first, hashed, err := access.NewSecret(strings.NewReader(strings.Repeat("a", 32)))
	if err != nil || len(first) < 43 || strings.Contains(hashed, first) {
		t.Fatalf("%q %q %v", first, hashed, err)
	}
	c := access.Client{Secrets: []string{access.HashSecret("older"), hashed}}
	for secret, want := range map[string]bool{first: true, "older": true, "": false, hashed: false, first + "x": false} {
		if c.HasSecret(secret) != want {
			t.Errorf("secret %q proves the client: %t", secret, !want)
		}
	}
	if (access.Client{}).HasSecret("") {
		t.Error("a client without secrets is proved by nothing")
	}
}
