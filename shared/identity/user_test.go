package identity_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

func TestCreateMakesWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{BusinessMetadataSchema: "deals"})
	u, err := p.Create(identity.NewUser{
		ID: "ann", Status: identity.StatusActive,
		Identifiers:    []identity.NewIdentifier{{Identifier: "Ann", Type: identity.TypeUID, Metadata: jsontext.Value(`{"a":1}`)}},
		Addresses:      []identity.NewAddress{{Address: "Ann@Example.com", Type: identity.TypeEmail, Verified: true}, {Address: "+15550100", Type: identity.TypeMobile, Status: identity.StatusInactive, PreferredContact: "sms"}},
		Payload:        jsontext.Value(`{"name":"Ann"}`),
		MetadataSchema: "notes",
	}, maker(start()))
	if err != nil {
		t.Fatal(err)
	}
	now := identity.At(start())
	want := identity.User{
		Tenant: "default", Pool: "shop", ID: "ann", Status: identity.StatusActive, StatusUpdatedAt: now, CreatedAt: now, UpdatedAt: now,
		Identifiers: []identity.Identifier{{ID: "id1", Value: "Ann", Normalized: "ann", Type: identity.TypeUID, Metadata: jsontext.Value(`{"a":1}`), CreatedAt: now, UpdatedAt: now}},
		Addresses: []identity.Address{
			{ID: "id2", Value: "Ann@Example.com", Normalized: ann, Type: identity.TypeEmail, Status: identity.StatusActive, Verified: true, VerifiedAt: now, CreatedAt: now, UpdatedAt: now},
			{ID: "id3", Value: "+15550100", Normalized: "+15550100", Type: identity.TypeMobile, Status: identity.StatusInactive, PreferredContact: "sms", CreatedAt: now, UpdatedAt: now},
		},
		Payload: jsontext.Value(`{"name":"Ann"}`), PayloadSchema: "user_v0", MetadataSchema: "notes", BusinessMetadataSchema: "deals", Version: start().UnixMilli(),
		Epoch: identity.IDDigest("id4"),
	}
	if !reflect.DeepEqual(u, want) {
		t.Errorf("got  %+v\nwant %+v", u, want)
	}
	if u.Ref() != (identity.UserRef{Tenant: "default", Pool: "shop", ID: "ann"}) {
		t.Errorf("named %+v", u.Ref())
	}
	if u, err := p.Create(identity.NewUser{Status: identity.StatusNew}, maker(start())); err != nil || u.ID != "id1" {
		t.Errorf("without an id: %q, %v", u.ID, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	uid := func(values ...string) (list []identity.NewIdentifier) {
		for _, value := range values {
			list = append(list, identity.NewIdentifier{Identifier: value, Type: identity.TypeUID})
		}
		return list
	}
	many := make([]string, identity.MaxIdentifiers+1)
	addresses := make([]identity.NewAddress, identity.MaxAddresses+1)
	for i := range many {
		many[i] = fmt.Sprint("u", i)
		addresses[i] = identity.NewAddress{Address: fmt.Sprintf("u%d@example.com", i), Type: identity.TypeEmail}
	}
	for name, row := range map[string]struct {
		n     identity.NewUser
		wrong []string
	}{
		"an id that is none":       {identity.NewUser{ID: "a/b"}, []string{"/id"}},
		"an unknown status":        {identity.NewUser{Status: "gone"}, []string{"/status"}},
		"the most identifiers":     {identity.NewUser{Identifiers: uid(many[:identity.MaxIdentifiers]...)}, nil},
		"too many identifiers":     {identity.NewUser{Identifiers: uid(many...)}, []string{"/identifiers"}},
		"an identifier twice":      {identity.NewUser{Identifiers: uid("ann", "bob", "ANN ")}, []string{"/identifiers/2/identifier"}},
		"a bad identifier":         {identity.NewUser{Identifiers: uid("ann", "")}, []string{"/identifiers/1/identifier"}},
		"an identifier's metadata": {identity.NewUser{Identifiers: []identity.NewIdentifier{{Identifier: "a", Type: "uid", Metadata: jsontext.Value("1")}}}, []string{"/identifiers/0/metadata"}},
		"an identifier of no type": {identity.NewUser{Identifiers: []identity.NewIdentifier{{Identifier: "a"}}}, []string{"/identifiers/0/type"}},
		"the most addresses":       {identity.NewUser{Addresses: addresses[:identity.MaxAddresses]}, nil},
		"too many addresses":       {identity.NewUser{Addresses: addresses}, []string{"/verifiable_addresses"}},
		"an address twice":         {identity.NewUser{Addresses: []identity.NewAddress{{Address: ann, Type: "email"}, {Address: "ANN@example.com", Type: "email"}}}, []string{"/verifiable_addresses/1/address"}},
		"a bad address":            {identity.NewUser{Addresses: []identity.NewAddress{{Address: "ann@", Type: "email"}}}, []string{"/verifiable_addresses/0/address"}},
		"an address of a name":     {identity.NewUser{Addresses: []identity.NewAddress{{Address: "ann", Type: "uid"}}}, []string{"/verifiable_addresses/0/type"}},
		"an address's settings": {
			identity.NewUser{Addresses: []identity.NewAddress{{Address: ann, Type: "email", Status: "new", PreferredContact: "pigeon", Metadata: jsontext.Value("[]")}}},
			[]string{"/verifiable_addresses/0/metadata", "/verifiable_addresses/0/preferred_contact_method", "/verifiable_addresses/0/status"},
		},
		"another credential": {identity.NewUser{Credentials: []identity.NewCredential{{Type: "magic"}}}, []string{"/credentials/0/type"}},
		"an empty password":  {identity.NewUser{Credentials: []identity.NewCredential{{Type: "password"}}}, []string{"/credentials/0/password"}},
		"two passwords":      {identity.NewUser{Credentials: []identity.NewCredential{{Type: "password", Password: "a"}, {Type: "password", Password: "b"}}}, []string{"/credentials/1/type"}},
		"bad documents": {
			identity.NewUser{Payload: jsontext.Value("1"), Metadata: jsontext.Value("[]"), BusinessMetadata: jsontext.Value(`"x"`)},
			[]string{"/business_metadata", "/metadata", "/payload"},
		},
		"a document of 64 KB":          {identity.NewUser{Payload: jsontext.Value(`{"a":"` + strings.Repeat("x", identity.MaxDocument-8) + `"}`)}, nil},
		"a document of a byte more":    {identity.NewUser{Payload: jsontext.Value(`{"a":"` + strings.Repeat("x", identity.MaxDocument-7) + `"}`)}, []string{"/payload"}},
		"documents that are null":      {identity.NewUser{Payload: jsontext.Value("null")}, nil},
		"no status is none of the API": {identity.NewUser{Status: " "}, []string{"/status"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if row.n.Status == "" {
				row.n.Status = identity.StatusNew
			}
			_, err := caseInsensitive().Create(row.n, maker(start()))
			checkInvalid(t, err, row.wrong...)
		})
	}
	_, err := caseInsensitive().Create(identity.NewUser{}, maker(start()))
	checkInvalid(t, err, "/status")
}

func TestCreatedPasswordHasAState(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{PasswordSettings: identity.PasswordSettingsChange{ExpiresAfter: ptr(identity.Duration(time.Hour))}})
	for want, n := range map[identity.CredentialState]identity.NewCredential{
		identity.StateValid:         {},
		identity.StateMustBeChanged: {MustBeChanged: true},
		identity.StateMustBeReset:   {MustBeReset: true, MustBeChanged: true},
	} {
		n.Type, n.Password = identity.CredentialPassword, "secret"
		u, err := p.Create(identity.NewUser{Status: identity.StatusActive, Credentials: []identity.NewCredential{n}}, maker(start()))
		if err != nil {
			t.Fatal(err)
		}
		c, has := u.Password()
		if !has || c.State != want || c.ExpiresAt != identity.At(at(time.Hour)) || u.PasswordHash != "" {
			t.Errorf("want %s, got %+v, hash %q", want, c, u.PasswordHash)
		}
		before := slices.Clone(u.Credentials)
		used := u
		if changed := used.UsePassword(at(time.Minute)); changed != (want == identity.StateMustBeChanged) {
			t.Errorf("%s: use changes it %t", want, changed)
		}
		if after, _ := used.Password(); want == identity.StateMustBeChanged && (after.State != identity.StateMustBeReset || after.UpdatedAt != identity.At(at(time.Minute))) {
			t.Errorf("once used: %+v", after)
		}
		if !reflect.DeepEqual(u.Credentials, before) {
			t.Error("the old user has changed too")
		}
	}
}

