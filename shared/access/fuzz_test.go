package access_test

import (
	"crypto/ed25519"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"identitypools/shared/access"
)

// FuzzToken verifies any text as a token, and any claims with a valid signature. Of the texts, only
// the issued token identifies its caller. Of the signed claims, only those whose audience can be
// read in a single way are accepted. Nothing makes a Verifier read the keys often.
func FuzzToken(f *testing.F) {
	const claims = `{"aud":"identity:t1:admin","exp":1767229200,"client_id":"c","scope":"a b"}`
	for _, text := range []string{
		"", ".", "..", "....", "a.b.c", "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.AAAA", "\xff.\x00.\n", strings.Repeat("e", 5000),
		`{"payload":"e30","signatures":[]}`, `{"protected":"e30","payload":"e30","signature":"AA"}`,
	} {
		f.Add(text, false)
	}
	for _, text := range []string{
		claims, `{}`, `null`, `[]`, `{"aud":["identity:t1:admin","x"],"exp":1e99}`,
		`{"aud":"identity::","exp":1767229200}`, `{"aud":"identity:a:b:c","exp":1767229200}`,
		`{"aud":"x","exp":1767229200}`,
		`{"aud":"identity:t1:admin","exp":-1}`, `{"aud":"identity:t1:admin","exp":1767229200,"nbf":1767229200}`, `{"aud":1,"exp":"x"}`, `{"aud":"identity:t1:admin"}`,
	} {
		f.Add(text, true)
	}
	w := newFixture(f)
	good := w.token(f, w.issuer)
	want, err := w.verifier.Verify(f.Context(), good)
	if err != nil {
		f.Fatal(err)
	}
	kid := kidOf(f, good)
	f.Add(good, false)
	f.Add(good[:len(good)-1], false)
	f.Fuzz(func(t *testing.T, text string, signed bool) {
		if signed {
			text = signedText(t, kid, text)
		}
		keys := &publishedKeys{set: w.keys.set}
		verifier := access.NewVerifier(keys.Keys, func() time.Time { return w.now })
		for range 7 {
			got, err := verifier.Verify(t.Context(), text)
			switch {
			case err != nil && (!errors.Is(err, access.ErrToken) ||
				!reflect.DeepEqual(got, access.Token{})):
				t.Fatalf("got %+v, %v", got, err)
			case err == nil && !signed && !reflect.DeepEqual(got, want):
				t.Fatalf("nobody issued %q: %+v", text, got)
			case err == nil && strings.Contains(got.Tenant+string(got.Caller), ":"):
				t.Fatalf("its audience can be read in two ways: %+v", got)
			}
		}
		if keys.reads > 5 {
			t.Errorf("the keys were read %d times", keys.reads)
		}
	})
}

// signedText returns a token with any payload, signed with the issuer's own key.
func signedText(t *testing.T, kid, payload string) string {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte("the first key's seed is 32 bytes"))
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.EdDSA, Key: private},
		(&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signature.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
