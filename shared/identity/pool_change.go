package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// PoolChange is what a caller asks of a pool: the body of create and update. Booleans replace (absent is off, since
// generated clients leave out false); groups of settings merge (absent is unchanged). Read-only fields are accepted so that
// an answer can be sent back as it is.
type PoolChange struct {
	ID                     string                            `json:"id"`
	Tenant                 string                            `json:"tenant_id"`
	Name                   string                            `json:"name"`
	Description            string                            `json:"description"`
	BadgeColor             string                            `json:"badge_color"`
	Workspace              string                            `json:"workspace_id"`
	Metadata               jsontext.Value                    `json:"metadata"`
	PayloadSchema          string                            `json:"payload_schema_id"`
	MetadataSchema         string                            `json:"metadata_schema_id"`
	BusinessMetadataSchema string                            `json:"business_metadata_schema_id"`
	PublicRegistration     bool                              `json:"public_registration_allowed"`
	CaseInsensitive        *bool                             `json:"identifier_case_insensitive"`
	Mechanisms             []Mechanism                       `json:"authentication_mechanisms"`
	Preferred              Mechanism                         `json:"preferred_authentication_mechanism"`
	SecondMechanisms       []Mechanism                       `json:"second_factor_authentication_mechanisms"`
	SecondPreferred        Mechanism                         `json:"second_factor_preferred_authentication_mechanism"`
	SecondThreshold        *float64                          `json:"second_factor_threshold"`
	MFASessionTTL          *Duration                         `json:"mfa_session_ttl"`
	Codes                  map[CodePurpose]*CodePolicyChange `json:"otp_settings"`
	PasswordPolicy         PasswordPolicyChange              `json:"password_policy"`
	PasswordSettings       PasswordSettingsChange            `json:"password_settings"`
	ResetSettings          *ResetSettings                    `json:"reset_credentials_settings"`
	Limits                 LimitsChange                      `json:"limits"`
	Branding               BrandingChange                    `json:"branding"`

	System        jsontext.Value `json:"system"`
	Deleted       jsontext.Value `json:"deleted"`
	Users         jsontext.Value `json:"number_of_users"`
	StandardUsers jsontext.Value `json:"number_of_standard_users"`
	JITUsers      jsontext.Value `json:"number_of_jit_users"`
}

// CodePolicyChange changes the codes of one purpose.
type CodePolicyChange struct {
	Length *int      `json:"length"`
	TTL    *Duration `json:"ttl"`
}

// PasswordPolicyChange changes a PasswordPolicy.
type PasswordPolicyChange struct {
	MinLength    *int    `json:"min_length"`
	Capitals     *int    `json:"capital_letters"`
	Lowercase    *int    `json:"lowercase_letters"`
	Digits       *int    `json:"digits"`
	Special      *int    `json:"special_characters"`
	NotUsedSince *int    `json:"not_used_since"`
	Strength     *string `json:"strength"`
}

// PasswordSettingsChange changes PasswordSettings.
type PasswordSettingsChange struct {
	ExpiresAfter  *Duration `json:"expires_after"`
	HashingMethod *string   `json:"hashing_method"`
}

// NewPool is the pool that c asks for in tenant; id is used where the caller chose none.
func NewPool(tenant, id string, c PoolChange) (Pool, error) {
	if c.ID != "" {
		id = c.ID
	}
	p := Pool{
		Tenant: tenant, ID: id,
		PayloadSchema: DefaultPayloadSchema, MetadataSchema: DefaultMetadataSchema,
		CaseInsensitive: true,
		Codes:           map[CodePurpose]CodePolicy{},
		PasswordPolicy:  PasswordPolicy{Strength: "any"},
		Limits:          Limits{}.Filled(),
	}
	for purpose, bounds := range CodeLifetimes() {
		p.Codes[purpose] = CodePolicy{Length: MinCodeLength, TTL: Duration(bounds.Usual)}
	}
	p.Mechanisms = []Mechanism{MechanismPassword}
	return p.Changed(c)
}

// Changed is the pool after c, or Invalid.
func (p Pool) Changed(c PoolChange) (Pool, error) {
	var v Violations
	if c.Tenant != "" && c.Tenant != p.Tenant {
		v.Add("/tenant_id", "must be the tenant of the path")
	}
	if c.ID != "" && c.ID != p.ID {
		v.Add("/id", "must be the id of the path: a pool's id cannot change")
	}
	p.Name, p.Description, p.BadgeColor, p.Workspace = c.Name, c.Description, c.BadgeColor, c.Workspace
	p.PublicRegistration = c.PublicRegistration
	p.BusinessMetadataSchema = set(p.BusinessMetadataSchema, c.BusinessMetadataSchema)
	p.PayloadSchema = set(p.PayloadSchema, c.PayloadSchema)
	p.MetadataSchema = set(p.MetadataSchema, c.MetadataSchema)
	if given(c.Metadata) {
		p.Metadata = c.Metadata
	}
	replace(&p.CaseInsensitive, c.CaseInsensitive)
	replace(&p.SecondThreshold, c.SecondThreshold)
	replace(&p.MFASessionTTL, c.MFASessionTTL)
	replace(&p.ResetSettings, c.ResetSettings)
	if c.ResetSettings == nil {
		p.ResetSettings = ResetSettings{}
	}
	p.changeMechanisms(c)
	p.changeCodes(&v, c.Codes)
	p.changePasswords(c)
	p.Limits.change(c.Limits)
	p.Branding.change(c.Branding)
	p.check(&v)
	return p, v.Err()
}

