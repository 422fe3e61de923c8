package identity_test

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// fullChange returns a change that sets every field.
func fullChange() identity.PoolChange {
	return identity.PoolChange{
		Name: "Shop", Description: "Customers of the shop", BadgeColor: "#ff0000", Workspace: "w1",
		Metadata:      jsontext.Value(`{"team":"a"}`),
		PayloadSchema: "people", MetadataSchema: "notes", BusinessMetadataSchema: "deals",
		PublicRegistration: true, CaseInsensitive: ptr(false),
		Mechanisms: []identity.Mechanism{"email_otp", "password"}, Preferred: "password",
		SecondMechanisms: []identity.Mechanism{"totp", "webauthn"}, SecondPreferred: "webauthn",
		SecondThreshold: ptr(0.5), MFASessionTTL: ptr(identity.Duration(time.Hour)),
		Codes: map[identity.CodePurpose]*identity.CodePolicyChange{
			identity.PurposeActivation: {Length: ptr(8), TTL: ptr(identity.Duration(time.Hour))},
		},
		PasswordPolicy: identity.PasswordPolicyChange{
			MinLength: ptr(12), Capitals: ptr(1), Lowercase: ptr(2), Digits: ptr(3), Special: ptr(4), NotUsedSince: ptr(5), Strength: ptr("strong"),
		},
		PasswordSettings: identity.PasswordSettingsChange{ExpiresAfter: ptr(identity.Duration(24 * time.Hour))},
		ResetSettings:    &identity.ResetSettings{NoSelfReset: true},
		Branding:         fullBranding(),
	}
}

