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

// PoolChange is the body of a request that creates or updates a pool. An absent boolean means
// false, because generated clients omit false; an absent group of settings, or an absent setting of
// a group, is left unchanged. It has the read-only fields of an answer, so that an answer can be
// sent back unchanged.
type PoolChange struct {
	ID                     string                            `json:"id"`
	Tenant                 string                            `json:"tenant_id"`
	Name                   string                            `json:"name"`
	Description            string                            `json:"description"`
	BadgeColor             string                            `json:"badge_color"`
	Workspace              string                            `json:"workspace_id"`
	Metadata               jsontext.Value                    `json:"metadata"`
	PayloadSchema          ID                                `json:"payload_schema_id"`
	MetadataSchema         ID                                `json:"metadata_schema_id"`
	BusinessMetadataSchema ID                                `json:"business_metadata_schema_id"`
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
	SignInURL              *string                           `json:"sign_in_url"` // "" for none

	System        jsontext.Value `json:"system"`
	Deleted       jsontext.Value `json:"deleted"`
	Users         jsontext.Value `json:"number_of_users"`
	StandardUsers jsontext.Value `json:"number_of_standard_users"`
	JITUsers      jsontext.Value `json:"number_of_jit_users"`
}

// CodePolicyChange changes a CodePolicy. Absent fields are left unchanged.
type CodePolicyChange struct {
	Length *int      `json:"length"`
	TTL    *Duration `json:"ttl"`
}

// PasswordPolicyChange changes a PasswordPolicy. Absent fields are left unchanged.
type PasswordPolicyChange struct {
	MinLength    *int    `json:"min_length"`
	Capitals     *int    `json:"capital_letters"`
	Lowercase    *int    `json:"lowercase_letters"`
	Digits       *int    `json:"digits"`
	Special      *int    `json:"special_characters"`
	NotUsedSince *int    `json:"not_used_since"`
	Strength     *string `json:"strength"`
}

// PasswordSettingsChange changes PasswordSettings. Absent fields are left unchanged.
type PasswordSettingsChange struct {
	ExpiresAfter  *Duration `json:"expires_after"`
	HashingMethod *string   `json:"hashing_method"`
}

// NewPool returns the new pool of a tenant that c describes. It has the given id unless c has one.
// The error is Invalid.
func NewPool(tenant, id string, c PoolChange) (Pool, error) {
	if c.ID != "" {
		id = c.ID
	}
	return defaultPool(tenant, id).Changed(c)
}

// defaultPool returns a pool without a name, in which every other setting has its default.
func defaultPool(tenant, id string) Pool {
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
	return p
}

// Changed returns the pool after the change c. The error is Invalid.
func (p Pool) Changed(c PoolChange) (Pool, error) { return p.changed(c, p) }

// changed is like Changed, for a pool that was another one before. A fault that only earlier releases have
// accepted, and that it had before, keeps no other change from being made.
func (p Pool) changed(c PoolChange, before Pool) (Pool, error) {
	var v Violations
	if c.Tenant != "" && c.Tenant != p.Tenant {
		v.Add("/tenant_id", Immutable("must be the tenant of the path"))
	}
	if c.ID != "" && c.ID != p.ID {
		v.Add("/id", Immutable("must be the id of the path: a pool's id cannot change"))
	}
	p.checkColour(&v, c.BadgeColor)
	p.Name, p.Description, p.BadgeColor, p.Workspace = c.Name, WithLineFeeds(c.Description), c.BadgeColor, c.Workspace
	p.PublicRegistration = c.PublicRegistration
	p.BusinessMetadataSchema = firstNonEmpty(p.BusinessMetadataSchema, string(c.BusinessMetadataSchema))
	p.PayloadSchema = firstNonEmpty(p.PayloadSchema, string(c.PayloadSchema))
	p.MetadataSchema = firstNonEmpty(p.MetadataSchema, string(c.MetadataSchema))
	if isGiven(c.Metadata) {
		p.Metadata = c.Metadata
	}
	setIfGiven(&p.CaseInsensitive, c.CaseInsensitive)
	setIfGiven(&p.SecondThreshold, c.SecondThreshold)
	setIfGiven(&p.MFASessionTTL, c.MFASessionTTL)
	setIfGiven(&p.ResetSettings, c.ResetSettings)
	if c.ResetSettings == nil {
		p.ResetSettings = ResetSettings{}
	}
	p.changeMechanisms(c)
	p.changeCodes(&v, c.Codes)
	p.changePasswords(c)
	p.Limits.change(c.Limits)
	p.Branding.change(&v, c.Branding)
	setIfGiven(&p.SignInURL, c.SignInURL)
	p.check(&v)
	if p.repeatsItsFactor() && !before.repeatsItsFactor() {
		v.Add("/second_factor_authentication_mechanisms",
			Broken("same_factor", "must have a mechanism that is not the only first factor: nobody could prove two factors"))
	}
	return p, v.Err()
}

