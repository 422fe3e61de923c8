package identity

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// The maximum lengths of a user's lists. A transaction has at most 100 items, and each identifier
// and each verified address is one of them.
const (
	MaxIdentifiers = 20
	MaxAddresses   = 20
)

// NewUser is the body of a request that creates a user.
type NewUser struct {
	ID                     string          `json:"id"`
	Status                 Status          `json:"status"`
	Identifiers            []NewIdentifier `json:"identifiers"`
	Addresses              []NewAddress    `json:"verifiable_addresses"`
	Credentials            []NewCredential `json:"credentials"`
	Payload                jsontext.Value  `json:"payload"`
	PayloadSchema          ID              `json:"payload_schema_id"`
	Metadata               jsontext.Value  `json:"metadata"`
	MetadataSchema         ID              `json:"metadata_schema_id"`
	BusinessMetadata       jsontext.Value  `json:"business_metadata"`
	BusinessMetadataSchema ID              `json:"business_metadata_schema_id"`
	UserType               jsontext.Value  `json:"user_type"`
}

// NewIdentifier is an identifier in NewUser.
type NewIdentifier struct {
	Identifier string         `json:"identifier"`
	Type       IdentifierType `json:"type"`
	Metadata   jsontext.Value `json:"metadata"`
}

// NewAddress is an address in NewUser.
type NewAddress struct {
	Address          string         `json:"address"`
	Type             IdentifierType `json:"type"`
	Verified         bool           `json:"verified"`
	Status           Status         `json:"status"`
	PreferredContact string         `json:"preferred_contact_method"`
	Metadata         jsontext.Value `json:"metadata"`
}

// NewCredential is a credential in NewUser: a password, the secret of an authenticator app, or
// passkeys.
type NewCredential struct {
	Type          string       `json:"type"`
	Password      string       `json:"password"`
	MustBeChanged bool         `json:"must_be_changed"` // of passwords only
	MustBeReset   bool         `json:"must_be_reset"`   // of passwords only; it wins
	TOTPSecret    string       `json:"totp_secret"`
	Passkeys      []NewPasskey `json:"webauthn_credentials"`
}

// Maker has what the functions that create something need from outside: the time and new ids.
type Maker struct {
	Now   time.Time
	NewID func() string
}

// Create returns the new user of pool p that n describes, without the hash of its password and the
// sealed secret of its authenticator app. The caller checks the documents against the schemas that the
// user names. The error is Invalid.
func (p Pool) Create(n NewUser, m Maker) (User, error) {
	var v Violations
	now := At(m.Now)
	u := User{
		Tenant: p.Tenant, Pool: p.ID, ID: n.ID,
		Status: n.Status, StatusUpdatedAt: now, CreatedAt: now, UpdatedAt: now,
		Payload: n.Payload, PayloadSchema: firstNonEmpty(p.PayloadSchema, string(n.PayloadSchema)),
		Metadata: n.Metadata, MetadataSchema: firstNonEmpty(p.MetadataSchema, string(n.MetadataSchema)),
		BusinessMetadata:       n.BusinessMetadata,
		BusinessMetadataSchema: firstNonEmpty(p.BusinessMetadataSchema, string(n.BusinessMetadataSchema)),
		UserType:               n.UserType, Version: m.Now.UnixMilli(),
	}
	if u.ID == "" {
		u.ID = m.NewID()
	}
	if !ValidID(u.ID) {
		v.Add("/id", IDRule)
	}
	checkStatus(&v, n.Status)
	// Whoever is to be activated gets a message at an address or, if there is none, at an identifier.
	p.addIdentifiers(&v, &u, n.Identifiers, n.Status == StatusNew && len(n.Addresses) == 0, m)
	p.addAddresses(&v, &u, n.Addresses, m)
	p.addCredentials(&v, &u, n.Credentials, m)
	checkDocuments(&v, u.Payload, u.Metadata, u.BusinessMetadata)
	u.startEpoch(m)
	return u, v.Err()
}

func checkStatus(v *Violations, s Status) {
	if !s.isValid() {
		v.Add("/status", "must be one of new, active, inactive, deleted")
	}
}

func (p Pool) addIdentifiers(v *Violations, u *User, list []NewIdentifier, isMailed bool, m Maker) {
	if len(list) > MaxIdentifiers {
		v.Add("/identifiers", fmt.Sprintf("must have at most %d entries", MaxIdentifiers))
		return
	}
	for i, n := range list {
		at := fmt.Sprintf("/identifiers/%d", i)
		normalized, err := p.Normalize(n.Type, n.Identifier)
		switch {
		case err != nil:
			v.Add(at+"/identifier", err.Error())
		case slices.ContainsFunc(u.Identifiers, func(known Identifier) bool { return known.Normalized == normalized }):
			v.Add(at+"/identifier", "is in the list twice")
		case isMailed && n.Type == TypeEmail:
			checkMailable(v, at+"/identifier", n.Identifier)
		}
		checkObject(v, at+"/metadata", n.Metadata)
		u.Identifiers = append(u.Identifiers, newIdentifier(n.Identifier, normalized, n.Type, n.Metadata, m))
	}
}