func (p *Pool) changeMechanisms(c PoolChange) {
	if len(c.Mechanisms) > 0 {
		p.Mechanisms = slices.Clone(c.Mechanisms)
	}
	if len(c.SecondMechanisms) > 0 {
		p.SecondMechanisms = slices.Clone(c.SecondMechanisms)
	}
	p.Preferred = set(preferredOf(p.Preferred, p.Mechanisms), c.Preferred)
	if p.Preferred == "" {
		p.Preferred = p.Mechanisms[0]
	}
	p.SecondPreferred = set(preferredOf(p.SecondPreferred, p.SecondMechanisms), c.SecondPreferred)
}

// preferredOf is the mechanism that was preferred, unless it is no longer allowed.
func preferredOf(preferred Mechanism, allowed []Mechanism) Mechanism {
	if !slices.Contains(allowed, preferred) {
		return ""
	}
	return preferred
}

func (p *Pool) changeCodes(v *Violations, changes map[CodePurpose]*CodePolicyChange) {
	p.Codes = maps.Clone(p.Codes)
	for _, purpose := range slices.Sorted(maps.Keys(changes)) {
		if CheckCodePurpose("", purpose) != nil {
			v.Add("/otp_settings/"+escapePointer(string(purpose)), "is not a known field")
			continue
		}
		if change := changes[purpose]; change != nil {
			policy := p.Codes[purpose]
			replace(&policy.Length, change.Length)
			replace(&policy.TTL, change.TTL)
			p.Codes[purpose] = policy
		}
	}
}

func (p *Pool) changePasswords(c PoolChange) {
	replace(&p.PasswordPolicy.Capitals, c.PasswordPolicy.Capitals)
	replace(&p.PasswordPolicy.Lowercase, c.PasswordPolicy.Lowercase)
	replace(&p.PasswordPolicy.Digits, c.PasswordPolicy.Digits)
	replace(&p.PasswordPolicy.Special, c.PasswordPolicy.Special)
	replace(&p.PasswordPolicy.NotUsedSince, c.PasswordPolicy.NotUsedSince)
	replace(&p.PasswordPolicy.Strength, c.PasswordPolicy.Strength)
	replace(&p.PasswordPolicy.MinLength, c.PasswordPolicy.MinLength)
	if p.PasswordPolicy.MinLength == 0 {
		p.PasswordPolicy.MinLength = MinPasswordLength
		if p.passwordIsSoleFactor() {
			p.PasswordPolicy.MinLength = MinPasswordLengthSole
		}
	}
	replace(&p.PasswordSettings.ExpiresAfter, c.PasswordSettings.ExpiresAfter)
	p.PasswordSettings.HashingMethod = "argon2"
}

func (p Pool) check(v *Violations) {
	if !ValidID(p.ID) {
		v.Add("/id", IDRule)
	}
	checkLine(v, "/name", p.Name, 1, 128)
	checkLine(v, "/badge_color", p.BadgeColor, 0, 32)
	if utf8.RuneCountInString(p.Description) > 1024 {
		v.Add("/description", "must have at most 1024 characters")
	}
	if p.Workspace != "" && !ValidID(p.Workspace) {
		v.Add("/workspace_id", IDRule)
	}
	checkObject(v, "/metadata", p.Metadata)
	p.checkMechanisms(v)
	if p.MFASessionTTL < 0 {
		v.Add("/mfa_session_ttl", "must not be negative")
	}
	for purpose, bounds := range CodeLifetimes() {
		p.Codes[purpose].check(v, "/otp_settings/"+string(purpose), bounds)
	}
	p.PasswordPolicy.check(v)
	p.Limits.check(v)
	p.Branding.check(v)
	if p.PasswordSettings.ExpiresAfter < 0 || p.PasswordSettings.ExpiresAfter > Duration(10*365*24*time.Hour) {
		v.Add("/password_settings/expires_after", "must be from 0s to ten years")
	}
}

func (p Pool) checkMechanisms(v *Violations) {
	lists := []struct {
		name, preferredName string
		list                []Mechanism
		preferred           Mechanism
	}{
		{"/authentication_mechanisms", "/preferred_authentication_mechanism", p.Mechanisms, p.Preferred},
		{"/second_factor_authentication_mechanisms", "/second_factor_preferred_authentication_mechanism", p.SecondMechanisms, p.SecondPreferred},
	}
	for _, l := range lists {
		for i, m := range l.list {
			if !m.valid() {
				v.Add(fmt.Sprintf("%s/%d", l.name, i), "must be one of totp, password, otp, email_otp, sms_otp, webauthn")
			} else if slices.Contains(l.list[:i], m) {
				v.Add(fmt.Sprintf("%s/%d", l.name, i), "is in the list twice")
			}
		}
		if l.preferred != "" && !slices.Contains(l.list, l.preferred) {
			v.Add(l.preferredName, "must be one of the allowed mechanisms")
		}
	}
}

func (p PasswordPolicy) check(v *Violations) {
	if p.MinLength < MinPasswordLength || p.MinLength > MaxPasswordMinLength {
		v.Add("/password_policy/min_length", fmt.Sprintf("must be from %d to %d", MinPasswordLength, MaxPasswordMinLength))
	}
	for name, n := range map[string]int{
		"capital_letters": p.Capitals, "lowercase_letters": p.Lowercase, "digits": p.Digits,
		"special_characters": p.Special, "not_used_since": p.NotUsedSince,
	} {
		if n < 0 || n > 16 {
			v.Add("/password_policy/"+name, "must be from 0 to 16")
		}
	}
	switch p.Strength {
	case "any", "weak", "fair", "strong", "very_strong":
	default:
		v.Add("/password_policy/strength", "must be one of any, weak, fair, strong, very_strong")
	}
}

// replace stores a value that was given.
func replace[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// set is value, or old where value is empty.
func set[T ~string](old, value T) T {
	if value == "" {
		return old
	}
	return value
}

func escapePointer(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}