func TestNewPoolHasEverySetting(t *testing.T) {
	t.Parallel()
	minutes := func(n int) identity.CodePolicy {
		return identity.CodePolicy{Length: 6, TTL: identity.Duration(time.Duration(n) * time.Minute)}
	}
	want := identity.Pool{
		Tenant: "default", ID: "shop", Name: "Shop", PayloadSchema: "user_v0", MetadataSchema: "metadata_v0", CaseInsensitive: true,
		Mechanisms: []identity.Mechanism{"password"}, Preferred: "password",
		Codes: map[identity.CodePurpose]identity.CodePolicy{ // ASVS 6.5.4, 6.5.5; NIST SP 800-63A-4 §3.8
			"activation": minutes(24 * 60), "authentication": minutes(5), "challenge": minutes(5), "enroll_webauthn": minutes(30),
			"reset_password": minutes(30), "reset_totp": minutes(30), "verify_address": minutes(30),
		},
		PasswordPolicy:   identity.PasswordPolicy{MinLength: 15, Strength: "any"},
		PasswordSettings: identity.PasswordSettings{HashingMethod: "argon2"},
		Limits:           defaultLimits(),
		Branding:         identity.Branding{Language: "en"},
	}
	if got := newPool(t, identity.PoolChange{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestNewPoolTakesWhatIsGiven(t *testing.T) {
	t.Parallel()
	c := fullChange()
	c.ID, c.Tenant = "own", "default"
	p := newPool(t, c)
	if p.ID != "own" || p.Description != c.Description || p.BadgeColor != c.BadgeColor || p.Workspace != "w1" || string(p.Metadata) != `{"team":"a"}` {
		t.Errorf("texts: %+v", p)
	}
	if p.PayloadSchema != "people" || p.MetadataSchema != "notes" || p.BusinessMetadataSchema != "deals" || !slices.Equal(p.Schemas(), []string{"people", "notes", "deals"}) {
		t.Errorf("schemas: %+v", p)
	}
	if !p.PublicRegistration || p.CaseInsensitive || p.Preferred != "password" || p.SecondPreferred != "webauthn" || p.SecondThreshold != 0.5 || p.MFASessionTTL != identity.Duration(time.Hour) {
		t.Errorf("settings: %+v", p)
	}
	if p.Codes["activation"] != (identity.CodePolicy{Length: 8, TTL: identity.Duration(time.Hour)}) || len(p.Codes) != 7 {
		t.Errorf("codes: %+v", p.Codes)
	}
	policy := identity.PasswordPolicy{MinLength: 12, Capitals: 1, Lowercase: 2, Digits: 3, Special: 4, NotUsedSince: 5, Strength: "strong"}
	if p.PasswordPolicy != policy || time.Duration(p.PasswordSettings.ExpiresAfter) != 24*time.Hour || !p.ResetSettings.NoSelfReset {
		t.Errorf("passwords: %+v", p)
	}
}

// ASVS 6.2.1, 6.2.9; NIST SP 800-63B-4 §3.1.1.2: fifteen characters if a password is the only factor.
func TestDefaultLengthOfPasswords(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		c    identity.PoolChange
		want int
	}{
		"only a password":             {identity.PoolChange{}, 15},
		"a password or another":       {identity.PoolChange{Mechanisms: []identity.Mechanism{"password", "email_otp"}}, 8},
		"a password and another":      {identity.PoolChange{SecondMechanisms: []identity.Mechanism{"totp"}}, 8},
		"no password":                 {identity.PoolChange{Mechanisms: []identity.Mechanism{"email_otp"}}, 8},
		"another length is asked for": {identity.PoolChange{PasswordPolicy: identity.PasswordPolicyChange{MinLength: ptr(8)}}, 8},
		"zero is no length":           {identity.PoolChange{PasswordPolicy: identity.PasswordPolicyChange{MinLength: ptr(0)}}, 15},
	} {
		if got := newPool(t, row.c).PasswordPolicy.MinLength; got != row.want {
			t.Errorf("%s: %d characters, want %d", name, got, row.want)
		}
	}
}

func TestPoolChangeMergesGroupsAndReplacesTheRest(t *testing.T) {
	t.Parallel()
	old := newPool(t, fullChange())
	kept := newPool(t, fullChange())
	got, err := old.Changed(identity.PoolChange{
		Name:           "Store",
		Codes:          map[identity.CodePurpose]*identity.CodePolicyChange{"activation": {Length: ptr(10)}, "challenge": nil},
		PasswordPolicy: identity.PasswordPolicyChange{Digits: ptr(0)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := kept
	want.Name, want.Description, want.BadgeColor, want.Workspace = "Store", "", "", "" // these are replaced
	want.PublicRegistration, want.ResetSettings = false, identity.ResetSettings{}      // an absent boolean means false
	want.Codes = maps.Clone(kept.Codes)
	want.Codes["activation"] = identity.CodePolicy{Length: 10, TTL: identity.Duration(time.Hour)}
	want.PasswordPolicy.Digits = 0
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !reflect.DeepEqual(old, kept) {
		t.Error("the old pool has changed too")
	}
}

// The answer to a read can be sent back unchanged, and changes nothing.
func TestPoolPutBackChangesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]identity.PoolChange{"with defaults": {}, "with everything": fullChange()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, c)
			p.System, p.Version = true, 7
			answer, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			body := strings.TrimSuffix(string(answer), "}") + `,"number_of_users":3,"number_of_standard_users":2,"number_of_jit_users":1}`
			var back identity.PoolChange
			if err := json.Unmarshal([]byte(body), &back, json.RejectUnknownMembers(true)); err != nil {
				t.Fatal(err)
			}
			if got, err := p.Changed(back); err != nil || !reflect.DeepEqual(got, p) {
				t.Errorf("%v\ngot  %+v\nwant %+v", err, got, p)
			}
		})
	}
}

func TestSecondFactorThatGoesIsNoLongerPreferred(t *testing.T) {
	t.Parallel()
	old := newPool(t, fullChange()) // its mechanisms are totp and webauthn, and webauthn is preferred
	for preferred, mechanisms := range map[identity.Mechanism][]identity.Mechanism{"": {"totp", "otp"}, "webauthn": {"webauthn", "otp"}} {
		p, err := old.Changed(identity.PoolChange{Name: "Shop", SecondMechanisms: mechanisms})
		if err != nil || p.SecondPreferred != preferred {
			t.Errorf("%s: %q is preferred, %v", mechanisms, p.SecondPreferred, err)
		}
	}
}

