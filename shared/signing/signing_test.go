package signing_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/retry"
	"identitypools/shared/signing"
)

// store is the stored keys. It counts how often they were read.
type store struct {
	mu    sync.Mutex
	keys  []byte
	reads int
	err   error
}

func (s *store) Get(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return bytes.Clone(s.keys), s.err
}

func (s *store) Replace(_ context.Context, old, keys []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(old, s.keys) {
		return identity.PreconditionFailed{}
	}
	s.keys = keys
	return nil
}

type fixture struct {
	store *store
	now   time.Time
}

func newFixture() *fixture {
	return &fixture{&store{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// signer returns a process with a secret.
func (f *fixture) signer(t *testing.T, secret string) *signing.Signer {
	t.Helper()
	s, err := signing.NewSigner(f.store, []byte(strings.Repeat(secret, 32)[:32]),
		retry.Policy{Jitter: func(time.Duration) time.Duration { return 0 }}, func() time.Time { return f.now })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *fixture) verifier() *signing.Verifier {
	return signing.NewVerifier(f.store.Get, func() time.Time { return f.now })
}

const issuer = "https://id.example.com/t/w"

func (f *fixture) claims() oidc.AccessToken {
	return oidc.AccessToken{Issuer: issuer, Subject: "u", ExpiresAt: f.now.Unix() + 300, ClientID: "c"}
}

func sign(t *testing.T, s *signing.Signer, algorithm, kind string, claims ...any) string {
	t.Helper()
	token, err := s.Sign(t.Context(), algorithm, kind, claims...)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Twenty processes at once agree on one set of keys, which is public but for the sealed parts.
func TestManyProcessesMakeOneSet(t *testing.T) {
	t.Parallel()
	f := newFixture()
	made, err := signing.MakeKeys()
	if err != nil {
		t.Fatal(err)
	}
	all := make([][]byte, 20)
	var group sync.WaitGroup
	for i := range all {
		s := f.signer(t, "a")
		if i > 0 {
			s.Make = func() ([]crypto.Signer, error) { return made, nil } // each other process would make keys for itself
		}
		group.Go(func() {
			keys, err := s.PublicKeys(t.Context())
			if err != nil {
				t.Error(err)
			}
			all[i] = keys
		})
	}
	group.Wait()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(all[0], &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("the keys are %s, %v", all[0], err)
	}
	for _, key := range set.Keys {
		thumbprint, err := key.Thumbprint(crypto.SHA256)
		if err != nil || !key.IsPublic() || key.Use != "sig" || len(thumbprint) == 0 || key.KeyID == "" {
			t.Errorf("a key is %+v", key)
		}
	}
	for _, keys := range all {
		if !bytes.Equal(keys, all[0]) {
			t.Error("the processes have different keys")
		}
	}
}

// A token is what its type, its issuer and its end say (RFC 8725 §3).
func TestWhatIsVerified(t *testing.T) {
	t.Parallel()
	f := newFixture()
	s, v := f.signer(t, "a"), f.verifier()
	stranger := newFixture()
	foreign := sign(t, stranger.signer(t, "a"), oidc.ES256, signing.TypeAccess, f.claims())
	good := sign(t, s, oidc.ES256, signing.TypeAccess, f.claims())
	hint := sign(t, s, oidc.RS256, signing.TypeID, map[string]any{"iss": "x", "name": "Ann"},
		oidc.IDToken{Issuer: issuer, Subject: "u", ExpiresAt: f.now.Unix() - 5})
	if c, err := v.AccessToken(t.Context(), good, issuer); err != nil || c.Subject != "u" || c.ClientID != "c" {
		t.Errorf("the claims are %+v, %v", c, err)
	}
	if c, err := v.IDToken(t.Context(), hint, issuer); err != nil || c.Subject != "u" {
		t.Errorf("an expired hint is %+v, %v", c, err)
	}
	expired := f.claims()
	expired.ExpiresAt = f.now.Unix()
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"nothing": "", "no token": "a.b.c", "too long": strings.Repeat("x", 9000),
		"signed by a stranger": foreign, "of another type": sign(t, s, oidc.ES256, signing.TypeID, f.claims()),
		"of another issuer":   sign(t, s, oidc.ES256, signing.TypeAccess, f.claims(), map[string]any{"iss": issuer + "x"}),
		"expired":             sign(t, s, oidc.ES256, signing.TypeAccess, expired),
		"without a signature": parts[0] + "." + parts[1] + ".",
		"with other claims":   parts[0] + "." + strings.Split(foreign, ".")[1] + "x." + parts[2],
	} {
		if _, err := v.AccessToken(t.Context(), token, issuer); !errors.Is(err, signing.ErrToken) {
			t.Errorf("a token %s: %v", name, err)
		}
	}
	for name, token := range map[string]string{
		"of another type":   good,
		"without a subject": sign(t, s, oidc.RS256, signing.TypeID, oidc.IDToken{Issuer: issuer}),
		"of another issuer": sign(t, s, oidc.RS256, signing.TypeID, oidc.IDToken{Issuer: "x", Subject: "u"}),
	} {
		if _, err := v.IDToken(t.Context(), token, issuer); !errors.Is(err, signing.ErrToken) {
			t.Errorf("an ID token %s: %v", name, err)
		}
	}
	f.store.err = errors.New("down")
	if _, err := f.verifier().AccessToken(t.Context(), good, issuer); err == nil || errors.Is(err, signing.ErrToken) {
		t.Errorf("keys that cannot be read are a verdict: %v", err)
	}
	if _, err := s.Sign(t.Context(), "HS256", signing.TypeID); err == nil {
		t.Error("there is a key for HS256")
	}
}

// A new secret makes new keys. Tokens of both are good everywhere, and each process keeps its own keys. Four
// sets are kept.
func TestKeysRotateWithTheSecret(t *testing.T) {
	t.Parallel()
	f := newFixture()
	made, err := signing.MakeKeys()
	if err != nil {
		t.Fatal(err)
	}
	v := f.verifier()
	first := f.signer(t, "a")
	tokens := []string{sign(t, first, oidc.ES256, signing.TypeAccess, f.claims())}
	for _, secret := range []string{"b", "c", "d", "e"} {
		s := f.signer(t, secret)
		s.Make = func() ([]crypto.Signer, error) { // an RSA key is slow to make, and one is as good as another
			keys, err := signing.MakeKeys()
			return []crypto.Signer{made[0], keys[1]}, err
		}
		tokens = append(tokens, sign(t, s, oidc.ES256, signing.TypeAccess, f.claims()))
		for i, token := range tokens {
			if _, err := v.AccessToken(t.Context(), token, issuer); err != nil {
				t.Errorf("with the secret %s, token %d: %v", secret, i, err)
			}
		}
	}
	again := f.signer(t, "c")
	if _, err := v.AccessToken(t.Context(), sign(t, again, oidc.ES256, signing.TypeAccess, f.claims()), issuer); err != nil {
		t.Errorf("a process that starts with an earlier secret: %v", err)
	}
	keys, err := again.PublicKeys(t.Context())
	var set jose.JSONWebKeySet
	if json.Unmarshal(keys, &set) != nil || err != nil || len(set.Keys) != 8 {
		t.Errorf("the set is %s, %v", keys, err)
	}
	f.now = f.now.Add(5 * time.Minute)
	if _, err := v.AccessToken(t.Context(), sign(t, again, oidc.ES256, signing.TypeAccess, f.claims()), issuer); err != nil {
		t.Errorf("after the keys were read again: %v", err)
	}
	fresh := signing.NewVerifier(f.store.Get, func() time.Time { return f.now.Add(-5 * time.Minute) })
	for i, token := range tokens {
		if _, err := fresh.AccessToken(t.Context(), token, issuer); (err == nil) != (i > 0) {
			t.Errorf("in the end, token %d: %v", i, err)
		}
	}
	// The oldest process signs with a key that is not published any more, and makes another one.
	if _, err := fresh.AccessToken(t.Context(), sign(t, first, oidc.ES256, signing.TypeAccess, f.claims()), issuer); err != nil {
		t.Errorf("a token of the oldest process: %v", err)
	}
}

// A key whose sealed part was changed is an error, and is replaced by nothing.
func TestChangedKeysAreNotUsed(t *testing.T) {
	t.Parallel()
	f := newFixture()
	sign(t, f.signer(t, "a"), oidc.ES256, signing.TypeID, oidc.IDToken{})
	good := slices.Clone(f.store.keys)
	at := bytes.LastIndex(good, []byte(`"sealed":"`)) + 40
	f.store.keys[at] = map[bool]byte{true: 'B', false: 'A'}[f.store.keys[at] == 'A']
	if _, err := f.signer(t, "a").Sign(t.Context(), oidc.ES256, signing.TypeID, oidc.IDToken{}); err == nil {
		t.Error("a changed key signs")
	}
	f.store.keys = []byte("{")
	if _, err := f.signer(t, "a").PublicKeys(t.Context()); err == nil || string(f.store.keys) != "{" {
		t.Errorf("broken keys: %v", err)
	}
	if _, err := f.verifier().AccessToken(t.Context(), "", issuer); !errors.Is(err, signing.ErrToken) {
		t.Errorf("no token: %v", err)
	}
}

// Strangers can name any key. That makes a Verifier read the keys five times at once, and then once a second,
// and keeps nobody else out.
func TestUnknownKeysAreRarelyLookedFor(t *testing.T) {
	t.Parallel()
	f, other := newFixture(), newFixture()
	v := f.verifier()
	token := sign(t, f.signer(t, "a"), oidc.ES256, signing.TypeAccess, f.claims())
	if _, err := v.AccessToken(t.Context(), token, issuer); err != nil {
		t.Fatal(err)
	}
	foreign := sign(t, other.signer(t, "a"), oidc.ES256, signing.TypeAccess, f.claims())
	f.now = f.now.Add(4 * time.Minute)
	f.store.reads = 0
	for range 30 {
		if _, err := v.AccessToken(t.Context(), foreign, issuer); !errors.Is(err, signing.ErrToken) {
			t.Errorf("a foreign token: %v", err)
		}
	}
	if f.store.reads != 5 {
		t.Errorf("the keys were read %d times", f.store.reads)
	}
	if _, err := v.AccessToken(t.Context(), token, issuer); err != nil {
		t.Errorf("a good token: %v", err)
	}
	if got, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256}); err != nil || got.Headers[0].KeyID == "" {
		t.Errorf("the header is %v, %v", got, err)
	}
}
