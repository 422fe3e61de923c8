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

// Ticket names a registration to whoever made it, and to nobody else: it is sealed.
type Ticket struct {
	Tenant, Pool       string // bound to the ticket, not part of it
	User, Registration string
	// the digest of the mailbox that proves the registration; "" in tickets of the first release
	Mailbox   string
	ExpiresAt time.Time // to the second
}

// ticketLength is the length of every ticket's content, whatever the lengths of its parts, so that
// a ticket tells nothing: the time, two ids of up to 128 bytes and the digest of a mailbox, each
// with its length. Tickets of the first release end before the digest.
const (
	firstReleaseLength = 8 + 2*(2+maxID)
	ticketLength       = firstReleaseLength + 1 + maxMailbox
)

const (
	maxID           = 128 // bytes of an id in a ticket
	maxMailbox      = 22  // bytes of the digest of a mailbox
	sealerKeyLength = 32  // bytes: AES-256
)

// Sealer seals tickets, and notes to oneself, with AES-256-GCM and random nonces, which is good for 2^32 tickets a key (NIST SP 800-38D §8.3): a hundred a
// second for more than a year. It is safe for concurrent use if its source of randomness is.
type Sealer struct {
	aead cipher.AEAD
	rand io.Reader
}

// NewSealer is a Sealer with a key of 32 bytes, any other is an error; rand is crypto/rand's reader but in tests.
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

// Seal is the ticket as text, URL-safe and always of the same length. Errors: one for ids of more than 128 bytes; that of the
// source of randomness.
func (s *Sealer) Seal(t Ticket) (string, error) {
	if len(t.User) > maxID || len(t.Registration) > maxID || len(t.Mailbox) > maxMailbox {
		return "", errors.New("ids are too long for a ticket")
	}
	content := binary.BigEndian.AppendUint64(nil, uint64(t.ExpiresAt.Unix()))
	content = appendParts(content, t.User, t.Registration, t.Mailbox)
	content = append(content, make([]byte, ticketLength-len(content))...)
	return s.seal(content, appendParts(nil, t.Tenant, t.Pool))
}

// SealNote is a text for whoever holds it to bring back, who can neither read nor change it; it is good for one purpose, tenant and pool.
// It tells its length. Errors: that of the source of randomness.
func (s *Sealer) SealNote(purpose, tenant, pool string, note []byte) (string, error) {
	return s.seal(note, appendParts(nil, purpose, tenant, pool))
}

// OpenNote reads what SealNote made. Any fault is identity.InvalidCode.
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

// Open reads a ticket that was sealed for tenant and pool. Whether it has expired is the caller's to see. Any fault is
// identity.InvalidCode.
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