func TestPoolsMechanisms(t *testing.T) {
	t.Parallel()
	old := newPool(t, identity.PoolChange{Mechanisms: []identity.Mechanism{"password", "email_otp"}, Preferred: "email_otp"})
	for _, row := range []struct {
		name      string
		c         identity.PoolChange
		preferred identity.Mechanism
		wrong     []string
	}{
		{"nothing given keeps them", identity.PoolChange{}, "email_otp", nil},
		{"one that stays is still preferred", identity.PoolChange{Mechanisms: []identity.Mechanism{"totp", "email_otp"}}, "email_otp", nil},
		{"the first is preferred where the preferred one goes", identity.PoolChange{Mechanisms: []identity.Mechanism{"totp", "otp"}}, "totp", nil},
		{"another may be preferred", identity.PoolChange{Preferred: "password"}, "password", nil},
		{"a preferred one must be allowed", identity.PoolChange{Preferred: "totp"}, "totp", []string{"/preferred_authentication_mechanism"}},
		{"unknown ones are refused", identity.PoolChange{Mechanisms: []identity.Mechanism{"password", "email_otp", "magic"}}, "email_otp", []string{"/authentication_mechanisms/2"}},
		{"none is there twice", identity.PoolChange{Mechanisms: []identity.Mechanism{"email_otp", "email_otp"}}, "email_otp", []string{"/authentication_mechanisms/1"}},
		{"second ones are checked alike", identity.PoolChange{SecondMechanisms: []identity.Mechanism{"totp", "magic", "totp"}, SecondPreferred: "otp"}, "email_otp", []string{
			"/second_factor_authentication_mechanisms/1", "/second_factor_authentication_mechanisms/2", "/second_factor_preferred_authentication_mechanism",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.c.Name = "Shop"
			p, err := old.Changed(row.c)
			checkInvalid(t, err, row.wrong...)
			if p.Preferred != row.preferred {
				t.Errorf("%s is preferred, want %s", p.Preferred, row.preferred)
			}
		})
	}
	for _, mechanism := range []identity.Mechanism{"totp", "password", "otp", "email_otp", "sms_otp", "webauthn"} {
		p := newPool(t, identity.PoolChange{Mechanisms: []identity.Mechanism{mechanism}})
		if p.UsesPasswords() != (mechanism == "password") {
			t.Errorf("%s: uses passwords %t", mechanism, p.UsesPasswords())
		}
	}
}

// ASVS 6.5.5; NIST SP 800-63A-4 §3.8, 63B-4 §3.1.3.2.
func TestLifetimesOfCodesAreBounded(t *testing.T) {
	t.Parallel()
	quick := [2]time.Duration{time.Minute, 10 * time.Minute}
	slow := [2]time.Duration{5 * time.Minute, 24 * time.Hour}
	for purpose, bounds := range map[identity.CodePurpose][2]time.Duration{
		"activation": {10 * time.Minute, 24 * time.Hour}, "authentication": quick, "challenge": quick,
		"enroll_webauthn": slow, "reset_password": slow, "reset_totp": slow, "verify_address": slow,
	} {
		for ttl, ok := range map[time.Duration]bool{
			bounds[0]: true, bounds[1]: true, bounds[0] - 1: false, bounds[1] + 1: false, 0: false, -time.Hour: false, math.MaxInt64: false,
		} {
			c := identity.PoolChange{Name: "Shop", Codes: map[identity.CodePurpose]*identity.CodePolicyChange{purpose: {TTL: ptr(identity.Duration(ttl))}}}
			_, err := identity.NewPool("default", "shop", c)
			want := []string{"/otp_settings/" + string(purpose) + "/ttl"}
			if ok {
				want = nil
			}
			if got := invalidFields(t, err); !slices.Equal(got, want) {
				t.Errorf("%s for %s: wrong at %q", purpose, ttl, got)
			}
		}
		if err := identity.CheckCodePurpose("/purpose", purpose); err != nil {
			t.Errorf("%s: %v", purpose, err)
		}
	}
	checkInvalid(t, identity.CheckCodePurpose("/purpose", "notice"), "/purpose")
}

// ASVS 6.5.4; NIST SP 800-63A-4 §3.8.
func TestLengthsOfCodesAreBounded(t *testing.T) {
	t.Parallel()
	for _, purpose := range []identity.CodePurpose{"activation", "authentication", "challenge", "enroll_webauthn", "reset_password", "reset_totp", "verify_address"} {
		for length, ok := range map[int]bool{6: true, 12: true, 5: false, 13: false, 0: false, -6: false} {
			c := identity.PoolChange{Name: "Shop", Codes: map[identity.CodePurpose]*identity.CodePolicyChange{purpose: {Length: &length}}}
			_, err := identity.NewPool("default", "shop", c)
			if ok != (err == nil) {
				t.Errorf("%s of %d digits: %v", purpose, length, err)
			} else if !ok {
				checkInvalid(t, err, "/otp_settings/"+string(purpose)+"/length")
			}
		}
	}
}

