package identity

import (
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
		v.Add("/id", WrongFormat("id", IDRule))
	}
	checkStatus(&v, n.Status)
	// Whoever is to be activated gets a message at an address or, if there is none, at an identifier.
	p.addIdentifiers(&v, &u, n.Identifiers, n.Status == StatusNew && len(n.Addresses) == 0, m)
	p.addAddresses(&v, &u, n.Addresses, m)
	p.addCredentials(&v, &u, n.Credentials, m)
	checkDocuments(&v, u.Payload, u.Metadata, u.BusinessMetadata)
	u.checkFurther(&v, "/verifiable_addresses")
	u.startEpoch(m)
	return u, v.Err()
}

func checkStatus(v *Violations, s Status) {
	if !s.isValid() {
		v.Add("/status", Choice(string(s), "new", "active", "inactive", "deleted"))
	}
}

func (p Pool) addIdentifiers(v *Violations, u *User, list []NewIdentifier, isMailed bool, m Maker) {
	if len(list) > MaxIdentifiers {
		v.Add("/identifiers", TooMany(MaxIdentifiers, "entries"))
		return
	}
	for i, n := range list {
		at := fmt.Sprintf("/identifiers/%d", i)
		added := p.identifierOf(v, at, n, isMailed, m)
		if added.Normalized != "" && u.hasIdentifier(added.Normalized) {
			v.Add(at+"/identifier", Repeated())
		}
		u.Identifiers = append(u.Identifiers, added)
	}
}

// identifierOf returns the identifier that n describes. It records violations under the pointer at.
// IsMailed says whether mails for activation go to identifiers of the user.
func (p Pool) identifierOf(v *Violations, at string, n NewIdentifier, isMailed bool, m Maker) Identifier {
	normalized, err := p.Normalize(n.Type, n.Identifier)
	switch {
	case !n.Type.isValid():
		v.Add(at+"/type", Choice(string(n.Type), identifierTypes()...))
	case err != nil:
		v.Add(at+"/identifier", RuleOf(err))
	case isMailed && n.Type == TypeEmail:
		checkMailable(v, at+"/identifier", n.Identifier)
	}
	checkObject(v, at+"/metadata", n.Metadata)
	return newIdentifier(n.Identifier, normalized, n.Type, n.Metadata, m)
}

// hasIdentifier reports whether one of u's identifiers has the normalized form.
func (u User) hasIdentifier(normalized string) bool {
	return slices.ContainsFunc(u.Identifiers, func(known Identifier) bool { return known.Normalized == normalized })
}

func newIdentifier(value, normalized string, kind IdentifierType, metadata jsontext.Value, m Maker) Identifier {
	return Identifier{
		ID: m.NewID(), Value: value, Normalized: normalized, Type: kind, Metadata: metadata,
		CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
	}
}

func (p Pool) addAddresses(v *Violations, u *User, list []NewAddress, m Maker) {
	if len(list) > MaxAddresses {
		v.Add("/verifiable_addresses", TooMany(MaxAddresses, "entries"))
		return
	}
	for i, n := range list {
		at := fmt.Sprintf("/verifiable_addresses/%d", i)
		added := p.addressOf(v, at, n, u.Status, m)
		if added.Normalized != "" && u.hasAddress(added.Normalized) {
			v.Add(at+"/address", Repeated())
		}
		u.Addresses = append(u.Addresses, added)
	}
}

// addressOf returns the address that n describes, of a user with the status. It records violations
// under the pointer at.
func (p Pool) addressOf(v *Violations, at string, n NewAddress, status Status, m Maker) Address {
	n.check(v, at)
	normalized, err := p.Normalize(n.Type, n.Address)
	switch {
	case err != nil && n.Type.isAddress():
		v.Add(at+"/address", RuleOf(err))
	case status == StatusNew && n.Type == TypeEmail:
		checkMailable(v, at+"/address", n.Address)
	}
	a := newAddress(n.Address, normalized, n.Type, m)
	a.Status, a.PreferredContact, a.Metadata = firstNonEmpty(StatusActive, n.Status), n.PreferredContact, n.Metadata
	if n.Verified {
		a.Verified, a.VerifiedAt = true, At(m.Now)
	}
	return a
}

// hasAddress reports whether one of u's addresses, verified or not, has the normalized form.
func (u User) hasAddress(normalized string) bool {
	return slices.ContainsFunc(u.Addresses, func(known Address) bool { return known.Normalized == normalized })
}

func (n NewAddress) check(v *Violations, at string) {
	if !n.Type.isAddress() {
		v.Add(at+"/type", Choice(string(n.Type), "email", "mobile"))
	}
	if n.Status != "" && n.Status != StatusActive && n.Status != StatusInactive {
		v.Add(at+"/status", NotOneOf("active", "inactive"))
	}
	if n.PreferredContact != "" && n.PreferredContact != "sms" && n.PreferredContact != "voice" {
		v.Add(at+"/preferred_contact_method", NotOneOf("sms", "voice"))
	}
	checkObject(v, at+"/metadata", n.Metadata)
}