func newIdentifier(value, normalized string, kind IdentifierType, metadata jsontext.Value, m Maker) Identifier {
	return Identifier{
		ID: m.NewID(), Value: value, Normalized: normalized, Type: kind, Metadata: metadata,
		CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
	}
}

func (p Pool) addAddresses(v *Violations, u *User, list []NewAddress, m Maker) {
	if len(list) > MaxAddresses {
		v.Add("/verifiable_addresses", fmt.Sprintf("must have at most %d entries", MaxAddresses))
		return
	}
	for i, n := range list {
		at := fmt.Sprintf("/verifiable_addresses/%d", i)
		n.check(v, at)
		normalized, err := p.Normalize(n.Type, n.Address)
		switch {
		case err != nil && n.Type.isAddress():
			v.Add(at+"/address", err.Error())
		case slices.ContainsFunc(u.Addresses, func(known Address) bool { return known.Normalized == normalized }):
			v.Add(at+"/address", "is in the list twice")
		case u.Status == StatusNew && n.Type == TypeEmail:
			checkMailable(v, at+"/address", n.Address)
		}
		a := newAddress(n.Address, normalized, n.Type, m)
		a.Status, a.PreferredContact, a.Metadata = firstNonEmpty(StatusActive, n.Status), n.PreferredContact, n.Metadata
		if n.Verified {
			a.Verified, a.VerifiedAt = true, At(m.Now)
		}
		u.Addresses = append(u.Addresses, a)
	}
}

func (n NewAddress) check(v *Violations, at string) {
	if !n.Type.isAddress() {
		v.Add(at+"/type", "must be email or mobile")
	}
	if n.Status != "" && n.Status != StatusActive && n.Status != StatusInactive {
		v.Add(at+"/status", "must be active or inactive")
	}
	if n.PreferredContact != "" && n.PreferredContact != "sms" && n.PreferredContact != "voice" {
		v.Add(at+"/preferred_contact_method", "must be sms or voice")
	}
	checkObject(v, at+"/metadata", n.Metadata)
}

func newAddress(value, normalized string, kind IdentifierType, m Maker) Address {
	return Address{
		ID: m.NewID(), Value: value, Normalized: normalized, Type: kind, Status: StatusActive,
		CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
	}
}

// addCredentials gives the user the credentials of the list, but not the secrets of the password and
// of the authenticator app.
func (p Pool) addCredentials(v *Violations, u *User, list []NewCredential, m Maker) {
	for i, n := range list {
		at := fmt.Sprintf("/credentials/%d", i)
		n.checkOthers(v, at)
		_, hasPassword := u.Password()
		_, hasTOTP := u.TOTP()
		switch {
		case n.Type == CredentialPassword && n.Password == "":
			v.Add(at+"/password", "must be given")
		case n.Type == CredentialPassword && hasPassword:
			v.Add(at+"/type", "a user has one password")
		case n.Type == CredentialPassword:
			u.setPassword(p, "", m)
			switch set := &u.Credentials[len(u.Credentials)-1]; {
			case n.MustBeReset:
				set.State = StateMustBeReset
			case n.MustBeChanged:
				set.State = StateMustBeChanged
			}
		case n.Type == CredentialTOTP && hasTOTP:
			v.Add(at+"/type", "a user has one authenticator app")
		case n.Type == CredentialTOTP:
			_, err := ParseTOTPSecret(at+"/totp_secret", n.TOTPSecret)
			_ = v.AddUnder("", err)
			u.SetTOTP("", m)
		case n.Type == CredentialWebAuthn:
			u.addPasskeys(v, at+"/webauthn_credentials", n.Passkeys, m)
		default:
			v.Add(at+"/type", "must be one of password, totp, webauthn")
		}
	}
}

// checkOthers records a violation for each member of a credential that belongs to another type.
func (n NewCredential) checkOthers(v *Violations, at string) {
	for _, member := range []struct {
		name, kind string
		isGiven    bool
	}{
		{"password", CredentialPassword, n.Password != ""},
		{"totp_secret", CredentialTOTP, n.TOTPSecret != ""},
		{"webauthn_credentials", CredentialWebAuthn, len(n.Passkeys) > 0},
	} {
		if member.isGiven && n.Type != member.kind {
			v.Add(at+"/"+member.name, "belongs to a credential of the type "+member.kind)
		}
	}
}