// userWithOverlap returns a user with identifiers and addresses that overlap.
func userWithOverlap() identity.User {
	return identity.User{
		Identifiers: []identity.Identifier{
			{Value: "Ann", Normalized: "ann", Type: identity.TypeUID},
			{Value: "Ann@Example.com", Normalized: ann, Type: identity.TypeEmail},
			{Value: "+15550100", Normalized: "+15550100", Type: identity.TypeMobile},
			{Value: "crm@1", Normalized: "crm@1", Type: identity.TypeExternal},
		},
		Addresses: []identity.Address{
			{Normalized: ann, Type: identity.TypeEmail, Verified: true},
			{Normalized: other, Type: identity.TypeEmail},
			{Normalized: "proved@example.com", Type: identity.TypeEmail, Verified: true},
		},
	}
}

func TestClaimsAreIdentifiersAndVerifiedAddresses(t *testing.T) {
	t.Parallel()
	want := []string{"ann", ann, "+15550100", "crm@1", "proved@example.com"}
	if got := userWithOverlap().Claims(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := (identity.User{}).Claims(); len(got) > 0 {
		t.Errorf("nobody claims %q", got)
	}
}

func TestCandidateAddressesAreAddressesAndIdentifiersThatAreOne(t *testing.T) {
	t.Parallel()
	u := userWithOverlap()
	var got []string
	for _, a := range u.CandidateAddresses() {
		got = append(got, string(a.Type)+" "+a.Normalized)
	}
	want := []string{"email " + ann, "email " + other, "email proved@example.com", "mobile +15550100"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	u.Addresses = nil
	if got := u.CandidateAddresses(); len(got) != 2 || got[0].Value != "Ann@Example.com" || got[0].Verified {
		t.Errorf("without addresses: %+v", got)
	}
}

func TestOwnMailAddressIsTheUsersAlone(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string]string{"": ann, ann: ann, "proved@example.com": "proved@example.com", other: ann, "+15550100": ann, "crm@1": ann, "stranger@example.com": ann} {
		if got, err := userWithOverlap().OwnMailAddress(wanted); err != nil || got != want {
			t.Errorf("wanted %q: got %q, %v", wanted, got, err)
		}
	}
	_, err := identity.User{Addresses: []identity.Address{{Normalized: other, Type: identity.TypeEmail}}}.OwnMailAddress(other)
	checkInvalid(t, err, "/address")
}

func TestOnlyMailAddress(t *testing.T) {
	t.Parallel()
	named := identity.User{Status: identity.StatusNew, Identifiers: []identity.Identifier{
		{Normalized: "ann", Type: identity.TypeUID},
	}}
	mailed := named
	mailed.Addresses = []identity.Address{{Normalized: ann, Type: identity.TypeEmail}}
	both := mailed
	both.Addresses = append(slices.Clone(both.Addresses),
		identity.Address{Normalized: "+15550100", Type: identity.TypeMobile})
	for name, row := range map[string]struct {
		u    identity.User
		want string // "" if there is an error
	}{
		"its own":                           {mailed, ann},
		"one e-mail address beside a phone": {both, ann},
		"two of its own":                    {userWithOverlap(), ""},
		"none":                              {named, ""},
	} {
		got, err := row.u.OnlyMailAddress()
		if got.Normalized != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if err != nil {
			checkInvalid(t, err, "/address")
		}
	}
}

func TestOnlyWaiting(t *testing.T) {
	t.Parallel()
	waiting := func(addresses ...string) (list []identity.Registration) {
		for _, a := range addresses {
			list = append(list, identity.Registration{Address: a, Normalized: a, AddressType: identity.InferType(a), CreatedAt: identity.At(start())})
		}
		return list
	}
	page := waiting(slices.Repeat([]string{other}, identity.RegistrationsRead)...)
	const phone = "+15550100"
	fresh, active := identity.User{Status: identity.StatusNew}, identity.User{Status: identity.StatusActive}
	for name, row := range map[string]struct {
		u       identity.User
		waiting []identity.Registration
		isMail  bool
		after   time.Duration
		want    string // "" if there is an error
	}{
		"one":                         {fresh, waiting(other), true, 0, other},
		"one beside one with none":    {fresh, waiting("", other), true, 0, other},
		"one twice":                   {fresh, waiting(other, other), true, 0, other},
		"two":                         {fresh, waiting(other, ann), true, 0, ""},
		"none":                        {fresh, nil, true, 0, ""},
		"a phone and an address":      {fresh, waiting(phone, other), false, 0, ""},
		"a phone, which has no mails": {fresh, waiting(phone, other), true, 0, other},
		"a phone alone":               {fresh, waiting(phone), false, 0, phone},
		"a user who is not new":       {active, waiting(other), true, 0, ""},
		"one that is over":            {fresh, waiting(other), true, identity.RegistrationLifetime, ""},
		"as many as are read":         {fresh, page, true, 0, ""},
		"one fewer than are read":     {fresh, page[1:], true, 0, other},
	} {
		got, err := row.u.OnlyWaiting(row.waiting, row.isMail, at(row.after))
		if got.Normalized != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if err != nil {
			checkInvalid(t, err, "/address")
		}
	}
}

func TestUserChange(t *testing.T) {
	t.Parallel()
	old := identity.User{
		Status: identity.StatusNew, StatusUpdatedAt: identity.At(start()), UpdatedAt: identity.At(start()),
		Payload: jsontext.Value(`{"a":1}`), PayloadSchema: "user_v0", Metadata: jsontext.Value(`{"b":1}`), MetadataSchema: "metadata_v0",
	}
	now := identity.At(at(time.Hour))
	for name, row := range map[string]struct {
		c      identity.UserChange
		change func(*identity.User)
		wrong  []string
	}{
		"nothing given, nothing changes": {identity.UserChange{}, func(*identity.User) {}, nil},
		"null is not given":              {identity.UserChange{Payload: jsontext.Value("null")}, func(*identity.User) {}, nil},
		"a document is replaced whole":   {identity.UserChange{Payload: jsontext.Value(`{}`)}, func(u *identity.User) { u.Payload = jsontext.Value(`{}`) }, nil},
		"another status is dated": {identity.UserChange{Status: identity.StatusActive}, func(u *identity.User) {
			u.Status, u.StatusUpdatedAt, u.Epoch = identity.StatusActive, now, identity.IDDigest("id1")
		}, nil},
		"the same status is not":    {identity.UserChange{Status: identity.StatusNew}, func(*identity.User) {}, nil},
		"an unknown status":         {identity.UserChange{Status: "gone"}, nil, []string{"/status"}},
		"a document that is a list": {identity.UserChange{Metadata: jsontext.Value("[]")}, nil, []string{"/metadata"}},
		"schemas and documents": {
			identity.UserChange{PayloadSchema: "p", MetadataSchema: "m", BusinessMetadataSchema: "b", BusinessMetadata: jsontext.Value(`{"c":1}`)},
			func(u *identity.User) {
				u.PayloadSchema, u.MetadataSchema, u.BusinessMetadataSchema, u.BusinessMetadata = "p", "m", "b", jsontext.Value(`{"c":1}`)
			}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := old.Changed(row.c, maker(at(time.Hour)))
			checkInvalid(t, err, row.wrong...)
			if err != nil {
				return
			}
			want := old
			want.UpdatedAt = now
			row.change(&want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestDocumentOfAPart(t *testing.T) {
	t.Parallel()
	u := identity.User{Payload: jsontext.Value(`{"a":1}`), PayloadSchema: "p", Metadata: jsontext.Value("null"), MetadataSchema: "m", BusinessMetadataSchema: "b"}
	for part, want := range map[identity.DataPart]string{identity.Payload: `{"a":1} p`, identity.Metadata: "{} m", identity.BusinessMetadata: "{} b"} {
		if value, schema := u.Document(part); string(value)+" "+schema != want {
			t.Errorf("%s: got %s of %s", part, value, schema)
		}
	}
}
