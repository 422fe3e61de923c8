package identity

import (
	"fmt"
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

func (m Mechanism) valid() bool {
	switch m {
	case MechanismTOTP, MechanismPassword, MechanismOTP, MechanismEmailOTP, MechanismSMSOTP, MechanismWebAuthn:
		return true
	}
	return false
}

// Pool is a population of users with its own sign-in settings. A Pool in hand always has every setting filled in with the
// value in force, except where a zero says "none".
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
	Limits                 Limits                     `json:"limits"`   // this project's own
	Branding               Branding                   `json:"branding"` // this project's own
	System                 bool                       `json:"system"`
	Deleted                bool                       `json:"deleted"`

	Users   int64 `json:"-"` // counted from the table's stream, right within seconds
	Version int64 `json:"-"`
}

// PasswordPolicy is what a pool asks of new passwords. Counts are in characters (code points).
type PasswordPolicy struct {
	MinLength    int    `json:"min_length"`
	Capitals     int    `json:"capital_letters"`
	Lowercase    int    `json:"lowercase_letters"`
	Digits       int    `json:"digits"`
	Special      int    `json:"special_characters"`
	NotUsedSince int    `json:"not_used_since"`
	Strength     string `json:"strength"`
}

// PasswordSettings says how long a password lives and how it is hashed. New hashes are argon2id whatever an older client asks for.
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
	MinPasswordLengthSole = 15 // where a password is the only factor
	MaxPasswordMinLength  = 64
	MaxPasswordLength     = 256
)

// UsesPasswords says whether users of the pool sign in with a password.
func (p Pool) UsesPasswords() bool { return slices.Contains(p.Mechanisms, MechanismPassword) }

// passwordIsSoleFactor says whether a password alone lets a user in.
func (p Pool) passwordIsSoleFactor() bool {
	return len(p.Mechanisms) == 1 && p.UsesPasswords() && len(p.SecondMechanisms) == 0
}

// SchemaOf names the pool's schema for a part of its users' data; "" is none.
func (p Pool) SchemaOf(part DataPart) string {
	switch part {
	case Metadata:
		return p.MetadataSchema
	case BusinessMetadata:
		return p.BusinessMetadataSchema
	}
	return p.PayloadSchema
}

// Schemas are the ids of the tenant's own schemas that the pool refers to, each once.
func (p Pool) Schemas() []string {
	var ids []string
	for _, id := range []string{p.PayloadSchema, p.MetadataSchema, p.BusinessMetadataSchema} {
		if id != "" && !IsDefaultSchema(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// CodePolicy is the pool's for codes of a purpose, for one address alone or not.
func (p Pool) CodePolicy(purpose CodePurpose) CodePolicy { return p.Codes[purpose.Base()] }

// CodePurpose is what a one-time code is for; a code for one purpose never serves another.
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

// For keeps the codes of a purpose apart by address: one lives for each.
func (p CodePurpose) For(a Address) CodePurpose { return p + "#" + CodePurpose(a.Normalized) }

// Base is the purpose without the address that it may be for.
func (p CodePurpose) Base() CodePurpose {
	base, _, _ := strings.Cut(string(p), "#")
	return CodePurpose(base)
}

// CodePolicy is the length in digits and the lifetime of codes for one purpose.
type CodePolicy struct {
	Length int      `json:"length"`
	TTL    Duration `json:"ttl"`
}

// Code lengths (NIST SP 800-63A-4 §3.8: at least six digits).
const (
	MinCodeLength = 6
	MaxCodeLength = 12
)

// Lifetime bounds the lifetime of codes.
type Lifetime struct{ Shortest, Longest, Usual time.Duration }

// CodeLifetimes bounds the lifetime of codes (NIST SP 800-63A-4 §3.8, 63B-4 §3.1.3.2, ASVS 6.5.5).
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

// CheckCodePurpose refuses a purpose that the published API does not know.
func CheckCodePurpose(pointer string, purpose CodePurpose) error {
	if _, ok := CodeLifetimes()[purpose]; !ok {
		return InvalidField(pointer, "must be one of activation, authentication, challenge, enroll_webauthn, reset_password, reset_totp, verify_address")
	}
	return nil
}

func (p CodePolicy) check(v *Violations, pointer string, bounds Lifetime) {
	if p.Length < MinCodeLength || p.Length > MaxCodeLength {
		v.Add(pointer+"/length", fmt.Sprintf("must be from %d to %d digits", MinCodeLength, MaxCodeLength))
	}
	if ttl := time.Duration(p.TTL); ttl < bounds.Shortest || ttl > bounds.Longest {
		v.Add(pointer+"/ttl", fmt.Sprintf("must be from %s to %s", bounds.Shortest, bounds.Longest))
	}
}