// Replaced returns the pool with the settings that c describes as a whole: what c does not have gets its
// default. Given is the part of c that the caller gave; the rest is what the pool had before. The error
// is Invalid.
func (p Pool) Replaced(c, given PoolChange) (Pool, error) {
	if given.Mechanisms != nil && len(given.Mechanisms) == 0 {
		return p, InvalidField("/authentication_mechanisms", TooShort(1, "entries"))
	}
	fresh := defaultPool(p.Tenant, p.ID)
	fresh.Users, fresh.Version = p.Users, p.Version
	// A preferred mechanism that the caller did not name goes with the mechanism.
	if given.Preferred == "" && len(c.Mechanisms) > 0 {
		c.Preferred = preferredOf(c.Preferred, c.Mechanisms)
	}
	if given.SecondPreferred == "" {
		c.SecondPreferred = preferredOf(c.SecondPreferred, c.SecondMechanisms)
	}
	if given.Branding.ReplyTo == nil && c.Branding.ReplyTo != nil { // see Branding.change
		fresh.Branding.ReplyTo, c.Branding.ReplyTo = *c.Branding.ReplyTo, nil
	}
	return fresh.changed(c, p)
}

// checkColour records a new color that pages and mails would not use. One that an earlier release has
// accepted stays and keeps no other change from being made.
func (p Pool) checkColour(v *Violations, given string) {
	if given != "" && given != p.BadgeColor && (Pool{BadgeColor: given}).Colour() == "" {
		v.Add("/badge_color",
			WrongFormat("color", "must be a color of the form #rgb or #rrggbb, or the name of one in CSS"))
	}
}

func (p *Pool) changeMechanisms(c PoolChange) {
	if len(c.Mechanisms) > 0 {
		p.Mechanisms = slices.Clone(c.Mechanisms)
	}
	if len(c.SecondMechanisms) > 0 {
		p.SecondMechanisms = slices.Clone(c.SecondMechanisms)
	}
	p.Preferred = firstNonEmpty(preferredOf(p.Preferred, p.Mechanisms), c.Preferred)
	if p.Preferred == "" {
		p.Preferred = p.Mechanisms[0]
	}
	p.SecondPreferred = firstNonEmpty(preferredOf(p.SecondPreferred, p.SecondMechanisms), c.SecondPreferred)
}

// preferredOf returns the preferred mechanism, or "" if it is no longer allowed.
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
			v.Add("/otp_settings/"+escapePointer(string(purpose)), UnknownField())
			continue
		}
		if change := changes[purpose]; change != nil {
			policy := p.Codes[purpose]
			setIfGiven(&policy.Length, change.Length)
			setIfGiven(&policy.TTL, change.TTL)
			p.Codes[purpose] = policy
		}
	}
}

func (p *Pool) changePasswords(c PoolChange) {
	setIfGiven(&p.PasswordPolicy.Capitals, c.PasswordPolicy.Capitals)
	setIfGiven(&p.PasswordPolicy.Lowercase, c.PasswordPolicy.Lowercase)
	setIfGiven(&p.PasswordPolicy.Digits, c.PasswordPolicy.Digits)
	setIfGiven(&p.PasswordPolicy.Special, c.PasswordPolicy.Special)
	setIfGiven(&p.PasswordPolicy.NotUsedSince, c.PasswordPolicy.NotUsedSince)
	setIfGiven(&p.PasswordPolicy.Strength, c.PasswordPolicy.Strength)
	setIfGiven(&p.PasswordPolicy.MinLength, c.PasswordPolicy.MinLength)
	if p.PasswordPolicy.MinLength == 0 {
		p.PasswordPolicy.MinLength = MinPasswordLength
		if p.passwordIsSoleFactor() {
			p.PasswordPolicy.MinLength = MinPasswordLengthSole
		}
	}
	setIfGiven(&p.PasswordSettings.ExpiresAfter, c.PasswordSettings.ExpiresAfter)
	p.PasswordSettings.HashingMethod = "argon2"
}

