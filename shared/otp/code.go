// Package otp makes and recognizes one-time codes, and seals the tickets of registrations. What is stored of a code is a
// keyed MAC, never the code (ASVS 6.5.2). The package stores nothing, sends nothing, counts no guesses and knows no clock; it
// imports shared/identity alone, and shared/onetime and the functions that hand out tickets may import it.
package otp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// Binding is what a code is good for. A code for one binding never matches another (ASVS 6.5.2, 6.6.2).
// User is an id as identity.ValidID wants it, Purpose at most 32 bytes; the rest may be any text.
type Binding struct{ Tenant, Pool, User, Purpose, Address string }

// Issued is a new code: what to send, and what to store.
type Issued struct {
	Code        string // digits, for people to type
	Extended    string // the same in a long form for links, URL-safe, at most 250 characters, which names user and purpose
	CodeMAC     []byte // 32 bytes
	ExtendedMAC []byte
}

// Coder makes codes from a source of randomness and recognizes them with a key of 32 bytes. It is safe for concurrent use if
// the source is.
type Coder struct {
	key  []byte
	rand io.Reader
}

// NewCoder is a Coder; rand is crypto/rand's reader but in tests.
func NewCoder(key []byte, rand io.Reader) *Coder { return &Coder{key: key, rand: rand} }

// Lengths of codes in digits.
const (
	minDigits = identity.MinCodeLength
	maxDigits = identity.MaxCodeLength
)

// Longest texts, in bytes, that are looked at. A typed code may have something between all its digits.
const (
	maxExtended = 250
	maxTyped    = 64
	maxPurpose  = 32
)

// secretLength is the random part of an extended code in bytes: 128 bits cannot be guessed (NIST SP 800-63B-4 §3.1.2.1).
const secretLength = 16

// extendedVersion is the first byte of an extended code.
const extendedVersion = 1

// New makes a code of the given number of digits, from 6 to 12 (ASVS 6.5.4). Errors: one for another number of digits or a user
// or purpose that an extended code cannot name; that of the source of randomness.
func (c *Coder) New(b Binding, digits int) (Issued, error) {
	if digits < minDigits || digits > maxDigits {
		return Issued{}, fmt.Errorf("a code has %d to %d digits, not %d", minDigits, maxDigits, digits)
	}
	if !identity.ValidID(b.User) || len(b.Purpose) > maxPurpose {
		return Issued{}, fmt.Errorf("no code can name a user of %d bytes and a purpose of %d", len(b.User), len(b.Purpose))
	}
	code, err := c.randomDigits(digits)
	if err != nil {
		return Issued{}, err
	}
	secret := make([]byte, secretLength)
	if _, err := io.ReadFull(c.rand, secret); err != nil {
		return Issued{}, fmt.Errorf("read randomness: %w", err)
	}
	extended := appendParts([]byte{extendedVersion}, b.Purpose, b.User)
	text := base64.RawURLEncoding.EncodeToString(append(extended, secret...))
	return Issued{Code: code, Extended: text, CodeMAC: c.mac(b, code), ExtendedMAC: c.mac(b, text)}, nil
}

// digits are n unbiased decimal digits: bytes that would favour some of them are thrown away.
func (c *Coder) randomDigits(n int) (string, error) {
	code := make([]byte, 0, n)
	var buffer [1]byte
	for len(code) < n {
		if _, err := io.ReadFull(c.rand, buffer[:]); err != nil {
			return "", fmt.Errorf("read randomness: %w", err)
		}
		if buffer[0] < 250 {
			code = append(code, '0'+buffer[0]%10)
		}
	}
	return string(code), nil
}

// Matches says whether presented is the code or its extended form, in constant time for a given
// form. The MACs are those of New, or the first identity.MarkLength bytes of them. A person may
// type spaces and dashes between the digits, and digits that NFKC turns into ASCII, as East Asian
// keyboards write them; no other script's.
func (c *Coder) Matches(b Binding, presented string, codeMAC, extendedMAC []byte) bool {
	if _, _, extended := ParseExtended(presented); extended {
		return equalMAC(c.mac(b, presented), extendedMAC)
	}
	return equalMAC(c.mac(b, normalizeTyped(presented)), codeMAC)
}

// isMAC says whether stored is mac, or the first identity.MarkLength bytes of it.
func equalMAC(mac, stored []byte) bool {
	if len(stored) == identity.MarkLength {
		mac = mac[:identity.MarkLength]
	}
	return subtle.ConstantTimeCompare(mac, stored) == 1
}

// typed is a short code without what people put between digits; "" for a text that is no short code.
func normalizeTyped(presented string) string {
	if len(presented) > maxTyped {
		return ""
	}
	code := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '-', '\u2010', '\u2013': // hyphen and en dash, which word processors make of '-'
			return -1
		}
		return r
	}, norm.NFKC.String(presented)) // which makes a space of every kind of space
	if strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

// ParseExtended reads user and purpose from an extended code; the user has the shape of an id. Parsing proves nothing, for
// anybody can write such a text: only Matches does.
func ParseExtended(text string) (user, purpose string, ok bool) {
	if len(text) > maxExtended {
		return "", "", false
	}
	bytes, ok := decodeBase64(text)
	if !ok || len(bytes) < 1 || bytes[0] != extendedVersion {
		return "", "", false
	}
	purpose, rest, ok := cutPart(bytes[1:])
	if !ok || len(purpose) > maxPurpose {
		return "", "", false
	}
	user, rest, ok = cutPart(rest)
	if !ok || !identity.ValidID(user) || len(rest) != secretLength {
		return "", "", false
	}
	return user, purpose, true
}

// decode reads base64url, of each value only the one text that encodes it: the library alone would pass over line breaks.
func decodeBase64(text string) (bytes []byte, ok bool) {
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return bytes, err == nil && !strings.ContainsAny(text, "\r\n")
}

// mac binds a code to everything that it is good for. Lengths stand before the parts, so that no two bindings run together.
func (c *Coder) mac(b Binding, code string) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write(appendParts(nil, b.Tenant, b.Pool, b.User, b.Purpose, b.Address, code))
	return h.Sum(nil)
}

// join appends parts, each after its length.
func appendParts(to []byte, parts ...string) []byte {
	for _, part := range parts {
		to = binary.AppendUvarint(to, uint64(len(part)))
		to = append(to, part...)
	}
	return to
}

// cut takes the first part off what join made.
func cutPart(from []byte) (part string, rest []byte, ok bool) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)-size) {
		return "", nil, false
	}
	end := size + int(n)
	return string(from[size:end]), from[end:], true
}
