package identity_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

const (
	ann   = "ann@example.com"
	other = "other@example.com"
)

func TestRegisterMakesUserAndRegistration(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{PayloadSchema: "people"})
	u, r, err := p.Register(identity.SelfRegistration{Identifier: "Ann@Example.com", Password: "p", Payload: jsontext.Value(`{"name":"Ann"}`)}, true, maker(start()))
	if err != nil {
		t.Fatal(err)
	}
	now := identity.At(start())
	wantUser := identity.User{
		Tenant: "default", Pool: "shop", ID: "id1", Status: identity.StatusNew, StatusUpdatedAt: now, CreatedAt: now, UpdatedAt: now,
		PayloadSchema: "people", MetadataSchema: "metadata_v0", SelfRegistered: true, Version: start().UnixMilli(),
		Epoch: identity.IDDigest("id4"),
		Identifiers: []identity.Identifier{
			{ID: "id2", Value: ann, Normalized: ann, Type: identity.TypeEmail, CreatedAt: now, UpdatedAt: now},
		},
	}
	if !reflect.DeepEqual(u, wantUser) {
		t.Errorf("got  %+v\nwant %+v", u, wantUser)
	}
	wantRegistration := identity.Registration{
		ID: "id3", Address: ann, Normalized: ann, AddressType: identity.TypeEmail,
		Payload: jsontext.Value(`{"name":"Ann"}`), CreatedAt: now, Forms: []string{ann},
	}
	if !reflect.DeepEqual(r, wantRegistration) {
		t.Errorf("got  %+v\nwant %+v", r, wantRegistration)
	}
}

// Pre-hijacking: nothing that was given becomes part of the user before the code is proved.
func TestRegisterGivesTheUserNothingOfTheRegistration(t *testing.T) {
	t.Parallel()
	u, _, err := caseInsensitive().Register(identity.SelfRegistration{Identifier: "ann", OTPAddress: ann, Password: "secret", Payload: jsontext.Value(`{"a":1}`)}, true, maker(start()))
	if err != nil || len(u.Credentials) > 0 || u.PasswordHash != "" || u.Payload != nil || len(u.Addresses) > 0 {
		t.Errorf("got %+v, %v", u, err)
	}
}

func TestRegisterChoosesWhereTheCodeGoes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name               string
		identifier, otp    string
		mail               bool
		address, addressOf string
		wrong              []string
	}{
		{"to an e-mail address that is the identifier", ann, "", true, ann, "email", nil},
		{"to the otp_address of a user name", "ann", ann, true, ann, "email", nil},
		{"to the otp_address of a phone number", "+15550100", ann, true, ann, "email", nil},
		{"to the otp_address instead of the identifier", ann, "+15550100", false, "+15550100", "mobile", nil},
		{"nowhere for a user name alone", "ann", "", false, "", "", nil},
		{"to a phone number, where no mail is asked for", "+15550100", "", false, "+15550100", "mobile", nil},
		{"mail cannot go to a user name", "ann", "", true, "", "", []string{"/identifier"}},
		{"mail cannot go to a phone number", "+15550100", "", true, "+15550100", "mobile", []string{"/identifier"}},
		{"mail cannot go to an otp_address of a phone", "ann", "+15550100", true, "+15550100", "mobile", []string{"/otp_address"}},
		{"an otp_address must not be of the identifier's type", ann, other, true, ann, "email", []string{"/otp_address"}},
		{"not even for phone numbers", "+15550100", "+15550101", false, "+15550100", "mobile", []string{"/otp_address"}},
		{"an otp_address must be an address", "+15550100", "ann", false, "+15550100", "mobile", []string{"/otp_address"}},
		{"an otp_address must be a good address", "ann", "ann@", false, "", "", []string{"/otp_address"}},
		{"an identifier must be good", "ann@", "", true, "", "email", []string{"/identifier"}},
		{"both must be good", "@", "ann@example.com\nx", true, "", "email", []string{"/identifier", "/otp_address"}},
		{"there must be an identifier", " ", ann, true, ann, "email", []string{"/identifier"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, r, err := caseInsensitive().Register(identity.SelfRegistration{Identifier: row.identifier, OTPAddress: row.otp}, row.mail, maker(start()))
			checkInvalid(t, err, row.wrong...)
			if r.Address != row.address || string(r.AddressType) != row.addressOf {
				t.Errorf("goes to %q (%s), want %q (%s)", r.Address, r.AddressType, row.address, row.addressOf)
			}
			if err == nil && row.address != "" && r.Normalized == "" {
				t.Error("the address is not normalized")
			}
		})
	}
}

