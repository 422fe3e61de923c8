package factor

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"identitypools/shared/identity"
)

// A user handle is what an authenticator stores of a user, and gives back when it signs the user in
// (WebAuthn Level 3 §5.4.3). It tells nobody who the user is (§14.6.1), and is the same for all
// passkeys of the user.
//
// It is the user's id, sealed with AES-256-GCM. The nonce is a MAC of what is sealed, so that a user
// has one handle, and two users never have the same nonce but with a chance that is negligible. So a
// user can be found by the handle, without a further item of the table. The first byte of what is
// sealed is a count, which makes the handle the same text in both alphabets of base64.
const (
	handleLength = 63 // of at most 64 bytes; divisible by 3, so that base64 has no padding
	nonceLength  = 12
	tagLength    = 16
	plainLength  = handleLength - nonceLength - tagLength
	maxHandleID  = plainLength - 2 // the bytes of the longest id that a handle contains
	isUUID       = 0xff            // stands in place of the length of an id that is a UUID, in 16 bytes
)

// handles make user handles.
type handles struct {
	macKey []byte
	aead   cipher.AEAD
}

// newHandles returns handles with two keys of 32 bytes.
func newHandles(macKey, cipherKey []byte) (handles, error) {
	block, err := aes.NewCipher(cipherKey)
	if err != nil {
		return handles{}, fmt.Errorf("make the cipher of user handles: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	return handles{macKey, aead}, err
}

// Handle returns the user handle of a user, in 63 bytes.
func (k Keys) Handle(u identity.UserRef) []byte {
	var handle []byte
	for count := range 256 { // one in fourteen is plain
		if handle = k.handles.seal(u, byte(count)); plainBase64(handle) {
			break
		}
	}
	return handle
}

// seal returns the handle of a user with a count.
func (h handles) seal(u identity.UserRef, count byte) []byte {
	plain := make([]byte, plainLength)
	plain[0] = count
	id, err := uuid.Parse(u.ID)
	switch {
	case err == nil && id.String() == u.ID:
		plain[1] = isUUID
		copy(plain[2:], id[:])
	case len(u.ID) <= maxHandleID:
		plain[1] = byte(len(u.ID))
		copy(plain[2:], u.ID)
	} // an id that has no room is in the nonce alone, which tells the handle from others
	mac := hmac.New(sha256.New, h.macKey)
	mac.Write(append([]byte{count}, about(u)...))
	mac.Write([]byte(u.ID))
	nonce := mac.Sum(nil)[:nonceLength]
	return append(nonce, h.aead.Seal(nil, nonce, plain, about(u))...)
}

// about returns the pool of a user, which a handle is bound to. Each part is preceded by its length.
func about(u identity.UserRef) []byte {
	var all []byte
	for _, part := range []string{u.Tenant, u.Pool} {
		all = append(binary.AppendUvarint(all, uint64(len(part))), part...)
	}
	return all
}
