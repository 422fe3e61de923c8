package identity

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Lifetimes of a registration. With a ticket, messages can be sent again for TicketLifetime. The
// registration outlives the last code that was sent for it.
const (
	TicketLifetime       = 24 * time.Hour
	RegistrationLifetime = 2 * TicketLifetime
)

// SelfRegistration is the body of a request to register.
type SelfRegistration struct {
	Identifier          string         `json:"identifier"`
	OTPAddress          string         `json:"otp_address"`
	Password            string         `json:"password"`
	Payload             jsontext.Value `json:"payload"`
	TOTPSecret          string         `json:"totp_secret"`
	WebAuthnCredentials jsontext.Value `json:"webauthn_credentials"`
}

// Registration is what somebody who wants to become a user has given. It is stored apart from the
// user and from other registrations of the same identifier, until the code that was mailed for it
// proves the address. Only then do its password and payload become those of the user; this prevents
// pre-hijacking of accounts.
type Registration struct {
	ID string `json:"id"`
	// The address to which messages go, in the normalized form that the pool compares.
	Address      string         `json:"address,omitempty"`
	Normalized   string         `json:"normalized,omitempty"`
	AddressType  IdentifierType `json:"address_type,omitempty"`
	PasswordHash string         `json:"-"`
	Payload      jsontext.Value `json:"payload,omitzero"`
	Language     string         `json:"language,omitempty"`
	CreatedAt    Time           `json:"created_at"`

	// Forms are the Pool.LookupForms of the identifier that was given. They are set only in a
	// registration that is about to be stored.
	Forms []string `json:"-"`
}

// MailboxRef names the mailbox that proves the registration. It reports false if the registration
// has no address.
func (r Registration) MailboxRef(tenant string) (ref MailboxRef, ok bool) {
	return NewMailboxRef(tenant, r.AddressType, r.Normalized), r.Normalized != ""
}

// CandidateAddress returns the address with which the user can be activated through the
// registration. Its Normalized is empty if the registration has no address.
func (r Registration) CandidateAddress() Address {
	return Address{Value: r.Address, Normalized: r.Normalized, Type: r.AddressType}
}

// Register returns the registration that s describes, and the user to whom it will belong if its
// identifier is free. Both have the identifier and the address in the normalized form, because the
// first person to register a spelling may not be the one who proves it. The parameter mail says
// whether a message is requested, for which an e-mail address is necessary. The caller checks the
// payload. The error is Invalid.
func (p Pool) Register(s SelfRegistration, mail bool, m Maker) (User, Registration, error) {
	var v Violations
	kind := InferType(s.Identifier)
	normalized, err := p.Normalize(kind, s.Identifier)
	if err != nil {
		v.Add("/identifier", RuleOf(err))
	}
	now := At(m.Now)
	u := User{
		Tenant: p.Tenant, Pool: p.ID, ID: m.NewID(),
		Status: StatusNew, StatusUpdatedAt: now, CreatedAt: now, UpdatedAt: now,
		PayloadSchema: p.PayloadSchema, MetadataSchema: p.MetadataSchema,
		BusinessMetadataSchema: p.BusinessMetadataSchema,
		Identifiers:            []Identifier{newIdentifier(normalized, normalized, kind, nil, m)},
		SelfRegistered:         true, Version: m.Now.UnixMilli(),
	}
	r := Registration{ID: m.NewID(), Payload: s.Payload, CreatedAt: now}
	r.Forms, _ = p.LookupForms(s.Identifier) // which are valid if the one of its type is
	if kind.isAddress() {
		r.Address, r.Normalized, r.AddressType = normalized, normalized, kind
	}
	if s.OTPAddress != "" {
		p.registerAddress(&v, &r, kind, s.OTPAddress)
	} else if kind == TypeEmail {
		checkMailable(&v, "/identifier", s.Identifier)
	}
	if mail && r.AddressType != TypeEmail && len(v) == 0 {
		p.requireMailable(&v, s)
	}
	checkObject(&v, "/payload", s.Payload)
	if s.TOTPSecret != "" {
		v.Add("/totp_secret", NotServed("is not served yet"))
	}
	if isGiven(s.WebAuthnCredentials) && string(s.WebAuthnCredentials) != "[]" {
		v.Add("/webauthn_credentials", NotServed("is not served yet"))
	}
	u.startEpoch(m)
	return u, r, v.Err()
}

// requireMailable records that no message can be sent to the address of a registration. It is the
// fault of the address if one is given.
func (p Pool) requireMailable(v *Violations, s SelfRegistration) {
	if s.OTPAddress != "" {
		v.Add("/otp_address", WrongFormat("email", "must be an e-mail address, to which the code is sent"))
		return
	}
	v.Add("/identifier", WrongFormat("email", "must be an e-mail address, to which the code is sent, or otp_address must be one"))
}