func TestPoolBounds(t *testing.T) {
	t.Parallel()
	policy := func(change func(*identity.PasswordPolicyChange)) func(*identity.PoolChange) {
		return func(c *identity.PoolChange) { change(&c.PasswordPolicy) }
	}
	large := jsontext.Value(`{"a":"` + strings.Repeat("x", identity.MaxDocument-8) + `"}`)
	for name, row := range map[string]struct {
		change func(*identity.PoolChange)
		wrong  string // the invalid field; "" if the change is valid
	}{
		"no name":                   {func(c *identity.PoolChange) { c.Name = "" }, "/name"},
		"a name of spaces":          {func(c *identity.PoolChange) { c.Name = "  " }, "/name"},
		"128 characters":            {func(c *identity.PoolChange) { c.Name = strings.Repeat("\u00e9", 128) }, ""},
		"129 characters":            {func(c *identity.PoolChange) { c.Name = strings.Repeat("x", 129) }, "/name"},
		"a name of two lines":       {func(c *identity.PoolChange) { c.Name = "Shop\r\nBcc: ann@example.com" }, "/name"},
		"a long description":        {func(c *identity.PoolChange) { c.Description = strings.Repeat("\u00e9", 1024) }, ""},
		"too long a text":           {func(c *identity.PoolChange) { c.Description = strings.Repeat("x", 1025) }, "/description"},
		"a color of CSS":            {func(c *identity.PoolChange) { c.BadgeColor = "tomato" }, ""},
		"a short color":             {func(c *identity.PoolChange) { c.BadgeColor = "#0bF" }, ""},
		"an unknown color":          {func(c *identity.PoolChange) { c.BadgeColor = "nosuchcolor" }, "/badge_color"},
		"a color without a digit":   {func(c *identity.PoolChange) { c.BadgeColor = "#7c2d1" }, "/badge_color"},
		"a workspace that is no id": {func(c *identity.PoolChange) { c.Workspace = "a/b" }, "/workspace_id"},
		"an id with a slash":        {func(c *identity.PoolChange) { c.ID = "a/b" }, "/id"},
		"another tenant":            {func(c *identity.PoolChange) { c.Tenant = "other" }, "/tenant_id"},
		"metadata that is null":     {func(c *identity.PoolChange) { c.Metadata = jsontext.Value("null") }, ""},
		"metadata of a list":        {func(c *identity.PoolChange) { c.Metadata = jsontext.Value("[]") }, "/metadata"},
		"large metadata":            {func(c *identity.PoolChange) { c.Metadata = large }, ""},
		"too large metadata":        {func(c *identity.PoolChange) { c.Metadata = slices.Insert(slices.Clone(large), 1, ' ') }, "/metadata"},
		"an unknown purpose": {func(c *identity.PoolChange) {
			c.Codes = map[identity.CodePurpose]*identity.CodePolicyChange{"a/b~c": {}}
		}, "/otp_settings/a~1b~0c"},
		"the notices' purpose": {func(c *identity.PoolChange) {
			c.Codes = map[identity.CodePurpose]*identity.CodePolicyChange{"notice": {}}
		}, "/otp_settings/notice"},
		"a session before now": {func(c *identity.PoolChange) { c.MFASessionTTL = ptr(identity.Duration(-1)) }, "/mfa_session_ttl"},
		"passwords for 10 years": {func(c *identity.PoolChange) {
			c.PasswordSettings.ExpiresAfter = ptr(identity.Duration(3650 * 24 * time.Hour))
		}, ""},
		"passwords for longer": {func(c *identity.PoolChange) {
			c.PasswordSettings.ExpiresAfter = ptr(identity.Duration(3650*24*time.Hour + 1))
		}, "/password_settings/expires_after"},
		"passwords that expired":  {func(c *identity.PoolChange) { c.PasswordSettings.ExpiresAfter = ptr(identity.Duration(-1)) }, "/password_settings/expires_after"},
		"an old way of hashing":   {func(c *identity.PoolChange) { c.PasswordSettings.HashingMethod = ptr("sha") }, ""},
		"7 characters":            {policy(func(c *identity.PasswordPolicyChange) { c.MinLength = ptr(7) }), "/password_policy/min_length"},
		"fewer than 0 characters": {policy(func(c *identity.PasswordPolicyChange) { c.MinLength = ptr(-1) }), "/password_policy/min_length"},
		"64 characters":           {policy(func(c *identity.PasswordPolicyChange) { c.MinLength = ptr(64) }), ""},
		"65 characters":           {policy(func(c *identity.PasswordPolicyChange) { c.MinLength = ptr(65) }), "/password_policy/min_length"},
		"16 of each": {policy(func(c *identity.PasswordPolicyChange) {
			c.Capitals, c.Lowercase, c.Digits, c.Special, c.NotUsedSince = ptr(16), ptr(16), ptr(16), ptr(16), ptr(16)
		}), ""},
		"17 capitals":          {policy(func(c *identity.PasswordPolicyChange) { c.Capitals = ptr(17) }), "/password_policy/capital_letters"},
		"17 lowercase":         {policy(func(c *identity.PasswordPolicyChange) { c.Lowercase = ptr(17) }), "/password_policy/lowercase_letters"},
		"17 digits":            {policy(func(c *identity.PasswordPolicyChange) { c.Digits = ptr(17) }), "/password_policy/digits"},
		"17 special":           {policy(func(c *identity.PasswordPolicyChange) { c.Special = ptr(17) }), "/password_policy/special_characters"},
		"17 earlier passwords": {policy(func(c *identity.PasswordPolicyChange) { c.NotUsedSince = ptr(17) }), "/password_policy/not_used_since"},
		"fewer than 0 digits":  {policy(func(c *identity.PasswordPolicyChange) { c.Digits = ptr(-1) }), "/password_policy/digits"},
		"a known strength":     {policy(func(c *identity.PasswordPolicyChange) { c.Strength = ptr("very_strong") }), ""},
		"an unknown strength":  {policy(func(c *identity.PasswordPolicyChange) { c.Strength = ptr("mighty") }), "/password_policy/strength"},
		"any strength":         {policy(func(c *identity.PasswordPolicyChange) { c.Strength = ptr("any") }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := identity.PoolChange{Name: "Shop"}
			row.change(&c)
			p, err := identity.NewPool("default", "shop", c)
			if row.wrong == "" {
				checkInvalid(t, err)
			} else {
				checkInvalid(t, err, row.wrong)
			}
			if p.PasswordSettings.HashingMethod != "argon2" {
				t.Errorf("hashes with %s", p.PasswordSettings.HashingMethod)
			}
		})
	}
}

