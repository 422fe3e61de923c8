// Package otp makes and recognizes one-time codes, and seals the tickets that identify
// registrations. Only a keyed MAC of a code is meant to be stored, never the code itself (ASVS
// 6.5.2).
//
// The package stores nothing, sends nothing, counts no guesses and has no clock. It imports
// shared/identity and no other package of this module.
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
	"unicode"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// A Binding is what a code is valid for. A code for one binding never matches another (ASVS 6.5.2,
// 6.6.2). User must satisfy identity.ValidID and Purpose must have at most 32 bytes. The other
// fields may be any text.
type Binding struct{ Tenant, Pool, User, Purpose, Address string }

// An Issued is a new code, in the forms that are sent and the forms that are stored.
type Issued struct {
	Code string // decimal digits, for people to type

	// Extended is a longer code for links that has the same effect. It contains the user and the
	// purpose in readable form. It is URL-safe and has at most 250 characters.
	Extended string

	CodeMAC     []byte // to store for Code; 32 bytes
	ExtendedMAC []byte // to store for Extended; 32 bytes
}

// A Coder makes codes from a source of randomness and recognizes them with a key. It is safe for
// concurrent use if the source is.
type Coder struct {
	key  []byte
	rand io.Reader
}

// NewCoder returns a Coder with the given key of 32 bytes. Except in tests, rand is the reader of
// crypto/rand.
func NewCoder(key []byte, rand io.Reader) *Coder { return &Coder{key: key, rand: rand} }

// Bounds for the number of digits of a code.
const (
	minDigits = identity.MinCodeLength
	maxDigits = identity.MaxCodeLength
)

// Upper bounds for the lengths of texts, in bytes. A typed code may have a separator after each digit.
const (
	maxExtended = 250
	maxTyped    = 64
	maxPurpose  = 32
)

// secretLength is the number of random bytes in an extended code. 128 bits cannot be guessed (NIST
// SP 800-63B-4 §3.1.2.1).
const secretLength = 16

// extendedVersion is the first byte of an extended code.
const extendedVersion = 1

// New makes a code with the given number of digits, from 6 to 12 (ASVS 6.5.4). It fails for another
// number of digits, for a user or a purpose that does not fit the rules of Binding, and if the
// source of randomness fails.
func (c *Coder) New(b Binding, digits int) (Issued, error) {
	if digits < minDigits || digits > maxDigits {
		return Issued{}, fmt.Errorf("a code has %d to %d digits, not %d", minDigits, maxDigits, digits)
	}
	if !identity.ValidID(b.User) || len(b.Purpose) > maxPurpose {
		return Issued{}, fmt.Errorf("no code can name a user of %d bytes and a purpose of %d",
			len(b.User), len(b.Purpose))
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

// randomDigits returns n random decimal digits. It discards the bytes from 250 on, which would make
// some digits more likely than others.
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

// Matches reports whether presented is the code for b, or its extended form. The MACs are those in
// Issued, or their first identity.MarkLength bytes. For each of the two forms the comparison takes
// constant time.
//
// Matches accepts a code as people type it or copy it from a mail, which shows it in groups: with
// spaces of any kind and dashes between the digits, and with digits that NFKC turns into ASCII, such as
// those of East Asian keyboards. It accepts no digits of other scripts.
func (c *Coder) Matches(b Binding, presented string, codeMAC, extendedMAC []byte) bool {
	if _, _, extended := ParseExtended(presented); extended {
		return equalMAC(c.mac(b, presented), extendedMAC)
	}
	return equalMAC(c.mac(b, normalizeTyped(presented)), codeMAC)
}

// Request returns a MAC that recognizes a repeat of a request, which presented a code and also
// consists of the given parts. The purpose of b must be one that no code has. The address of b is
// ignored.
func (c *Coder) Request(b Binding, presented string, parts ...string) []byte {
	if _, _, extended := ParseExtended(presented); !extended {
		presented = normalizeTyped(presented)
	}
	b.Address = string(appendParts(nil, parts...))
	return c.mac(b, presented)[:identity.MarkLength]
}

// equalMAC reports whether stored is mac, or the first identity.MarkLength bytes of it.
func equalMAC(mac, stored []byte) bool {
	if len(stored) == identity.MarkLength {
		mac = mac[:identity.MarkLength]
	}
	return subtle.ConstantTimeCompare(mac, stored) == 1
}

// normalizeTyped returns a typed code without the characters that people put between its digits. It
// returns "" for a text that is no such code.
func normalizeTyped(presented string) string {
	if len(presented) > maxTyped {
		return ""
	}
	code := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(" \t-\u2010\u2012\u2013\u2014\u2212", r):
			// Word processors turn '-' into other dashes.
			return -1
		case unicode.Is(unicode.Cf, r): // is copied along and shows nothing, such as a zero-width space
			return -1
		}
		return r
	}, norm.NFKC.String(presented)) // turns every kind of space into ' '
	if strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

// ParseExtended returns the user and the purpose that an extended code contains. The user satisfies
// identity.ValidID. The code may still be forged, since anybody can write such a text: only Matches
// proves a code.
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

// decodeBase64 decodes base64url and accepts only the canonical encoding of each value. The
// encoding's own Strict mode still ignores line breaks.
func decodeBase64(text string) (bytes []byte, ok bool) {
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return bytes, err == nil && !strings.ContainsAny(text, "\r\n")
}

// mac returns the MAC of a code and everything that it is valid for. Each part is preceded by its
// length, so that different bindings never give the same input.
func (c *Coder) mac(b Binding, code string) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write(appendParts(nil, b.Tenant, b.Pool, b.User, b.Purpose, b.Address, code))
	return h.Sum(nil)
}

// appendParts appends each part to the slice, preceded by its length.
func appendParts(to []byte, parts ...string) []byte {
	for _, part := range parts {
		to = binary.AppendUvarint(to, uint64(len(part)))
		to = append(to, part...)
	}
	return to
}

// cutPart cuts the first part off a slice that appendParts made.
func cutPart(from []byte) (part string, rest []byte, ok bool) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)-size) {
		return "", nil, false
	}
	end := size + int(n)
	return string(from[size:end]), from[end:], true
}
