// Package passkeytest is an authenticator and its browser, for tests: it creates passkeys with the
// options that the product gives, and returns what a browser would return (WebAuthn Level 3 §5.1.8). It
// can do so wrongly.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// Flags of the data of an authenticator (WebAuthn Level 3 §6.1).
const (
	UserPresent    = 1 << 0
	UserVerified   = 1 << 2
	BackupEligible = 1 << 3
	BackedUp       = 1 << 4
	hasPasskey     = 1 << 6
)

// Authenticator creates passkeys. The zero value does it as it should be done, on a page of the host
// that the options name.
type Authenticator struct {
	Origin    string // of the page; "" for the host of the options, with https
	Host      string // whose passkey it is; "" for the host of the options
	Ceremony  string // "" for webauthn.create
	Challenge string // "" for that of the options
	Flags     byte   // 0 for a verified user
	Algorithm int64  // 0 for ES256, which is the only one whose keys it can make
	IDLength  int    // 0 for 16
	Cross     bool   // whether the page is in a frame of another origin
}

// Options is what a browser reads of the options for a new passkey.
type Options struct {
	PublicKey struct {
		RP        struct{ ID, Name string }
		User      struct{ ID, Name, DisplayName string }
		Challenge string
		Timeout   int64
		Keys      []struct {
			Type string
			Alg  int64
		} `json:"pubKeyCredParams"`
		Known []struct {
			Type, ID   string
			Transports []string
		} `json:"excludeCredentials"`
		Selection struct {
			ResidentKey, UserVerification string
			RequireResidentKey            bool
		} `json:"authenticatorSelection"`
		Attestation string
	} `json:"publicKey"`
}

// Read reads options in JSON.
func Read(tb testing.TB, text []byte) (o Options) {
	tb.Helper()
	if err := json.Unmarshal(text, &o); err != nil {
		tb.Fatalf("read the options %s: %v", text, err)
	}
	return o
}

// Create creates a passkey and returns what a browser returns, as it makes JSON of it.
func (a Authenticator) Create(tb testing.TB, o Options) map[string]any {
	tb.Helper()
	p := o.PublicKey
	orElse := func(text *string, usual string) {
		if *text == "" {
			*text = usual
		}
	}
	orElse(&a.Host, p.RP.ID)
	orElse(&a.Origin, "https://"+p.RP.ID)
	orElse(&a.Ceremony, "webauthn.create")
	orElse(&a.Challenge, p.Challenge)
	if a.Flags == 0 {
		a.Flags = UserPresent | UserVerified
	}
	if a.IDLength == 0 {
		a.IDLength = 16
	}
	if a.Algorithm == 0 {
		a.Algorithm = -7
	}
	client, err := json.Marshal(map[string]any{
		"type": a.Ceremony, "challenge": a.Challenge, "origin": a.Origin, "crossOrigin": a.Cross,
	})
	if err != nil {
		tb.Fatal(err)
	}
	id := make([]byte, a.IDLength)
	_, _ = rand.Read(id) // never fails
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]any{
		"id": encode(id), "rawId": encode(id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": encode(client), "attestationObject": encode(a.attestation(tb, id)),
			"transports": []string{"internal", "hybrid"}, "publicKeyAlgorithm": a.Algorithm,
		},
	}
}

// attestation returns the attestation object of a passkey, without an attestation (WebAuthn Level 3
// §6.5, §8.7).
func (a Authenticator) attestation(tb testing.TB, id []byte) []byte {
	tb.Helper()
	host := sha256.Sum256([]byte(a.Host))
	data := append(host[:], a.Flags|hasPasskey)
	data = binary.BigEndian.AppendUint32(data, 0) // the signature counter
	data = append(data, make([]byte, 16)...)      // the model of the authenticator
	data = binary.BigEndian.AppendUint16(data, uint16(len(id)))
	data = append(append(data, id...), a.publicKey(tb)...)
	object := []byte{0xa3} // a map of three members
	object = appendText(appendText(object, "fmt"), "none")
	object = append(appendText(object, "attStmt"), 0xa0) // an empty map
	return appendBytes(appendText(object, "authData"), data)
}

// publicKey returns a new key for ES256 as COSE has it (RFC 9053 §7.1.1).
func (a Authenticator) publicKey(tb testing.TB) []byte {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	key := []byte{0xa5, 0x01, 0x02, 0x03} // a map of five members: kty = EC2, alg = …
	key = appendNegative(key, a.Algorithm)
	key = append(key, 0x20, 0x01, 0x21) // crv = P-256, x = …
	key = append(appendBytes(key, point[1:33]), 0x22)
	return appendBytes(key, point[33:])
}

// appendNegative appends a negative number in CBOR (RFC 8949 §3.1).
func appendNegative(to []byte, n int64) []byte { return appendHead(to, 1<<5, uint64(-1-n)) }

func appendText(to []byte, text string) []byte {
	return append(appendHead(to, 3<<5, uint64(len(text))), text...)
}

func appendBytes(to, bytes []byte) []byte {
	return append(appendHead(to, 2<<5, uint64(len(bytes))), bytes...)
}

// appendHead appends the head of an item of CBOR.
func appendHead(to []byte, major byte, value uint64) []byte {
	switch {
	case value < 24:
		return append(to, major|byte(value))
	case value < 1<<8:
		return append(to, major|24, byte(value))
	}
	return binary.BigEndian.AppendUint16(append(to, major|25), uint16(value))
}
