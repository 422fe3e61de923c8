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
	ID string `json:"id"`
	// where its messages go, in the normalized form that the pool compares
	Address      string         `json:"address,omitempty"`
	Normalized   string         `json:"normalized,omitempty"`
	AddressType  IdentifierType `json:"address_type,omitempty"`
	PasswordHash string         `json:"-"`
	Payload      jsontext.Value `json:"payload,omitzero"`
	Language     string         `json:"language,omitempty"`
	CreatedAt    Time           `json:"created_at"`
}

// MailboxRef names the mailbox that proves the registration. ok is false where the registration has no address.
func (r Registration) MailboxRef(tenant string) (ref MailboxRef, ok bool) {
	return NewMailboxRef(tenant, r.AddressType, r.Normalized), r.Normalized != ""
}

// CandidateAddress is the address at which the user can be activated with the registration; it has
// no Normalized where there is none.
func (r Registration) CandidateAddress() Address {
	return Address{Value: r.Address, Normalized: r.Normalized, Type: r.AddressType}
}

// Register makes, of what was given, the registration and the user that it would belong to if its
// identifier is free. Both get identifier and address in the normalized form, since the first to
// register a spelling need not be the one who proves it. mail says whether a message is asked for,
// which then needs an e-mail address. The payload is checked by the caller.
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
		Identifiers:    []Identifier{newIdentifier(normalized, normalized, kind, nil, m)},
		SelfRegistered: true, Version: m.Now.UnixMilli(),
	}
	r := Registration{ID: m.NewID(), Payload: s.Payload, CreatedAt: now}
	if kind.isAddress() {
		r.Address, r.Normalized, r.AddressType = normalized, normalized, kind
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
	u.startEpoch(m)
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
		r.Address, r.Normalized, r.AddressType = normalized, normalized, kind
	}
}

// Belongs says whether the registration may still be completed for u: one from before an administrator made the user new
// again is dead. One that began before that which made the user, and was stored after it, is not.
func (r Registration) Belongs(u User, now time.Time) bool {
	isFirst := u.SelfRegistered && u.StatusUpdatedAt.Equal(u.CreatedAt.Time)
	return u.Status == StatusNew && (isFirst || !r.CreatedAt.Before(u.StatusUpdatedAt.Time)) &&
		now.Before(r.CreatedAt.Add(RegistrationLifetime).Time)
}

// RegistrationsRead is how many registrations of a user are looked at, however many strangers have made.
const RegistrationsRead = 10

// OnlyWaiting is a registration whose address is the only one that waits with u, to become u's when
// it is proved. waiting are u's registrations, at most RegistrationsRead of them. mailable leaves
// out addresses that no mail can be sent to. Errors: Invalid where no address waits, and where more
// than one does or may.
func (u User) OnlyWaiting(waiting []Registration, mailable bool, now time.Time) (Registration, error) {
	const several = "must be given: the user has more than one address"
	if len(waiting) == RegistrationsRead { // there may be more, of other addresses
		return Registration{}, InvalidField("/address", several)
	}
	waiting = slices.DeleteFunc(slices.Clone(waiting), func(r Registration) bool {
		return r.Normalized == "" || !r.Belongs(u, now) || mailable && r.AddressType != TypeEmail
	})
	switch {
	case len(waiting) == 0:
		return Registration{}, InvalidField("/address", "the user has no address to send to")
	case slices.ContainsFunc(waiting, func(r Registration) bool { return r.Normalized != waiting[0].Normalized }):
		return Registration{}, InvalidField("/address", several)
	}
	return waiting[0], nil
}

// Redeemable is what is read, in one call, to redeem a code.
type Redeemable struct {
	Ref          UserRef // the user for whom the code would be redeemed
	Codes        Codes
	Others       []UserCodes   // codes of other users whose codes the mailbox got last
	Registration *Registration // nil if there is none
}

// CodesOf returns the codes of a user that were read, or the zero value if there are none.
func (r Redeemable) CodesOf(user UserRef) Codes {
	if user == r.Ref {
		return r.Codes
	}
	i := slices.IndexFunc(r.Others, func(each UserCodes) bool { return each.User == user })
	if i < 0 {
		return Codes{}
	}
	return r.Others[i].Codes
}

// Activation is the proof of an address, with what may become the user's.
type Activation struct {
	Code         Code
	Registration *Registration // the one of the user that the code or the ticket names; nil where there is none
	IsTheirs     bool          // who proves the address has shown that the registration is theirs
	HasTicket    bool          // who proves the address has a ticket: they have registered
	PasswordHash string        // given with the code; "" where none was
}

// isProof says whether the code's address is one of u: its own, or that of the registration which
// waits with it, if u is unproved: a registration gives no address to a user whom an administrator
// made, or who has proved another.
func (a Activation) isProof(u User, now time.Time) bool {
	if r := a.Registration; r != nil && u.IsUnproved() && r.Belongs(u, now) && r.Normalized == a.Code.Normalized {
		return true
	}
	return slices.ContainsFunc(u.CandidateAddresses(), func(c Address) bool {
		return c.Normalized == a.Code.Normalized
	})
}

// completes says whether the registration's password and payload become u's. Those of a
// registration that is not known to be of the one who proves the address never do, nor do they
// complete a user who is not unproved: whom an administrator made, or who has a password or an
// address.
func (a Activation) completes(u User, now time.Time) bool {
	r := a.Registration
	return r != nil && a.IsTheirs && u.IsUnproved() && r.Belongs(u, now) && r.Normalized == a.Code.Normalized
}

// Activate is u after a: active, the address verified and an identifier. Whoever proves the address
// decides the password: the one that comes with the code, or else the one of a registration that
// they have shown to be theirs; where there is neither, somebody who has registered must give one.
// Errors: InvalidCode where the user is not new or the address is not one of the user; Invalid
// where a password is missing or one too many.
func (p Pool) Activate(u User, a Activation, m Maker) (User, error) {
	if u.Status != StatusNew || !a.isProof(u, m.Now) {
		return User{}, InvalidCode{}
	}
	_, hasPassword := u.Password()
	hash, completes := a.PasswordHash, a.completes(u, m.Now)
	switch {
	case hash != "" && hasPassword:
		return User{}, InvalidField("/password", "must not be given: a password is set already")
	case hash == "" && completes:
		hash = a.Registration.PasswordHash
	case hash == "" && !hasPassword && (u.SelfRegistered || a.HasTicket) && p.UsesPasswords():
		return User{}, InvalidField("/password", "must be given: the code does not tell which registration is yours")
	}
	if hash != "" {
		u.setPassword(p, hash, m)
	}
	if u.SelfRegistered {
		u.Language = "" // which is that of whoever registered the address first
	}
	if completes {
		u.Language = a.Registration.Language
		if given(a.Registration.Payload) {
			u.Payload = a.Registration.Payload
		}
	}
	u.verify(a.Code, m)
	u.Status, u.StatusUpdatedAt, u.UpdatedAt = StatusActive, At(m.Now), At(m.Now)
	u.startEpoch(m)
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
