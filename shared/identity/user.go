package identity

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Status is the status of a user. Only an active user can authenticate, and only a new one can be
// activated.
type Status string

// The statuses of the published API. A deleted user keeps its data and its identifiers.
const (
	StatusNew      Status = "new"
	StatusActive   Status = "active"
	StatusInactive Status = "inactive"
	StatusDeleted  Status = "deleted"
)

// isValid reports whether s is one of the published statuses.
func (s Status) isValid() bool {
	return s == StatusNew || s == StatusActive || s == StatusInactive || s == StatusDeleted
}

// UserRef names a user.
type UserRef struct{ Tenant, Pool, ID string }

// User is a user of a pool. Every change keeps these invariants: each identifier and each verified
// address is claimed for this user alone within the pool, and nothing else is claimed for the user.
type User struct {
	Tenant                 string         `json:"tenant_id"`
	Pool                   string         `json:"user_pool_id"`
	ID                     string         `json:"id"`
	Status                 Status         `json:"status"`
	StatusUpdatedAt        Time           `json:"status_updated_at"`
	CreatedAt              Time           `json:"created_at"`
	UpdatedAt              Time           `json:"updated_at"`
	Identifiers            []Identifier   `json:"identifiers,omitempty"`
	Addresses              []Address      `json:"addresses,omitempty"`
	Credentials            []Credential   `json:"credentials,omitempty"`
	Payload                jsontext.Value `json:"payload,omitzero"`
	PayloadSchema          string         `json:"payload_schema_id,omitempty"`
	Metadata               jsontext.Value `json:"metadata,omitzero"`
	MetadataSchema         string         `json:"metadata_schema_id,omitempty"`
	BusinessMetadata       jsontext.Value `json:"business_metadata,omitzero"`
	BusinessMetadataSchema string         `json:"business_metadata_schema_id,omitempty"`
	UserType               jsontext.Value `json:"user_type,omitzero"`
	SelfRegistered         bool           `json:"self_registered,omitzero"` // created by a registration, not by an administrator
	Language               string         `json:"language,omitempty"`       // the one in which the user signed up

	// Epoch names the time since the user was made or its status changed last. No two epochs of users
	// with the same id have the same name. See CodesEpoch. A new password, and the loss of an address,
	// also start a new epoch.
	Epoch string `json:"epoch,omitempty"`
	// CodesKilledAt is when an epoch was last started without a change of the status.
	CodesKilledAt Time `json:"codes_killed_at,omitzero"`

	// PasswordHash is the hash of the password credential. It is set only in users that are about
	// to be written, or that were read to check a password. It is never part of the stored
	// document or of an answer.
	PasswordHash string `json:"-"`
	// EarlierHashes are the hashes of the passwords before that, the newest first, as many as the pool's
	// policy asks for. They are read and stored together with PasswordHash.
	EarlierHashes []string `json:"-"`
	Version       int64    `json:"-"`
}

// Identifier is a name by which a user can be found.
type Identifier struct {
	ID         string         `json:"id"`
	Value      string         `json:"value"`
	Normalized string         `json:"normalized"`
	Type       IdentifierType `json:"type"`
	Metadata   jsontext.Value `json:"metadata,omitzero"`
	CreatedAt  Time           `json:"created_at"`
	UpdatedAt  Time           `json:"updated_at"`
}

// Address is an e-mail address or phone number of a user. Once it is verified, the user can be
// found by it.
type Address struct {
	ID               string         `json:"id"`
	Value            string         `json:"value"`
	Normalized       string         `json:"normalized"`
	Type             IdentifierType `json:"type"`
	Status           Status         `json:"status"`
	Verified         bool           `json:"verified"`
	VerifiedAt       Time           `json:"verified_at,omitzero"`
	PreferredContact string         `json:"preferred_contact_method,omitempty"`
	Metadata         jsontext.Value `json:"metadata,omitzero"`
	CreatedAt        Time           `json:"created_at"`
	UpdatedAt        Time           `json:"updated_at"`
}

// CredentialState says whether a password may be used without further steps.
type CredentialState string

// The states of the published API.
const (
	StateValid         CredentialState = "valid"
	StateMustBeReset   CredentialState = "must_be_reset"
	StateMustBeChanged CredentialState = "must_be_changed"
)

// CredentialPassword is the type of password credentials.
const CredentialPassword = "password"

// Credential describes something with which a user authenticates: a password, whose hash is
// User.PasswordHash; an authenticator app; or a passkey.
type Credential struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	State     CredentialState `json:"state"`
	ExpiresAt Time            `json:"expires_at,omitzero"`
	CreatedAt Time            `json:"created_at"`
	UpdatedAt Time            `json:"updated_at"`
	TOTP      *TOTP           `json:"totp,omitzero"`    // of a credential of this type only
	Passkey   *Passkey        `json:"passkey,omitzero"` // of a credential of the type webauthn only
}

