package factor

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"identitypools/shared/identity"
)

// A user handle is what an authenticator stores of a user, and gives back when it signs the user in
// (WebAuthn Level 3 §5.4.3). It tells nobody who the user is (§14.6.1), and is the same for all
// passkeys of the user.
//
// It consists of a MAC and of the user's id, which is encrypted with the MAC as the nonce (as in SIV,
// RFC 5297). So a user can be found by the handle, without a further item of the table. The first byte
// of what is encrypted is a count, which makes the handle the same text in both alphabets of base64.
const (
	handleLength = 63 // of at most 64 bytes; divisible by 3, so that base64 has no padding
	macLength    = aes.BlockSize
	idLength     = handleLength - macLength - 2 // of the longest id that a handle contains
)

// handles make user handles with two keys of 32 bytes.
type handles struct{ macKey, cipherKey []byte }

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

// UserOfHandle returns the user of a pool who has the handle. It reports false if the text is no handle
// of the pool, or that of a user whose id, which an administrator chose, has more than 45 characters:
// such a user must be named before a passkey is asked for.
func (k Keys) UserOfHandle(tenant, pool string, handle []byte) (u identity.UserRef, ok bool) {
	if len(handle) != handleLength {
		return u, false
	}
	plain := k.handles.crypt(handle[:macLength], handle[macLength:])
	length := int(plain[1])
	if length == 0 || length > idLength {
		return u, false
	}
	u = identity.UserRef{Tenant: tenant, Pool: pool, ID: string(plain[2 : 2+length])}
	return u, hmac.Equal(k.handles.seal(u, plain[0]), handle)
}

// seal returns the handle of a user with a count.
func (h handles) seal(u identity.UserRef, count byte) []byte {
	plain := make([]byte, handleLength-macLength)
	plain[0], plain[1] = count, byte(len(u.ID))
	if len(u.ID) > idLength {
		plain[1] = 0 // the id has no room, and the MAC alone tells the handle from others
	} else {
		copy(plain[2:], u.ID)
	}
	mac := h.mac(u, count)
	return append(bytes.Clone(mac), h.crypt(mac, plain)...)
}

// mac returns the MAC of a handle. Each part is preceded by its length.
func (h handles) mac(u identity.UserRef, count byte) []byte {
	mac := hmac.New(sha256.New, h.macKey)
	mac.Write([]byte{count})
	for _, part := range []string{u.Tenant, u.Pool, u.ID} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)[:macLength]
}

// crypt encrypts or decrypts the content of a handle with AES-256 in counter mode.
func (h handles) crypt(mac, content []byte) []byte {
	block, err := aes.NewCipher(h.cipherKey)
	if err != nil {
		panic(err) // the key always has 32 bytes
	}
	out := make([]byte, len(content))
	cipher.NewCTR(block, mac).XORKeyStream(out, content)
	return out
}
