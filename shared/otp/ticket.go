package otp

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"identitypools/shared/identity"
)

// A Ticket identifies a registration to the client that made it, and the mailbox that must be
// proved to complete it. It is handed out sealed, so that nobody can read, change or make one.
type Ticket struct {
	Tenant, Pool       string    // where the ticket is valid; not contained in the sealed ticket
	User, Registration string    // ids of at most 128 bytes
	Mailbox            string    // digest of the mailbox; "" in tickets of the first release
	ExpiresAt          time.Time // in whole seconds
}

// ticketLength is the length of the content of every ticket, so that the length of a ticket reveals
// nothing about its parts. It has room for the time, two ids of 128 bytes and the digest of a
// mailbox, each with its length. Tickets of the first release end before the digest.
const (
	firstReleaseLength = 8 + 2*(2+maxID)
	ticketLength       = firstReleaseLength + 1 + maxMailbox
)

const (
	maxID           = 128 // bytes of an id in a ticket
	maxMailbox      = 22  // bytes of the digest of a mailbox
	sealerKeyLength = 32  // bytes of a key for AES-256
)

// A Sealer encrypts and authenticates tickets and notes with AES-256-GCM and random nonces. A key
// is good for 2^32 of them (NIST SP 800-38D §8.3), which is a hundred each second for more than a
// year. A Sealer is safe for concurrent use if its source of randomness is.
type Sealer struct {
	aead cipher.AEAD
	rand io.Reader
}

// NewSealer returns a Sealer with a key of 32 bytes. It fails for a key of another length. Except
// in tests, rand is the reader of crypto/rand.
func NewSealer(key []byte, rand io.Reader) (*Sealer, error) {
	if len(key) != sealerKeyLength {
		return nil, fmt.Errorf("a ticket key has %d bytes, not %d", sealerKeyLength, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make ticket cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make ticket cipher: %w", err)
	}
	return &Sealer{aead: aead, rand: rand}, nil
}

// Seal returns the sealed ticket as URL-safe text. All sealed tickets have the same length. Seal
// fails if an id has more than 128 bytes, and if the source of randomness fails.
func (s *Sealer) Seal(t Ticket) (string, error) {
	if len(t.User) > maxID || len(t.Registration) > maxID || len(t.Mailbox) > maxMailbox {
		return "", errors.New("ids are too long for a ticket")
	}
	content := binary.BigEndian.AppendUint64(nil, uint64(t.ExpiresAt.Unix()))
	content = appendParts(content, t.User, t.Registration, t.Mailbox)
	content = append(content, make([]byte, ticketLength-len(content))...)
	return s.seal(content, appendParts(nil, t.Tenant, t.Pool))
}

// SealNote seals a note that a client keeps and brings back, such as the state of a page in a
// cookie. The client can neither read nor change it, but sees its length. The note can be opened
// only for the same purpose, tenant and pool. SealNote fails if the source of randomness fails.
func (s *Sealer) SealNote(purpose, tenant, pool string, note []byte) (string, error) {
	return s.seal(note, appendParts(nil, purpose, tenant, pool))
}

// OpenNote returns a note that SealNote sealed for the same purpose, tenant and pool. The error is
// identity.InvalidCode if the text is anything else.
func (s *Sealer) OpenNote(purpose, tenant, pool, text string) ([]byte, error) {
	return s.open(text, appendParts(nil, purpose, tenant, pool))
}

func (s *Sealer) seal(content, about []byte) (string, error) {
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, content, about)), nil
}

func (s *Sealer) open(text string, about []byte) ([]byte, error) {
	sealed, ok := decodeBase64(text)
	if !ok || len(sealed) < s.aead.NonceSize() {
		return nil, identity.InvalidCode{}
	}
	nonce, sealed := sealed[:s.aead.NonceSize()], sealed[s.aead.NonceSize():]
	content, err := s.aead.Open(nil, nonce, sealed, about)
	if err != nil {
		return nil, identity.InvalidCode{}
	}
	return content, nil
}

// Open returns the ticket that was sealed for tenant and pool. The caller must check whether it has
// expired. The error is identity.InvalidCode if the text is no ticket for this tenant and pool.
func (s *Sealer) Open(tenant, pool, text string) (Ticket, error) {
	content, err := s.open(text, appendParts(nil, tenant, pool))
	if err != nil || len(content) != ticketLength && len(content) != firstReleaseLength {
		return Ticket{}, identity.InvalidCode{}
	}
	user, rest, ok := cutPart(content[8:])
	if !ok {
		return Ticket{}, identity.InvalidCode{}
	}
	registration, rest, ok := cutPart(rest)
	if !ok {
		return Ticket{}, identity.InvalidCode{}
	}
	mailbox, _, ok := cutPart(rest)
	if !ok {
		return Ticket{}, identity.InvalidCode{}
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(content)), 0).UTC()
	return Ticket{
		Tenant: tenant, Pool: pool, User: user, Registration: registration, Mailbox: mailbox,
		ExpiresAt: expires,
	}, nil
}