func TestRegisterChecksTheRest(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		s     identity.SelfRegistration
		wrong []string
	}{
		"no payload":           {identity.SelfRegistration{Payload: jsontext.Value("null")}, nil},
		"a payload of a list":  {identity.SelfRegistration{Payload: jsontext.Value("[]")}, []string{"/payload"}},
		"too large a payload":  {identity.SelfRegistration{Payload: jsontext.Value(`{"a":"` + strings.Repeat("x", identity.MaxDocument) + `"}`)}, []string{"/payload"}},
		"a TOTP secret":        {identity.SelfRegistration{TOTPSecret: "s"}, []string{"/totp_secret"}},
		"a passkey":            {identity.SelfRegistration{WebAuthnCredentials: jsontext.Value("[{}]")}, []string{"/webauthn_credentials"}},
		"no passkeys":          {identity.SelfRegistration{WebAuthnCredentials: jsontext.Value("[]")}, nil},
		"everything not there": {identity.SelfRegistration{TOTPSecret: "s", Payload: jsontext.Value("1")}, []string{"/payload", "/totp_secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.s.Identifier = ann
			_, _, err := caseInsensitive().Register(row.s, true, maker(start()))
			checkInvalid(t, err, row.wrong...)
		})
	}
}

func TestRegistrationBelongs(t *testing.T) {
	t.Parallel()
	r := identity.Registration{CreatedAt: identity.At(start())}
	for name, row := range map[string]struct {
		status  identity.Status
		changed time.Duration // when the status was changed
		now     time.Duration
		want    bool
	}{
		"to the user it made":                {identity.StatusNew, 0, 0, true},
		"until its end":                      {identity.StatusNew, 0, 48*time.Hour - time.Millisecond, true},
		"not at its end":                     {identity.StatusNew, 0, 48 * time.Hour, false},
		"to a user that was new before":      {identity.StatusNew, -time.Hour, 0, true},
		"not once the user was made new":     {identity.StatusNew, time.Millisecond, time.Second, false},
		"not to an active user":              {identity.StatusActive, 0, 0, false},
		"not to an inactive user":            {identity.StatusInactive, 0, 0, false},
		"not to a deleted user":              {identity.StatusDeleted, 0, 0, false},
		"and outlives the last code sent it": {identity.StatusNew, 0, identity.TicketLifetime + 24*time.Hour - time.Second, true},
	} {
		u := identity.User{Status: row.status, StatusUpdatedAt: identity.At(at(row.changed))}
		if got := r.CanComplete(u, at(row.now)); got != row.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// registerAnn returns the user that a registration creates, and the registration, which has a
// password and a payload.
func registerAnn(tb testing.TB, p identity.Pool) (identity.User, identity.Registration) {
	tb.Helper()
	u, r, err := p.Register(identity.SelfRegistration{Identifier: ann, Payload: jsontext.Value(`{"name":"Ann"}`)}, true, maker(start()))
	if err != nil {
		tb.Fatal(err)
	}
	r.PasswordHash = "waiting"
	return u, r
}

// codeFor returns a code that was sent to an address for a registration.
func codeFor(address, registration string) identity.Code {
	return identity.Code{
		Address: address, Normalized: address, AddressType: identity.TypeEmail,
		Registration: registration,
	}
}

func TestActivateCompletesARegistration(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{PasswordSettings: identity.PasswordSettingsChange{ExpiresAfter: ptr(identity.Duration(24 * time.Hour))}})
	u, r := registerAnn(t, p)
	old, _ := registerAnn(t, p)
	got, err := p.Activate(u,
		identity.Activation{Code: codeFor(ann, r.ID), Registration: &r, IsTheirs: true},
		maker(at(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	now := identity.At(at(time.Hour))
	if got.Status != identity.StatusActive || got.StatusUpdatedAt != now || got.UpdatedAt != now || got.CreatedAt != old.CreatedAt {
		t.Errorf("got %+v", got)
	}
	if string(got.Payload) != `{"name":"Ann"}` || got.PasswordHash != "waiting" {
		t.Errorf("payload %s, password %q", got.Payload, got.PasswordHash)
	}
	credential, has := got.Password()
	if !has || credential.State != identity.StateValid || credential.ExpiresAt != identity.At(at(25*time.Hour)) || credential.CreatedAt != now {
		t.Errorf("credential %+v", credential)
	}
	if len(got.Identifiers) != 1 || len(got.Addresses) != 1 || !slices.Equal(got.Claims(), []string{ann}) {
		t.Errorf("identifiers %+v, addresses %+v", got.Identifiers, got.Addresses)
	}
	if a := got.Addresses[0]; !a.Verified || a.VerifiedAt != now || a.Type != identity.TypeEmail || a.Status != identity.StatusActive {
		t.Errorf("address %+v", a)
	}
	if !reflect.DeepEqual(u, old) {
		t.Error("the old user has changed too")
	}
}

func TestActivateMakesTheOTPAddressAnIdentifier(t *testing.T) {
	t.Parallel()
	p := caseInsensitive()
	u, r, err := p.Register(identity.SelfRegistration{Identifier: "ann", OTPAddress: "Ann@Example.com"}, true, maker(start()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Activate(u,
		identity.Activation{Code: codeFor(ann, r.ID), Registration: &r, IsTheirs: true},
		maker(start()))
	if err != nil || !slices.Equal(got.Claims(), []string{"ann", ann}) || len(got.Identifiers) != 2 ||
		got.Identifiers[1].Value != ann || got.Identifiers[1].Type != identity.TypeEmail {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, has := got.Password(); has || got.Payload != nil {
		t.Error("has what nobody gave")
	}
}

// The tests below are about pre-hijacking: what a stranger gave never becomes the owner's. Whoever
// proves the mailbox decides the password. A registration completes a user only if it is known to
// belong to whoever proves the mailbox, and never a user whom an administrator created or who has a
// password.
func TestActivateChoosesThePassword(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name            string
		theirs, ticket  bool
		administrators  bool // an administrator created the user
		given           string
		has             bool
		without         bool // the pool has no passwords
		hash            string
		wrong           []string
		takesThePayload bool
	}{
		{name: "that waited with their registration", theirs: true, hash: "waiting", takesThePayload: true},
		{
			name: "that came with the code rather than the one that waited", theirs: true,
			given: "given", hash: "given", takesThePayload: true,
		},
		{name: "that came with a code which does not tell whose the registration is", given: "given", hash: "given"},
		{name: "none, where the code does not tell whose the registration is", wrong: []string{"/password"}},
		{name: "none, where the ticket is of a registration that gave way", ticket: true, wrong: []string{"/password"}},
		{name: "none, in a pool without passwords", without: true},
		{name: "none, of a user whom an administrator made", administrators: true},
		{
			name:           "that came with the code, of a user whom an administrator made",
			administrators: true, given: "given", hash: "given",
		},
		{
			name:           "none of their registration's, of a user whom an administrator made",
			administrators: true, theirs: true, ticket: true, wrong: []string{"/password"},
		},
		{name: "that an administrator set", administrators: true, theirs: true, ticket: true, has: true},
		{
			name: "that an administrator set, and refuses another", administrators: true,
			given: "given", has: true, wrong: []string{"/password"},
		},
		{name: "that a user had who was made new again", theirs: true, has: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := caseInsensitive()
			p.Mechanisms = []identity.Mechanism{identity.MechanismPassword}
			if row.without {
				p.Mechanisms = []identity.Mechanism{identity.MechanismEmailOTP}
			}
			u, r := registerAnn(t, p)
			u.SelfRegistered = !row.administrators
			credentials := 0
			if row.has {
				u.Credentials = []identity.Credential{{ID: "c", Type: identity.CredentialPassword, State: identity.StateMustBeChanged}}
			}
			if row.has || row.hash != "" {
				credentials = 1
			}
			a := identity.Activation{
				Code: codeFor(ann, r.ID), Registration: &r, IsTheirs: row.theirs,
				HasTicket: row.ticket, PasswordHash: row.given,
			}
			got, err := p.Activate(u, a, maker(start()))
			checkInvalid(t, err, row.wrong...)
			if err != nil {
				return
			}
			if got.PasswordHash != row.hash ||
				len(got.Credentials) != credentials || (got.Payload != nil) != row.takesThePayload {
				t.Errorf("password %q, %d credentials, payload %s", got.PasswordHash, len(got.Credentials), got.Payload)
			}
			if row.has && got.Credentials[0].ID != "c" {
				t.Error("the credential was replaced")
			}
		})
	}
}

func TestActivateRefuses(t *testing.T) {
	t.Parallel()
	p := caseInsensitive()
	for name, change := range map[string]func(u *identity.User, a *identity.Activation, now *time.Time){
		"an active user": func(u *identity.User, _ *identity.Activation, _ *time.Time) {
			u.Status = identity.StatusActive
		},
		"an inactive user": func(u *identity.User, _ *identity.Activation, _ *time.Time) {
			u.Status = identity.StatusInactive
		},
		"a deleted user": func(u *identity.User, _ *identity.Activation, _ *time.Time) {
			u.Status = identity.StatusDeleted
		},
		"an address not the users": func(_ *identity.User, a *identity.Activation, _ *time.Time) { a.Code = codeFor(other, "") },
		"an address not the registrations": func(u *identity.User, a *identity.Activation, _ *time.Time) {
			u.Identifiers[0].Normalized, a.Code = "ann", codeFor(other, a.Code.Registration)
		},
		"a registration gone": func(u *identity.User, a *identity.Activation, _ *time.Time) {
			u.Identifiers[0].Type, a.Registration = identity.TypeUID, nil
		},
		"a registration too old": func(u *identity.User, _ *identity.Activation, now *time.Time) {
			u.Identifiers[0].Type, *now = identity.TypeUID, at(identity.RegistrationLifetime)
		},
		"an address of a registration, for a user whom an administrator made": func(
			u *identity.User, _ *identity.Activation, _ *time.Time,
		) {
			u.Identifiers[0].Type, u.SelfRegistered = identity.TypeUID, false
		},
		"a user made new since": func(u *identity.User, _ *identity.Activation, _ *time.Time) {
			u.Identifiers[0].Type, u.StatusUpdatedAt = identity.TypeUID, identity.At(at(1e9))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, r := registerAnn(t, p)
			a, now := identity.Activation{
				Code: codeFor(ann, r.ID), Registration: &r, IsTheirs: true, PasswordHash: "given",
			}, at(time.Minute)
			change(&u, &a, &now)
			got, err := p.Activate(u, a, maker(now))
			if !errors.Is(err, identity.InvalidCode{}) || got.ID != "" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// An address that waits with a registration is not yet an address of the user. Its code proves
// nothing without that registration.
func TestActivateNeedsTheRegistrationOfAnOTPAddress(t *testing.T) {
	t.Parallel()
	p := caseInsensitive()
	u, _, err := p.Register(identity.SelfRegistration{Identifier: "ann", OTPAddress: other}, true, maker(start()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Activate(u, identity.Activation{Code: codeFor(other, ""), PasswordHash: "given"}, maker(start())); !errors.Is(err, identity.InvalidCode{}) {
		t.Errorf("got %v", err)
	}
}

func TestActivateVerifiesAnAddressThatIsKnown(t *testing.T) {
	t.Parallel()
	p := caseInsensitive()
	u, err := p.Create(identity.NewUser{
		Status:      identity.StatusNew,
		Identifiers: []identity.NewIdentifier{{Identifier: "ann", Type: identity.TypeUID}},
		Addresses:   []identity.NewAddress{{Address: other, Type: identity.TypeEmail}, {Address: ann, Type: identity.TypeEmail}},
	}, maker(start()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Activate(u, identity.Activation{Code: codeFor(ann, "")}, maker(at(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Addresses) != 2 || got.Addresses[0].Verified || !got.Addresses[1].Verified || got.Addresses[1].ID != u.Addresses[1].ID {
		t.Errorf("addresses %+v", got.Addresses)
	}
	if !slices.Equal(got.Claims(), []string{"ann", ann}) || u.Addresses[1].Verified || len(u.Identifiers) != 1 {
		t.Errorf("claims %q; before %q", got.Claims(), u.Claims())
	}
}

// A registration can complete the user if it began before the one that created the user and was
// stored after it. One from before an administrator made the user new again cannot.
func TestARegistrationBelongsToTheUserThatAnotherMade(t *testing.T) {
	t.Parallel()
	r := identity.Registration{CreatedAt: identity.At(start())}
	later := identity.At(at(time.Millisecond))
	u := identity.User{Status: identity.StatusNew, SelfRegistered: true, CreatedAt: later, StatusUpdatedAt: later}
	if !r.CanComplete(u, at(time.Second)) {
		t.Error("a registration that began a moment earlier is dead")
	}
	u.StatusUpdatedAt = identity.At(at(2 * time.Millisecond))
	if r.CanComplete(u, at(time.Second)) {
		t.Error("a registration from before the user was made new again lives")
	}
}
