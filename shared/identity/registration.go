package identity

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Lifetimes of a registration. A ticket resends for TicketLifetime; the registration outlives the last code sent for it.
const (
	TicketLifetime       = 24 * time.Hour
	RegistrationLifetime = 2 * TicketLifetime
)

// SelfRegistration is the body of a registration.
type SelfRegistration struct {
	Identifier          string         `json:"identifier"`
	OTPAddress          string         `json:"otp_address"`
	Password            string         `json:"password"`
	Payload             jsontext.Value `json:"payload"`
	TOTPSecret          string         `json:"totp_secret"`
	WebAuthnCredentials jsontext.Value `json:"webauthn_credentials"`
}

// Registration is what somebody who wants to become a user gave. It waits, apart from the user and from any other
// registration of the same identifier, until the code mailed for it proves the address; only then does its password and
// payload become the user's (no pre-hijacking).
type Registration struct {
	ID           string         `json:"id"`
	Address      string         `json:"address,omitempty"` // where its messages go: as given
	Normalized   string         `json:"normalized,omitempty"`
	AddressType  IdentifierType `json:"address_type,omitempty"`
	PasswordHash string         `json:"-"`
	Payload      jsontext.Value `json:"payload,omitzero"`
	Language     string         `json:"language,omitempty"`
	CreatedAt    Time           `json:"created_at"`
}

// Register makes, of what was given, the registration and the user that it would belong to if its identifier is free.
// mail says whether a message is asked for, which then needs an e-mail address. The payload is checked by the caller.
func (p Pool) Register(s SelfRegistration, mail bool, m Maker) (User, Registration, error) {
	var v Violations
	kind := InferType(s.Identifier)
	normalized, err := p.Normalize(kind, s.Identifier)
	if err != nil {
		v.Add("/identifier", err.Error())
	}
	now := At(m.Now)
	u := User{
		Tenant: p.Tenant, Pool: p.ID, ID: m.NewID(), Status: StatusNew, StatusUpdatedAt: now, CreatedAt: now, UpdatedAt: now,
		PayloadSchema: p.PayloadSchema, MetadataSchema: p.MetadataSchema, BusinessMetadataSchema: p.BusinessMetadataSchema,
		Identifiers: []Identifier{newIdentifier(s.Identifier, normalized, kind, nil, m)}, SelfRegistered: true, Version: m.Now.UnixMilli(),
	}
	r := Registration{ID: m.NewID(), Payload: s.Payload, CreatedAt: now}
	if kind.isAddress() {
		r.Address, r.Normalized, r.AddressType = s.Identifier, normalized, kind
	}
	if s.OTPAddress != "" {
		p.registerAddress(&v, &r, kind, s.OTPAddress)
	}
	if mail && r.AddressType != TypeEmail && len(v) == 0 {
		v.Add("/otp_address", "must be an e-mail address, where the message with the code can be sent")
	}
	checkObject(&v, "/payload", s.Payload)
	if s.TOTPSecret != "" {
		v.Add("/totp_secret", "is not served yet")
	}
	if given(s.WebAuthnCredentials) && string(s.WebAuthnCredentials) != "[]" {
		v.Add("/webauthn_credentials", "is not served yet")
	}
	return u, r, v.Err()
}

func (p Pool) registerAddress(v *Violations, r *Registration, identifier IdentifierType, address string) {
	kind := InferType(address)
	switch normalized, err := p.Normalize(kind, address); {
	case !kind.isAddress():
		v.Add("/otp_address", "must be an e-mail address or a phone number")
	case err != nil:
		v.Add("/otp_address", err.Error())
	case kind == identifier:
		v.Add("/otp_address", "must not be of the identifier's type")
	default:
		r.Address, r.Normalized, r.AddressType = address, normalized, kind
	}
}

// Belongs says whether the registration may still be completed for u: one from before an administrator made the user new
// again is dead.
func (r Registration) Belongs(u User, now time.Time) bool {
	return u.Status == StatusNew && !r.CreatedAt.Before(u.StatusUpdatedAt.Time) && now.Before(r.CreatedAt.Add(RegistrationLifetime).Time)
}

// Activation is the proof of an address, with what becomes the user's.
type Activation struct {
	Code         Code
	Registration *Registration // the one that the code was mailed for; nil where it belongs to none
	PasswordHash string        // given with the code; "" where none was
	Contested    bool          // it is unknown whether the registration is that of the code's holder, so nothing of it is taken
}

// IsContested says whether others wait to prove the same address for u.
func (r Registration) IsContested(u User, waiting []Registration, now time.Time) bool {
	return slices.ContainsFunc(waiting, func(other Registration) bool {
		return other.ID != r.ID && other.Normalized == r.Normalized && other.Belongs(u, now)
	})
}

// Activate is u after a: active, the address verified and an identifier, the password that came with the code or that
// waited in its registration. The password given with the code wins, for its giver has proved the address.
// Errors: InvalidCode where the user is not new or the registration is dead; Invalid where a password is missing or one too many.
func (p Pool) Activate(u User, a Activation, m Maker) (User, error) {
	registered := a.Code.Registration != ""
	if u.Status != StatusNew || registered && (a.Registration == nil || !a.Registration.Belongs(u, m.Now) || a.Registration.Normalized != a.Code.Normalized) {
		return User{}, InvalidCode{}
	}
	if !registered && !slices.ContainsFunc(u.CandidateAddresses(), func(c Address) bool { return c.Normalized == a.Code.Normalized }) {
		return User{}, InvalidCode{}
	}
	_, hasPassword := u.Password()
	hash := a.PasswordHash
	switch {
	case hash != "" && hasPassword:
		return User{}, InvalidField("/password", "must not be given: a password is set already")
	case hash == "" && (a.Code.NeedsPassword || a.Contested && p.UsesPasswords()):
		return User{}, InvalidField("/password", "must be given: several registrations wait for this address")
	case hash == "" && registered && !a.Contested:
		hash = a.Registration.PasswordHash
	}
	if hash != "" {
		u.setPassword(p, hash, m)
	}
	if registered && !a.Contested && given(a.Registration.Payload) {
		u.Payload = a.Registration.Payload
	}
	if registered {
		u.Language = "" // which is that of whoever registered the address first
	}
	if registered && !a.Contested {
		u.Language = a.Registration.Language
	}
	u.verify(a.Code, m)
	u.Status, u.StatusUpdatedAt, u.UpdatedAt = StatusActive, At(m.Now), At(m.Now)
	return u, nil
}

// verify records that the address of a code is the user's, and makes it an identifier.
func (u *User) verify(c Code, m Maker) {
	u.Addresses, u.Identifiers = slices.Clone(u.Addresses), slices.Clone(u.Identifiers)
	i := slices.IndexFunc(u.Addresses, func(a Address) bool { return a.Normalized == c.Normalized })
	if i < 0 {
		i = len(u.Addresses)
		u.Addresses = append(u.Addresses, newAddress(c.Address, c.Normalized, c.AddressType, m))
	}
	address := &u.Addresses[i]
	address.Verified, address.VerifiedAt, address.UpdatedAt = true, At(m.Now), At(m.Now)
	if !slices.ContainsFunc(u.Identifiers, func(known Identifier) bool { return known.Normalized == c.Normalized }) {
		u.Identifiers = append(u.Identifiers, newIdentifier(c.Address, c.Normalized, c.AddressType, nil, m))
	}
}