func TestPoolFaultsAreToldTogether(t *testing.T) {
	t.Parallel()
	_, err := newPool(t, identity.PoolChange{}).Changed(identity.PoolChange{
		ID: "other", Tenant: "other", Codes: map[identity.CodePurpose]*identity.CodePolicyChange{"pet": {}, "activation": {Length: ptr(1), TTL: ptr(identity.Duration(1))}},
		PasswordPolicy: identity.PasswordPolicyChange{MinLength: ptr(1)},
	})
	checkInvalid(t, err, "/id", "/name", "/otp_settings/activation/length", "/otp_settings/activation/ttl", "/otp_settings/pet", "/password_policy/min_length", "/tenant_id")
}

func TestSchemaOfAPart(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{PayloadSchema: "a", MetadataSchema: "metadata_v0", BusinessMetadataSchema: "a"})
	got := []string{p.SchemaOf(identity.Payload), p.SchemaOf(identity.Metadata), p.SchemaOf(identity.BusinessMetadata)}
	if !slices.Equal(got, []string{"a", "metadata_v0", "a"}) || !slices.Equal(p.Schemas(), []string{"a"}) {
		t.Errorf("got %q, and of its own %q", got, p.Schemas())
	}
}

// A pool of an earlier release that repeats its only factor can still be changed, and be mended.
func TestAFaultOfAnEarlierReleaseKeepsNothingFromBeingChanged(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{Mechanisms: []identity.Mechanism{"email_otp"}})
	p.SecondMechanisms = []identity.Mechanism{"otp"}
	whole := identity.PoolChange{Name: "Other", Mechanisms: p.Mechanisms, SecondMechanisms: p.SecondMechanisms}
	if _, err := p.Changed(whole); err != nil {
		t.Error(err)
	}
	if _, err := p.Replaced(whole, identity.PoolChange{Name: "Other"}); err != nil {
		t.Error(err)
	}
	mended := newPool(t, identity.PoolChange{Mechanisms: []identity.Mechanism{"email_otp"}})
	if _, err := mended.Replaced(whole, whole); err == nil {
		t.Error("the fault can be made")
	}
}