// longestExpiry is the longest time after which passwords may expire: ten years.
const longestExpiry = 10 * 365 * 24 * time.Hour

func (p Pool) check(v *Violations) {
	if !ValidID(p.ID) {
		v.Add("/id", WrongFormat("id", IDRule))
	}
	checkLine(v, "/name", p.Name, 1, 128)
	if utf8.RuneCountInString(p.Description) > 1024 {
		v.Add("/description", TooLong(1024, "characters"))
	}
	if p.Workspace != "" && !ValidID(p.Workspace) {
		v.Add("/workspace_id", WrongFormat("id", IDRule))
	}
	checkObject(v, "/metadata", p.Metadata)
	p.checkMechanisms(v)
	if p.MFASessionTTL < 0 {
		v.Add("/mfa_session_ttl", NotAllowed("must not be negative"))
	}
	for purpose, bounds := range CodeLifetimes() {
		p.Codes[purpose].check(v, "/otp_settings/"+string(purpose), bounds)
	}
	p.PasswordPolicy.check(v)
	p.Limits.check(v)
	p.Branding.check(v)
	if p.SignInURL != "" && !isSignInURL(p.SignInURL) {
		reason := fmt.Sprintf("must be an https URL of at most %d bytes", maxSignInURL)
		v.Add("/sign_in_url", WrongFormat("https-url", reason))
	}
	if p.PasswordSettings.ExpiresAfter < 0 || p.PasswordSettings.ExpiresAfter > Duration(longestExpiry) {
		v.Add("/password_settings/expires_after", OutOfRange("0s", longestExpiry.String()))
	}
}

// textsOf returns the mechanisms as texts.
func textsOf(mechanisms []Mechanism) []string {
	texts := make([]string, len(mechanisms))
	for i, m := range mechanisms {
		texts[i] = string(m)
	}
	return texts
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
			if !m.isValid() {
				v.Add(fmt.Sprintf("%s/%d", l.name, i),
					NotOneOf("totp", "password", "otp", "email_otp", "sms_otp", "webauthn"))
			} else if slices.Contains(l.list[:i], m) {
				v.Add(fmt.Sprintf("%s/%d", l.name, i), Repeated())
			}
		}
		if l.preferred != "" && !slices.Contains(l.list, l.preferred) {
			v.Add(l.preferredName, NotOneOf(textsOf(l.list)...))
		}
	}
}

func (p PasswordPolicy) check(v *Violations) {
	if p.MinLength < MinPasswordLength || p.MinLength > MaxPasswordMinLength {
		v.Add("/password_policy/min_length", OutOfRange(MinPasswordLength, MaxPasswordMinLength))
	}
	for name, n := range map[string]int{
		"capital_letters": p.Capitals, "lowercase_letters": p.Lowercase, "digits": p.Digits,
		"special_characters": p.Special, "not_used_since": p.NotUsedSince,
	} {
		if n < 0 || n > 16 {
			v.Add("/password_policy/"+name, OutOfRange(0, 16))
		}
	}
	switch p.Strength {
	case "any", "weak", "fair", "strong", "very_strong":
	default:
		v.Add("/password_policy/strength", NotOneOf("any", "weak", "fair", "strong", "very_strong"))
	}
}

// setIfGiven sets a field to a value unless the value is nil.
func setIfGiven[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// firstNonEmpty returns value, or old if value is empty.
func firstNonEmpty[T ~string](old, value T) T {
	if value == "" {
		return old
	}
	return value
}

// escapePointer returns a token of a JSON Pointer in its escaped form (RFC 6901 §3).
func escapePointer(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}