// addPasskeys gives a new user the passkeys of a list, which must have some.
func (u *User) addPasskeys(v *Violations, at string, list []NewPasskey, m Maker) {
	if len(list) == 0 {
		v.Add(at, "must be given")
	}
	for i, n := range list {
		pointer := fmt.Sprintf("%s/%d", at, i)
		n.check(v, pointer)
		err := u.AddPasskey(pointer, n, m)
		if _, isTwice := errors.AsType[Conflict](err); isTwice {
			err = InvalidField(pointer+"/id", "is in the list twice")
		}
		_ = v.AddUnder("", err)
	}
}

// setPassword gives the user a password credential with the given hash.
func (u *User) setPassword(p Pool, hash string, m Maker) {
	credential := Credential{
		ID: m.NewID(), Type: CredentialPassword, State: StateValid, CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
	}
	if after := time.Duration(p.PasswordSettings.ExpiresAfter); after > 0 {
		credential.ExpiresAt = At(m.Now).Add(after)
	}
	isPassword := func(c Credential) bool { return c.Type == CredentialPassword }
	u.Credentials = append(slices.DeleteFunc(slices.Clone(u.Credentials), isPassword), credential)
	u.PasswordHash = hash
}

func checkDocuments(v *Violations, payload, metadata, business jsontext.Value) {
	checkObject(v, "/payload", payload)
	checkObject(v, "/metadata", metadata)
	checkObject(v, "/business_metadata", business)
}

// UserChange is the body of a request that updates a user. Absent fields are left unchanged; a
// given document is replaced as a whole.
type UserChange struct {
	Status                 Status         `json:"status"`
	Payload                jsontext.Value `json:"payload"`
	PayloadSchema          ID             `json:"payload_schema_id"`
	Metadata               jsontext.Value `json:"metadata"`
	MetadataSchema         ID             `json:"metadata_schema_id"`
	BusinessMetadata       jsontext.Value `json:"business_metadata"`
	BusinessMetadataSchema ID             `json:"business_metadata_schema_id"`
}

// Parts returns the parts that c changes, which are those whose document or schema is given.
func (c UserChange) Parts() []DataPart {
	var parts []DataPart
	for _, part := range []struct {
		part   DataPart
		value  jsontext.Value
		schema ID
	}{
		{Payload, c.Payload, c.PayloadSchema},
		{Metadata, c.Metadata, c.MetadataSchema},
		{BusinessMetadata, c.BusinessMetadata, c.BusinessMetadataSchema},
	} {
		if isGiven(part.value) || part.schema != "" {
			parts = append(parts, part.part)
		}
	}
	return parts
}

// checkActivatable records a violation of a user who is to be activated, if no mail can be sent to an
// address of u or, if u has none, to an identifier.
func (u *User) checkActivatable(v *Violations) {
	addresses := u.Addresses
	if len(addresses) == 0 {
		addresses = u.CandidateAddresses()
	}
	if slices.ContainsFunc(addresses, func(a Address) bool {
		return a.Type == TypeEmail && CheckMailable("", a.Value) != nil
	}) {
		v.Add("/status", "must not be new: the user has an address that cannot receive mail, since the mail "+
			"service takes only ASCII before the @")
	}
}

// Changed returns the user after the change c. The caller checks the documents that c changes (see
// Parts) against the schemas that are then in force. The error is Invalid.
func (u User) Changed(c UserChange, m Maker) (User, error) {
	var v Violations
	if c.Status != "" {
		checkStatus(&v, c.Status)
		if c.Status != u.Status {
			u.Status, u.StatusUpdatedAt = c.Status, At(m.Now)
			u.startEpoch(m)
			if u.Status == StatusNew {
				u.checkActivatable(&v)
			}
		}
	}
	for _, field := range []struct{ old, value *jsontext.Value }{
		{&u.Payload, &c.Payload}, {&u.Metadata, &c.Metadata}, {&u.BusinessMetadata, &c.BusinessMetadata},
	} {
		if isGiven(*field.value) {
			*field.old = *field.value
		}
	}
	u.PayloadSchema = firstNonEmpty(u.PayloadSchema, string(c.PayloadSchema))
	u.MetadataSchema = firstNonEmpty(u.MetadataSchema, string(c.MetadataSchema))
	u.BusinessMetadataSchema = firstNonEmpty(u.BusinessMetadataSchema, string(c.BusinessMetadataSchema))
	if len(c.Parts()) > 0 && u.IsUnproved() {
		// An administrator has taken the user over, so no registration completes it, and it is not
		// deleted when nobody proves it.
		u.SelfRegistered = false
	}
	u.UpdatedAt = At(m.Now)
	checkDocuments(&v, c.Payload, c.Metadata, c.BusinessMetadata)
	return u, v.Err()
}