// registerAddress sets the address of r, or records why it is not valid.
func (p Pool) registerAddress(
	v *Violations, r *Registration, identifier IdentifierType, address string,
) {
	kind := InferType(address)
	switch normalized, err := p.Normalize(kind, address); {
	case !kind.isAddress():
		v.Add("/otp_address", WrongFormat("email-or-phone", "must be an e-mail address or a phone number"))
	case err != nil:
		v.Add("/otp_address", RuleOf(err))
	case kind == identifier:
		v.Add("/otp_address", NotAllowed("must not be of the identifier's type"))
	default:
		r.Address, r.Normalized, r.AddressType = normalized, normalized, kind
		if kind == TypeEmail {
			checkMailable(v, "/otp_address", address)
		}
	}
}

// CanComplete reports whether the registration can still complete u. A registration from before an
// administrator set the status of u to new again cannot. A registration that began before the one
// that created u, and was stored after it, can.
func (r Registration) CanComplete(u User, now time.Time) bool {
	isFirst := u.SelfRegistered && u.StatusUpdatedAt.Equal(u.CreatedAt.Time)
	return u.Status == StatusNew && (isFirst || !r.CreatedAt.Before(u.StatusUpdatedAt.Time)) &&
		now.Before(r.CreatedAt.Add(RegistrationLifetime).Time)
}

// RegistrationsRead is how many registrations of a user are read at most. Strangers can make any
// number of them.
const RegistrationsRead = 10

// OnlyWaiting returns a registration of u whose address is the only one that waits to be proved.
// The parameter waiting has the registrations of u, at most RegistrationsRead of them. If mailable
// is true, addresses to which no mail can be sent are ignored. The error is Invalid if no address
// waits, or if there is or may be more than one.
func (u User) OnlyWaiting(waiting []Registration, mailable bool, now time.Time) (Registration, error) {
	several := Broken(CodeRequired, "must be given: the user has more than one address")
	if len(waiting) == RegistrationsRead { // there may be more, with other addresses
		return Registration{}, InvalidField("/address", several)
	}
	waiting = slices.DeleteFunc(slices.Clone(waiting), func(r Registration) bool {
		return r.Normalized == "" || !r.CanComplete(u, now) || mailable && r.AddressType != TypeEmail
	})
	switch {
	case len(waiting) == 0:
		return Registration{}, InvalidField("/address", WrongStatus("the user has no address to send to"))
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
	User         User          // the zero value if it was not read, or if there is none
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

// Activation is a proof of an address, and what may become part of the user with it.
type Activation struct {
	Code         Code
	Registration *Registration // the one that the code or the ticket names; nil if there is none
	IsTheirs     bool          // whoever proves the address has shown that the registration is theirs
	HasTicket    bool          // whoever proves the address has a ticket, so they have registered
	PasswordHash string        // of the password that is given with the code, or ""
}

// isProof reports whether the address of the code belongs to u. It does if it is one of u's own
// addresses. It also does if it is the address of the registration and u is unproved. A
// registration adds no address to a user whom an administrator created, or who has proved another
// address.
func (a Activation) isProof(u User, now time.Time) bool {
	if r := a.Registration; r != nil && u.IsUnproved() && r.CanComplete(u, now) && r.Normalized == a.Code.Normalized {
		return true
	}
	return slices.ContainsFunc(u.CandidateAddresses(), func(c Address) bool {
		return c.Normalized == a.Code.Normalized
	})
}

// completes reports whether the registration's password and payload become those of u. They do not
// if the registration may be somebody else's, or if u is not unproved, because an administrator
// created u, or u has a password or a verified address.
func (a Activation) completes(u User, now time.Time) bool {
	r := a.Registration
	return r != nil && a.IsTheirs && u.IsUnproved() && r.CanComplete(u, now) && r.Normalized == a.Code.Normalized
}

// Activate returns u after the activation a: active, with the address verified and as an
// identifier. Whoever proves the address decides the password. It is the one that is given with the
// code, or else the one of a registration that is known to be theirs. If there is neither, somebody
// who has registered must give one.
//
// The error is InvalidCode if u is not new, or if the address does not belong to u. It is Invalid
// if a password is missing, or if one is given although there is one already.
func (p Pool) Activate(u User, a Activation, m Maker) (User, error) {
	if u.Status != StatusNew || !a.isProof(u, m.Now) {
		return User{}, InvalidCode{}
	}
	_, hasPassword := u.Password()
	hash, completes := a.PasswordHash, a.completes(u, m.Now)
	switch {
	case hash != "" && hasPassword:
		return User{}, InvalidField("/password", NotAllowed("must not be given: a password is set already"))
	case hash == "" && completes:
		hash = a.Registration.PasswordHash
	case hash == "" && !hasPassword && (u.SelfRegistered || a.HasTicket) && p.UsesPasswords():
		return User{}, InvalidField("/password",
			Broken(CodeRequired, "must be given: the code does not tell which registration is yours"))
	}
	if hash != "" {
		u.setPassword(p, hash, m)
	}
	if u.SelfRegistered {
		u.Language = "" // it was chosen by whoever registered the address first
	}
	if completes {
		u.Language = a.Registration.Language
		if isGiven(a.Registration.Payload) {
			u.Payload = a.Registration.Payload
		}
	}
	u.verify(a.Code, m)
	u.Status, u.StatusUpdatedAt, u.UpdatedAt = StatusActive, At(m.Now), At(m.Now)
	u.startEpoch(m)
	return u, nil
}

// verify records that the address of a code belongs to the user, and makes it an identifier.
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
