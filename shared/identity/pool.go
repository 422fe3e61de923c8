package identity

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Mechanism is a way to authenticate.
type Mechanism string

// The mechanisms of the published API.
const (
	MechanismTOTP     Mechanism = "totp"
	MechanismPassword Mechanism = "password"
	MechanismOTP      Mechanism = "otp"
	MechanismEmailOTP Mechanism = "email_otp"
	MechanismSMSOTP   Mechanism = "sms_otp"
	MechanismWebAuthn Mechanism = "webauthn"
)

// isValid reports whether m is one of the published mechanisms.
func (m Mechanism) isValid() bool {
	switch m {
	case MechanismTOTP, MechanismPassword, MechanismOTP, MechanismEmailOTP, MechanismSMSOTP, MechanismWebAuthn:
		return true
	}
	return false
}

// Pool is a group of users with its own settings. Every setting of a Pool has the value that is in
// force; for settings whose comment says so, the zero value means none.
type Pool struct {
	Tenant                 string                     `json:"tenant_id"`
	ID                     string                     `json:"id"`
	Name                   string                     `json:"name"`
	Description            string                     `json:"description,omitempty"`
	BadgeColor             string                     `json:"badge_color,omitempty"`
	Workspace              string                     `json:"workspace_id,omitempty"`
	Metadata               jsontext.Value             `json:"metadata,omitzero"`
	PayloadSchema          string                     `json:"payload_schema_id"`
	MetadataSchema         string                     `json:"metadata_schema_id"`
	BusinessMetadataSchema string                     `json:"business_metadata_schema_id,omitempty"`
	PublicRegistration     bool                       `json:"public_registration_allowed"`
	CaseInsensitive        bool                       `json:"identifier_case_insensitive"`
	Mechanisms             []Mechanism                `json:"authentication_mechanisms"`
	Preferred              Mechanism                  `json:"preferred_authentication_mechanism"`
	SecondMechanisms       []Mechanism                `json:"second_factor_authentication_mechanisms,omitempty"`
	SecondPreferred        Mechanism                  `json:"second_factor_preferred_authentication_mechanism,omitempty"`
	SecondThreshold        float64                    `json:"second_factor_threshold"`
	MFASessionTTL          Duration                   `json:"mfa_session_ttl,omitzero"`
	Codes                  map[CodePurpose]CodePolicy `json:"otp_settings"`
	PasswordPolicy         PasswordPolicy             `json:"password_policy"`
	PasswordSettings       PasswordSettings           `json:"password_settings"`
	ResetSettings          ResetSettings              `json:"reset_credentials_settings"`
	Limits                 Limits                     `json:"limits"`                // not in the published API
	Branding               Branding                   `json:"branding"`              // not in the published API
	SignInURL              string                     `json:"sign_in_url,omitempty"` // where people go on who are done on the pages; not in the published API
	System                 bool                       `json:"system"`
	Deleted                bool                       `json:"deleted"`

	Users   int64 `json:"-"` // counted from the table's stream, with a delay of seconds
	Version int64 `json:"-"`
}

// PasswordPolicy says which new passwords a pool accepts. Counts are in characters (code points).
type PasswordPolicy struct {
	MinLength    int    `json:"min_length"`
	Capitals     int    `json:"capital_letters"`
	Lowercase    int    `json:"lowercase_letters"`
	Digits       int    `json:"digits"`
	Special      int    `json:"special_characters"`
	NotUsedSince int    `json:"not_used_since"`
	Strength     string `json:"strength"`
}

// PasswordSettings says how long passwords are valid and how they are hashed. New hashes are
// argon2id, whatever a client asks for.
type PasswordSettings struct {
	ExpiresAfter  Duration `json:"expires_after,omitzero"`
	HashingMethod string   `json:"hashing_method"`
}

// ResetSettings says who may reset credentials.
type ResetSettings struct {
	NoSelfReset bool `json:"do_not_allow_users_to_self_reset_credentials"`
}

// Bounds of password lengths (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.1, 6.2.9).
const (
	MinPasswordLength     = 8
	MinPasswordLengthSole = 15 // if a password is the only factor
	MaxPasswordMinLength  = 64
	MaxPasswordLength     = 256
)

// UsesPasswords reports whether users of the pool sign in with a password.
func (p Pool) UsesPasswords() bool { return slices.Contains(p.Mechanisms, MechanismPassword) }

// UsesMailedCodes reports whether users of the pool sign in with a one-time code that is mailed to them.
func (p Pool) UsesMailedCodes() bool { return hasMailedCodes(p.Mechanisms) }

// UsesMailedCodesSecond reports whether such a code is a second factor in the pool.
func (p Pool) UsesMailedCodesSecond() bool { return hasMailedCodes(p.SecondMechanisms) }

func hasMailedCodes(among []Mechanism) bool {
	return slices.Contains(among, MechanismOTP) || slices.Contains(among, MechanismEmailOTP)
}

// repeatsItsFactor reports whether the only second factor of the pool is its only first factor. Both ways
// of mailing a code are the same factor.
func (p Pool) repeatsItsFactor() bool {
	factor := func(m Mechanism) Mechanism {
		if m == MechanismEmailOTP {
			return MechanismOTP
		}
		return m
	}
	isOther := func(m Mechanism) bool { return factor(m) != factor(p.Mechanisms[0]) }
	return len(p.SecondMechanisms) > 0 && len(p.Mechanisms) > 0 &&
		!slices.ContainsFunc(p.Mechanisms, isOther) && !slices.ContainsFunc(p.SecondMechanisms, isOther)
}

