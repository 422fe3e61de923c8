package oidc

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"

	"identitypools/shared/identity"
)

// Handle is what a code, a refresh token and the cookie of a session contain: the names of the user, of
// the session, and of the grant if there is one; and a secret, by which it is recognized. The names lead
// to the one item that is needed. The holder of a handle can read them.
type Handle struct {
	Pool, User, Session, Grant string
	// Generation is that of a refresh token, and 0 in a code or a cookie. It never starts again, so that no
	// token of a family is ever the text of an earlier one.
	Generation uint32
	Secret     []byte // 32 random bytes, or a MAC of the rest
}

// secretLength is the length of the secret of a handle in bytes: 256 bits (ASVS 7.2.3).
const secretLength = 32

// handleVersion is the first byte of a handle, by which a later release can tell others apart.
const handleVersion = 1

// String returns the handle as URL-safe text.
func (h Handle) String() string {
	return base64.RawURLEncoding.EncodeToString(append(h.Named(), h.Secret...))
}

// Named returns the handle without its secret, as bytes that belong to no other names.
func (h Handle) Named() []byte {
	named := binary.BigEndian.AppendUint32([]byte{handleVersion}, h.Generation)
	for _, part := range []string{h.Pool, h.User, h.Session, h.Grant} {
		named = append(append(named, byte(len(part))), part...)
	}
	return named
}

// ParseHandle reads a handle that somebody presents. It reports false if the text is none, or if a name
// is no id.
func ParseHandle(text string) (h Handle, ok bool) {
	rest, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(rest) < 5 || rest[0] != handleVersion {
		return Handle{}, false
	}
	h.Generation, rest = binary.BigEndian.Uint32(rest[1:]), rest[5:]
	for _, part := range []*string{&h.Pool, &h.User, &h.Session, &h.Grant} {
		if len(rest) == 0 || len(rest) <= int(rest[0]) {
			return Handle{}, false
		}
		length := 1 + int(rest[0])
		*part, rest = string(rest[1:length]), rest[length:]
		if !identity.ValidID(*part) && (part != &h.Grant || *part != "") {
			return Handle{}, false
		}
	}
	h.Secret = rest
	return h, len(rest) == secretLength
}

// Ref returns the reference to the user of a tenant whom the handle names.
func (h Handle) Ref(tenant string) identity.UserRef {
	return identity.UserRef{Tenant: tenant, Pool: h.Pool, ID: h.User}
}

// Hash returns the hash under which the secret of a handle is stored. A fast hash is sufficient, because
// nobody can guess the secret.
func (h Handle) Hash() string {
	sum := sha256.Sum256(h.Secret)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Has reports whether the stored hash is that of the handle's secret, in constant time.
func (h Handle) Has(hash string) bool {
	return subtle.ConstantTimeCompare([]byte(h.Hash()), []byte(hash)) == 1
}

// Sign gives the handle of a refresh token its secret: a MAC under a key over its names, its generation,
// and the workspace. So the token of a generation can be made again, and nothing of it is stored.
func (h *Handle) Sign(key []byte, w Workspace) { h.Secret = h.mac(key, w) }

// IsSigned reports whether Sign has given the handle its secret, in constant time.
func (h Handle) IsSigned(key []byte, w Workspace) bool { return hmac.Equal(h.Secret, h.mac(key, w)) }

func (h Handle) mac(key []byte, w Workspace) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(w.Tenant), {'#'}, []byte(w.ID), {'#'}, h.Named()} { // ids contain no '#'
		_, _ = mac.Write(part) // never fails
	}
	return mac.Sum(nil)
}
