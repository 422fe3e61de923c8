package access_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"identitypools/shared/access"
)

// A token is invalid from the second that it names on, whether it is remembered or not (RFC 7519
// §4.1.4).
func TestTokensEndOnTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		at         time.Duration // since the token was issued
		remembered bool
		good       bool
	}{
		{"before it is issued", -time.Second, false, false},
		{"when it is issued", 0, false, true},
		{"just before its end", time.Hour - time.Nanosecond, false, true},
		{"at its end", time.Hour, false, false},
		{"just before its end, remembered", time.Hour - time.Nanosecond, true, true},
		{"at its end, remembered", time.Hour, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			token := w.token(t, w.issuer)
			if test.remembered {
				if _, err := w.verifier.Verify(t.Context(), token); err != nil {
					t.Fatal(err)
				}
			}
			w.now = w.now.Add(test.at)
			if _, err := w.verifier.Verify(t.Context(), token); (err == nil) != test.good ||
				err != nil && !errors.Is(err, access.ErrToken) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// A remembered token is accepted without the keys. A text that only resembles it is not.
func TestRememberedTokens(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	token := w.token(t, w.issuer)
	if _, err := w.verifier.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	w.keys.set, w.keys.err = nil, errors.New("down")
	if _, err := w.verifier.Verify(t.Context(), token); err != nil {
		t.Errorf("a remembered token while the keys can't be read: %v", err)
	}
	for _, other := range []string{token[:len(token)-1], token + "A", token + "."} {
		if _, err := w.verifier.Verify(t.Context(), other); !errors.Is(err, access.ErrToken) {
			t.Errorf("a text like a remembered token: %v", err)
		}
	}
}

// Strangers can name any key. A Verifier then reads the keys five times at once, and after that
// once a second.
func TestUnknownKeysAreRarelyLookedFor(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	private := ed25519.NewKeyFromSeed([]byte("a foreign key's seed is 32 bytes"))
	for _, step := range []struct {
		later time.Duration
		reads int // allowed at that time
	}{{0, 5}, {time.Second - time.Nanosecond, 0}, {time.Nanosecond, 1}, {3 * time.Second, 3}, {time.Minute, 5}} {
		w.now, w.keys.reads = w.now.Add(step.later), 0
		for i := range 30 {
			claims := map[string]any{"aud": "identity:t1:admin", "exp": w.now.Add(time.Hour).Unix()}
			token := sign(t, jose.EdDSA, private, fmt.Sprint("stranger-", i), "at+jwt", claims)
			if _, err := w.verifier.Verify(t.Context(), token); !errors.Is(err, access.ErrToken) {
				t.Errorf("a token of key %d: %v", i, err)
			}
		}
		if w.keys.reads != step.reads {
			t.Errorf("%s later the keys were read %d times, want %d", step.later, w.keys.reads, step.reads)
		}
	}
}

// The first token of a deployment must be accepted at once, even if a Verifier read the keys before
// any was published.
func TestTheFirstKeyIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	set, token := w.keys.set, w.token(t, w.issuer)
	w.keys.set = nil
	if _, err := w.verifier.Verify(t.Context(), token); !errors.Is(err, access.ErrToken) {
		t.Errorf("before any key is published: %v", err)
	}
	w.keys.set = set
	if _, err := w.verifier.Verify(t.Context(), token); err != nil {
		t.Errorf("after it is published: %v", err)
	}
}

func TestVerifyIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	tokens := []string{w.token(t, w.issuer), w.token(t, issuerOf(t, "a foreign key's seed is 32 bytes", w))}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			_, err := w.verifier.Verify(t.Context(), tokens[i%2])
			if foreign := i%2 == 1; errors.Is(err, access.ErrToken) != foreign {
				t.Errorf("token %d: %v", i%2, err)
			}
		})
	}
	group.Wait()
	if w.keys.reads > 5 {
		t.Errorf("the keys were read %d times", w.keys.reads)
	}
}

// A set has the newest four public keys, newest first, so that tokens from before the last
// rotations remain valid.
func TestPublishKeepsTheNewestKeys(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	tokens := []string{w.token(t, w.issuer)}
	for i := range 4 {
		next := issuerOf(t, fmt.Sprintf("the seed of key %d has 32 bytes. ", i)[:32], w)
		set, changed, err := next.AddPublicKey(w.keys.set)
		if err != nil || !changed {
			t.Fatalf("changed is %t, error is %v", changed, err)
		}
		w.keys.set, tokens = set, append(tokens, w.token(t, next))
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(w.keys.set, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 4 || set.Keys[0].KeyID != kidOf(t, tokens[4]) {
		t.Errorf("the set is %s", w.keys.set)
	}
	for _, key := range set.Keys {
		if !key.IsPublic() || key.Use != "sig" || key.Algorithm != "EdDSA" {
			t.Errorf("key %+v", key)
		}
	}
	for i, token := range tokens {
		if _, err := w.verifier.Verify(t.Context(), token); (err == nil) != (i > 0) {
			t.Errorf("a token of key %d: %v", i, err)
		}
	}
}

func TestAPublishedSetThatIsBroken(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.keys.set = []byte("{")
	if _, _, err := w.issuer.AddPublicKey(w.keys.set); err == nil {
		t.Error("it is replaced")
	}
	if _, err := w.verifier.Verify(t.Context(), w.token(t, w.issuer)); err == nil ||
		errors.Is(err, access.ErrToken) {
		t.Errorf("it is a verdict about a token: %v", err)
	}
}

// A key that comes with a token proves nothing (RFC 8725 §3.10).
func TestKeysInTokensAreIgnored(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	foreign := ed25519.NewKeyFromSeed([]byte("a foreign key's seed is 32 bytes"))
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType("at+jwt").WithHeader("kid", kidOf(t, w.token(t, w.issuer)))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: foreign}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{"aud": "identity:t1:admin", "exp": w.now.Add(time.Hour).Unix()}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.verifier.Verify(t.Context(), token); !errors.Is(err, access.ErrToken) {
		t.Errorf("error is %v", err)
	}
}

// Ids contain no colon, so an audience can be read in one way only. One that could be read in two
// ways is refused.
func TestAudiencesAreUnambiguous(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for _, c := range []access.Token{{Tenant: "a:b", Caller: "admin"}, {Tenant: "a", Caller: "b:admin"}} {
		token, err := w.issuer.Issue(c, "https://id.example.com", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if caller, err := w.verifier.Verify(t.Context(), token); !errors.Is(err, access.ErrToken) {
			t.Errorf("a token of %+v is one of %+v: %v", c, caller, err)
		}
	}
}

func TestNewSecretNeedsRandomness(t *testing.T) {
	t.Parallel()
	if _, _, err := access.NewSecret(strings.NewReader("too short")); err == nil {
		t.Error("no error")
	}
}