// Warnings returns what keeps people from signing in although the settings are valid. They are no
// violations: a back end may do what the pages don't, such as adding passkeys.
func (p Pool) Warnings() []Violation {
	var v Violations
	if p.PublicRegistration && !p.UsesPasswords() && !p.UsesMailedCodes() {
		v.Add("/authentication_mechanisms", Broken("nobody_signs_in", "who registers on the page cannot sign in: add "+
			"password or email_otp, or let a back end give credentials to these users"))
	}
	isServed := p.UsesMailedCodesSecond() || slices.Contains(p.SecondMechanisms, MechanismTOTP)
	if len(p.SecondMechanisms) > 0 && !isServed {
		v.Add("/second_factor_authentication_mechanisms", Broken("nobody_signs_in", "nobody can prove a second factor "+
			"on the page for signing in: add totp or email_otp"))
	}
	return v
}

// signsInOnlyWithPassword reports whether a user of the pool without a password has no way to sign in.
// Nobody signs in with codes by SMS, which the product does not send.
func (p Pool) signsInOnlyWithPassword() bool {
	return p.UsesPasswords() && !slices.ContainsFunc(p.Mechanisms, func(m Mechanism) bool {
		return m != MechanismPassword && m != MechanismSMSOTP
	})
}

// AllowsSelfReset reports whether users of the pool may set a new password themselves when they have
// forgotten theirs. The pool must use passwords for that.
func (p Pool) AllowsSelfReset() bool { return p.UsesPasswords() && !p.ResetSettings.NoSelfReset }

// passwordIsSoleFactor reports whether a password alone is sufficient to sign in.
func (p Pool) passwordIsSoleFactor() bool {
	return len(p.Mechanisms) == 1 && p.UsesPasswords() && len(p.SecondMechanisms) == 0
}

// SchemaOf returns the id of the pool's schema for a document of its users, or "" if it has none.
func (p Pool) SchemaOf(part DataPart) string {
	switch part {
	case Metadata:
		return p.MetadataSchema
	case BusinessMetadata:
		return p.BusinessMetadataSchema
	}
	return p.PayloadSchema
}

// Schemas returns the ids of the tenant's own schemas to which the pool refers, each of them once.
func (p Pool) Schemas() []string {
	var ids []string
	for _, id := range []string{p.PayloadSchema, p.MetadataSchema, p.BusinessMetadataSchema} {
		if id != "" && !IsDefaultSchema(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// CodePolicy returns the pool's policy for codes of a purpose. If the purpose is for one address
// (see CodePurpose.For), the policy is that of its base.
func (p Pool) CodePolicy(purpose CodePurpose) CodePolicy { return p.Codes[purpose.Base()] }

// CodePurpose is what a one-time code is for. A code for one purpose never serves another.
type CodePurpose string

// The purposes of the published API.
const (
	PurposeActivation     CodePurpose = "activation"
	PurposeAuthentication CodePurpose = "authentication"
	PurposeChallenge      CodePurpose = "challenge"
	PurposeEnrollWebAuthn CodePurpose = "enroll_webauthn"
	PurposeResetPassword  CodePurpose = "reset_password"
	PurposeResetTOTP      CodePurpose = "reset_totp"
	PurposeVerifyAddress  CodePurpose = "verify_address"
)

// For returns the purpose p for one address. Each address has one valid code for it.
func (p CodePurpose) For(a Address) CodePurpose { return p + "#" + CodePurpose(a.Normalized) }

// Base returns the purpose without the address that it may be for.
func (p CodePurpose) Base() CodePurpose {
	base, _, _ := strings.Cut(string(p), "#")
	return CodePurpose(base)
}

// CodePolicy is the length and the lifetime of codes for one purpose.
type CodePolicy struct {
	Length int      `json:"length"`
	TTL    Duration `json:"ttl"`
}

// Bounds of the lengths of codes in digits (NIST SP 800-63A-4 §3.8: at least six digits).
const (
	MinCodeLength = 6
	MaxCodeLength = 12
)

// Lifetime has the bounds of the lifetime of codes, and its default.
type Lifetime struct{ Shortest, Longest, Usual time.Duration }

// CodeLifetimes returns the bounds of the lifetimes of codes for each purpose (NIST SP 800-63A-4
// §3.8, 63B-4 §3.1.3.2, ASVS 6.5.5).
func CodeLifetimes() map[CodePurpose]Lifetime {
	quick := Lifetime{time.Minute, 10 * time.Minute, 5 * time.Minute}
	slow := Lifetime{5 * time.Minute, 24 * time.Hour, 30 * time.Minute}
	return map[CodePurpose]Lifetime{
		PurposeActivation:     {10 * time.Minute, 24 * time.Hour, 24 * time.Hour},
		PurposeAuthentication: quick,
		PurposeChallenge:      quick,
		PurposeEnrollWebAuthn: slow,
		PurposeResetPassword:  slow,
		PurposeResetTOTP:      slow,
		PurposeVerifyAddress:  slow,
	}
}

// CheckCodePurpose returns Invalid if the published API has no such purpose.
func CheckCodePurpose(pointer string, purpose CodePurpose) error {
	if _, ok := CodeLifetimes()[purpose]; !ok {
		return InvalidField(pointer, NotOneOf("activation", "authentication", "challenge", "enroll_webauthn",
			"reset_password", "reset_totp", "verify_address"))
	}
	return nil
}

func (p CodePolicy) check(v *Violations, pointer string, bounds Lifetime) {
	if p.Length < MinCodeLength || p.Length > MaxCodeLength {
		v.Add(pointer+"/length", OutOfRange(MinCodeLength, MaxCodeLength))
	}
	if ttl := time.Duration(p.TTL); ttl < bounds.Shortest || ttl > bounds.Longest {
		v.Add(pointer+"/ttl", OutOfRange(bounds.Shortest.String(), bounds.Longest.String()))
	}
}