// CodesEpoch returns the name of the user's present epoch. One-time codes are good for the user only
// in the epoch in which they were made: see Code.IsFor. A user whose epoch has no stored name was
// made by a release that stored none, and has kept its status since.
func (u User) CodesEpoch() string {
	if u.Epoch == "" {
		return "first"
	}
	return u.Epoch
}

// startEpoch starts a new epoch, in which no earlier code of the user is good.
func (u *User) startEpoch(m Maker) { u.Epoch = IDDigest(m.NewID()) }

// killCodes starts a new epoch of a user whose status stays.
func (u *User) killCodes(m Maker) {
	u.startEpoch(m)
	u.CodesKilledAt = At(m.Now)
}

// CodesSince returns when the user's present epoch began. A message from before that may not bring a
// code to life.
func (u User) CodesSince() Time {
	if u.CodesKilledAt.After(u.StatusUpdatedAt.Time) {
		return u.CodesKilledAt
	}
	return u.StatusUpdatedAt
}

// Ref returns the reference that names the user.
func (u User) Ref() UserRef { return UserRef{Tenant: u.Tenant, Pool: u.Pool, ID: u.ID} }

// Password returns the user's password credential. It reports false if the user has none.
func (u User) Password() (Credential, bool) {
	i := slices.IndexFunc(u.Credentials, func(c Credential) bool { return c.Type == CredentialPassword })
	if i < 0 {
		return Credential{}, false
	}
	return u.Credentials[i], true
}

// Claims returns the normalized identifiers and verified addresses that belong to this user alone,
// each of them once.
func (u User) Claims() []string {
	var claims []string
	for _, i := range u.Identifiers {
		claims = append(claims, i.Normalized)
	}
	for _, a := range u.Addresses {
		if a.Verified && !slices.Contains(claims, a.Normalized) {
			claims = append(claims, a.Normalized)
		}
	}
	return claims
}

// CandidateAddresses returns the addresses with which the user can be activated: the user's
// addresses, and those identifiers that are addresses.
func (u User) CandidateAddresses() []Address {
	candidates := slices.Clone(u.Addresses)
	for _, i := range u.Identifiers {
		known := slices.ContainsFunc(candidates, func(a Address) bool { return a.Normalized == i.Normalized })
		if i.Type.isAddress() && !known {
			candidates = append(candidates, Address{Value: i.Value, Normalized: i.Normalized, Type: i.Type})
		}
	}
	return candidates
}

// Document returns one of the user's documents and the id of its schema. An absent document is
// returned as the empty object.
func (u User) Document(part DataPart) (value jsontext.Value, schema string) {
	switch part {
	case Metadata:
		value, schema = u.Metadata, u.MetadataSchema
	case BusinessMetadata:
		value, schema = u.BusinessMetadata, u.BusinessMetadataSchema
	default:
		value, schema = u.Payload, u.PayloadSchema
	}
	if !isGiven(value) {
		value = jsontext.Value("{}")
	}
	return value, schema
}

// UsePassword records that the right password was given, and reports whether that changes the user.
// A password that must be changed can be used once; after that, it must be reset.
func (u *User) UsePassword(now time.Time) (changed bool) {
	u.Credentials = slices.Clone(u.Credentials)
	for i := range u.Credentials {
		if c := &u.Credentials[i]; c.Type == CredentialPassword && c.State == StateMustBeChanged {
			c.State, c.UpdatedAt, changed = StateMustBeReset, At(now), true
		}
	}
	return changed
}

// OnlyMailAddress returns the one address of u to which mail can be sent. The error is Invalid if u
// has none or more than one.
func (u User) OnlyMailAddress() (Address, error) {
	mailable, err := MailAddresses(u.CandidateAddresses())
	if err == nil && len(mailable) != 1 {
		err = InvalidField("/address", Broken(CodeRequired, "must be given: the user has none, or more than one"))
	}
	if err != nil {
		return Address{}, err
	}
	return mailable[0], nil
}

// OwnMailAddress returns the address to which notices to the owner u can be sent. It is the wanted
// one if it belongs to u alone, or else the first one that does and to which mail can be sent. The
// error is Invalid if there is none.
func (u User) OwnMailAddress(wanted string) (string, error) {
	mailable, err := MailAddresses(u.OwnAddresses())
	if err != nil {
		return "", err
	}
	var own []string
	for _, a := range mailable {
		own = append(own, a.Normalized)
	}
	switch {
	case slices.Contains(own, wanted):
		return wanted, nil
	case len(own) == 0:
		return "", InvalidField("/address", WrongStatus("the owner has no e-mail address"))
	}
	return own[0], nil
}