func newAddress(value, normalized string, kind IdentifierType, m Maker) Address {
	return Address{
		ID: m.NewID(), Value: value, Normalized: normalized, Type: kind, Status: StatusActive,
		CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
	}
}

// setPassword gives the user a password credential with the given hash. It keeps as many of the
// earlier hashes as the policy of p asks for.
func (u *User) setPassword(p Pool, hash string, m Maker) {
	credential := Credential{
		ID: m.NewID(), Type: CredentialPassword, State: StateValid, CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
	}
	if after := time.Duration(p.PasswordSettings.ExpiresAfter); after > 0 {
		credential.ExpiresAt = At(m.Now).Add(after)
	}
	isPassword := func(c Credential) bool { return c.Type == CredentialPassword }
	u.Credentials = append(slices.DeleteFunc(slices.Clone(u.Credentials), isPassword), credential)
	u.EarlierHashes = u.UsedHashes(p.PasswordPolicy.NotUsedSince - 1) // the new one counts too
	u.PasswordHash = hash
}

// UsedHashes returns the hashes of the passwords that the user has and has had, the newest first, and at
// most the given number of them. The user must have been read with its hashes.
func (u User) UsedHashes(most int) []string {
	var used []string
	if u.PasswordHash != "" {
		used = append(used, u.PasswordHash)
	}
	used = append(used, u.EarlierHashes...)
	return used[:min(max(most, 0), len(used))]
}

// WithPassword returns the user of p with a new password that has the given hash. All one-time codes of
// the user die, whatever they are for. Other credentials stay, so a new password is no way around a
// second factor (ASVS 6.4.3).
func (p Pool) WithPassword(u User, hash string, m Maker) User {
	u.setPassword(p, hash, m)
	u.killCodes(m)
	u.UpdatedAt = At(m.Now)
	return u
}

// WithPasswordState returns the user with its password in another state. The error is Invalid for an
// unknown state, and for a user who has no password.
func (u User) WithPasswordState(state CredentialState, m Maker) (User, error) {
	if state != StateValid && state != StateMustBeReset && state != StateMustBeChanged {
		return u, InvalidField("/state", Choice(string(state), "valid", "must_be_reset", "must_be_changed"))
	}
	i := slices.IndexFunc(u.Credentials, func(c Credential) bool { return c.Type == CredentialPassword })
	if i < 0 {
		return u, InvalidField("/state", WrongStatus("must not be set: the user has no password"))
	}
	u.Credentials = slices.Clone(u.Credentials)
	u.Credentials[i].State, u.Credentials[i].UpdatedAt, u.UpdatedAt = state, At(m.Now), At(m.Now)
	return u, nil
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

// OnlyNamed returns the change with the members that names reports, and without the others. C is what a
// user of the pool p is to be as a whole. A named document that c does not have becomes the empty one,
// and a named schema that of the pool. The error is Invalid if the status is named and missing, since
// every user has one, or if a schema is named and there is neither one in c nor in p.
func (c UserChange) OnlyNamed(p Pool, names func(member string) bool) (UserChange, error) {
	var v Violations
	switch {
	case !names("status"):
		c.Status = ""
	case c.Status == "":
		v.Add("/status", Required())
	}
	for _, d := range []struct {
		part     DataPart
		document *jsontext.Value
		schema   *ID
		usual    string
	}{
		{Payload, &c.Payload, &c.PayloadSchema, p.PayloadSchema},
		{Metadata, &c.Metadata, &c.MetadataSchema, p.MetadataSchema},
		{BusinessMetadata, &c.BusinessMetadata, &c.BusinessMetadataSchema, p.BusinessMetadataSchema},
	} {
		switch {
		case !names(string(d.part)):
			*d.document = nil
		case !isGiven(*d.document):
			*d.document = jsontext.Value("{}")
		}
		named := string(d.part) + "_schema_id"
		switch {
		case !names(named):
			*d.schema = ""
		case *d.schema == "" && d.usual == "":
			v.Add("/"+named, Broken(CodeRequired, "must be given: the pool has no schema of this kind"))
		case *d.schema == "":
			*d.schema = ID(d.usual)
		}
	}
	return c, v.Err()
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
		v.Add("/status", NotAllowed("must not be new: the user has an address that cannot receive mail, since the mail "+
			"service takes only ASCII before the @"))
	}
}

// takeOver makes an unproved user one whom an administrator or a back end has taken over: no
// registration completes it, and it is not deleted when nobody proves it.
func (u *User) takeOver() {
	if u.IsUnproved() {
		u.SelfRegistered = false
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
	if len(c.Parts()) > 0 {
		u.takeOver()
	}
	u.UpdatedAt = At(m.Now)
	checkDocuments(&v, c.Payload, c.Metadata, c.BusinessMetadata)
	return u, v.Err()
}
