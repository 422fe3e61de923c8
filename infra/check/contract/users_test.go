package contract_test

import (
	"slices"
	"strings"
	"testing"

	adminusers "github.com/cloudentity/acp-client-go/clients/identity/client/users"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"
	"github.com/go-openapi/runtime"
	"github.com/go-openapi/strfmt"

	"identitypools/infra/check/systemtest"
)

// The vendor's own sample creates a user with identifiers only.
func TestANewUserWithIdentifiersAlone(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("Ann")
	asked := &adminmodels.NewUserPayload{
		Status:      "new",
		Identifiers: []*adminmodels.NewUserIdentifier{{Identifier: email, Type: "email"}},
	}
	made := must(c.admin.Users.CreateUser(adminusers.NewCreateUserParams().WithIPID(pool).WithNewUser(asked), nil))(t)
	for _, part := range []string{`"credentials":null`, `"verifiable_addresses":null`} {
		if sent := c.wire.last(t, "/users").body; !strings.Contains(sent, part) {
			t.Errorf("the client no longer sends %s, so this shows nothing: %s", part, sent)
		}
	}
	u := made.Payload
	if u.Status != "new" || u.TenantID != c.ID || u.UserPoolID != pool || u.CreatedAt.IsZero() ||
		len(u.Credentials) != 0 || len(u.Identifiers) != 1 {
		t.Fatalf("made %s", asText(t, u))
	}
	if i := u.Identifiers[0]; i.Identifier != email || i.IdentifierLc != strings.ToLower(email) ||
		i.Type != "email" || i.UserID != u.ID {
		t.Errorf("identifier %s", asText(t, i))
	}
	got := must(c.admin.Users.GetUser(adminusers.NewGetUserParams().WithIPID(pool).WithUserID(u.ID), nil))(t)
	if asText(t, got.Payload) != asText(t, u) || got.Etag != made.Etag || got.Etag == "" {
		t.Errorf("made %s %s, got %s %s", made.Etag, asText(t, u), got.Etag, asText(t, got.Payload))
	}
}

func TestAnActiveUserWithAPassword(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("bob")
	asked := &systemmodels.NewUser{
		ID: "chosen", Status: "active", Payload: map[string]any{"given_name": "Bob"}, UserType: "partner",
		Identifiers: []*systemmodels.NewUserIdentifier{
			{Identifier: email, Type: "email"},
			{Identifier: "bob", Type: "uid", Metadata: map[string]any{"from": "import"}},
		},
		VerifiableAddresses: []*systemmodels.NewUserVerifiableAddress{{
			Address: email, Type: "email",
			Status: "active", Verified: true,
		}},
		Credentials: []*systemmodels.NewUserCredential{{
			Type:     "password",
			Password: systemtest.Password, MustBeChanged: true,
		}},
	}
	made := must(c.system.Users.SystemCreateUser(systemusers.NewSystemCreateUserParams().WithIPID(pool).WithNewUser(asked), nil))(t)
	u := made.Payload
	if u.ID != "chosen" || u.Status != "active" || u.Payload["given_name"] != "Bob" {
		t.Errorf("made %s", asText(t, u))
	}
	if a := u.VerifiableAddresses[0]; a.Address != email || !a.Verified || a.VerifiedAt.IsZero() {
		t.Errorf("address %s", asText(t, a))
	}
	credential := u.Credentials[0]
	if credential.Type != "password" || credential.State != "must_be_changed" ||
		asText(t, credential.Payload) != `{"hashed_password":"###"}` {
		t.Errorf("credential %s", asText(t, credential))
	}
	for name, key := range map[string]*systemmodels.GetUserByKey{
		"identifier": {Identifier: "bob"},
		"address":    {Address: email},
	} {
		found := must(c.system.Users.SystemGetUserByKey(systemusers.NewSystemGetUserByKeyParams().WithIPID(pool).WithGetUserByKey(key), nil))(t)
		if asText(t, found.Payload) != asText(t, u) || found.Etag != made.Etag {
			t.Errorf("by %s: %s", name, asText(t, found.Payload))
		}
	}
}

func TestUsersAreListed(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	var want []string
	for _, name := range []string{"ann", "bob", "cid"} {
		want = append(want, c.newUser(t, pool, systemtest.Address(name)))
	}
	slices.Sort(want)
	ids := func(list []*adminmodels.ExtendedUser) (ids []string) {
		for _, u := range list {
			ids = append(ids, u.ID)
		}
		return ids
	}
	params := adminusers.NewListUsersParams().WithIPID(pool).WithLimit(ptr(int64(2)))
	first := must(c.admin.Users.ListUsers(params, nil))(t).Payload.Users
	second := must(c.admin.Users.ListUsers(params.WithAfterUserID(&first[1].ID), nil))(t).Payload.Users
	if got := ids(append(first, second...)); !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}

	email := systemtest.Address("dora")
	asked := &systemmodels.NewUser{
		Status: "active", Payload: map[string]any{"given_name": "Dora & Söhne"},
		Identifiers: []*systemmodels.NewUserIdentifier{{Identifier: email, Type: "email"}},
		VerifiableAddresses: []*systemmodels.NewUserVerifiableAddress{{
			Address: email, Type: "email",
			Status: "active", Verified: true,
		}},
	}
	dora := must(c.system.Users.SystemCreateUser(systemusers.NewSystemCreateUserParams().WithIPID(pool).WithNewUser(asked), nil))(t).Payload
	for _, query := range []string{
		`{"user_key":"dora-"}`,
		`{"payload":{"given_name":"Dora & Söhne"}}`, `{"user_key":"` + dora.ID + `"}`,
	} {
		list := must(c.system.Users.SystemListUsers(systemusers.NewSystemListUsersParams().WithIPID(pool).WithQuery(&query), nil))(t).Payload.Users
		if len(list) != 1 || list[0].ID != dora.ID {
			t.Fatalf("%s finds %s", query, asText(t, list))
		}
		u := list[0]
		if !slices.Equal(u.Identifiers, []string{email}) ||
			!slices.Equal(u.VerifiedAddresses, []string{email}) ||
			u.IdentifiersWithDetails[0].Type != "email" {
			t.Errorf("%s finds %s", query, asText(t, u))
		}
		if len(u.Addresses) != 1 || u.Addresses[0].Address != email || !u.Addresses[0].Verified ||
			u.CreatedAt.IsZero() {
			t.Errorf("%s finds %s", query, asText(t, u))
		}
	}
	_, err := c.admin.Users.ListUsers(adminusers.NewListUsersParams().WithIPID(pool).WithQuery(ptr("dora")), nil)
	typed[*adminusers.ListUsersUnprocessableEntity](t, err)
}

func TestAUserIsChangedAndDeleted(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	id := c.newUser(t, pool, systemtest.Address("eve"))
	change := &adminmodels.UpdateUser{Payload: map[string]any{"given_name": "Eve"}}
	changed := must(c.admin.Users.UpdateUser(adminusers.NewUpdateUserParams().WithIPID(pool).WithUserID(id).WithUpdateUser(change), nil))(t)
	if u := changed.Payload; u.Status != "new" || asText(t, u.Payload) != `{"given_name":"Eve"}` {
		t.Errorf("changed to %s", asText(t, u))
	}
	update := systemusers.NewSystemUpdateUserParams().WithIPID(pool).WithUserID(id).WithUpdateUser(&systemmodels.UpdateUser{Status: "inactive"})
	off := must(c.system.Users.SystemUpdateUser(update.WithIfMatch(&changed.Etag), nil))(t)
	if u := off.Payload; u.Status != "inactive" || asText(t, u.Payload) != `{"given_name":"Eve"}` {
		t.Errorf("changed to %s", asText(t, u))
	}
	_, err := c.system.Users.SystemUpdateUser(update.WithIfMatch(&changed.Etag), nil)
	typed[*systemusers.SystemUpdateUserPreconditionFailed](t, err)
	remove := systemusers.NewSystemDeleteUserParams().WithIPID(pool).WithUserID(id)
	_, err = c.system.Users.SystemDeleteUser(remove.WithIfMatch(&changed.Etag), nil)
	typed[*systemusers.SystemDeleteUserPreconditionFailed](t, err)
	must(c.system.Users.SystemDeleteUser(remove.WithIfMatch(&off.Etag), nil))(t)
	_, err = c.system.Users.SystemGetUser(systemusers.NewSystemGetUserParams().WithIPID(pool).WithUserID(id), nil)
	typed[*systemusers.SystemGetUserNotFound](t, err)
	_, err = c.admin.Users.DeleteUser(adminusers.NewDeleteUserParams().WithIPID(pool).WithUserID(id), nil)
	typed[*adminusers.DeleteUserNotFound](t, err)
}

func TestErrorsOfUsers(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("fay")
	c.newUser(t, pool, email)
	create := func(u *adminmodels.NewUserPayload) error {
		_, err := c.admin.Users.CreateUser(adminusers.NewCreateUserParams().WithIPID(pool).WithNewUser(u), nil)
		return err
	}
	identifier := func(kind, value string) []*adminmodels.NewUserIdentifier {
		return []*adminmodels.NewUserIdentifier{{Identifier: value, Type: kind}}
	}
	taken := typed[*adminusers.CreateUserConflict](t,
		create(&adminmodels.NewUserPayload{
			Status:      "new",
			Identifiers: identifier("email", strings.ToUpper(email)),
		}))
	if taken.Payload.StatusCode != 409 || taken.Payload.ErrorCode != "conflict" {
		t.Errorf("a taken identifier: %s", asText(t, taken.Payload))
	}
	invalid := typed[*adminusers.CreateUserUnprocessableEntity](t,
		create(&adminmodels.NewUserPayload{
			Status:      "new",
			Identifiers: identifier("email", "no address"),
		}))
	if details := asText(t, invalid.Payload.Details); invalid.Payload.ErrorCode != "invalid" ||
		!strings.Contains(details, `"pointer":"/identifiers/0/identifier"`) {
		t.Errorf("an invalid identifier: %s", asText(t, invalid.Payload))
	}
	typed[*adminusers.CreateUserUnprocessableEntity](t,
		create(&adminmodels.NewUserPayload{Status: "odd"}))
	_, err := c.admin.Users.CreateUser(adminusers.NewCreateUserParams().WithIPID("none").WithNewUser(&adminmodels.NewUserPayload{Status: "new"}), nil)
	typed[*adminusers.CreateUserNotFound](t, err)
	nobody := systemusers.NewSystemGetUserByKeyParams().WithIPID(pool).WithGetUserByKey(&systemmodels.GetUserByKey{Identifier: "nobody"})
	_, err = c.system.Users.SystemGetUserByKey(nobody, nil)
	typed[*systemusers.SystemGetUserByKeyNotFound](t, err)
}

// The client has no field for the header. Its users add it with an option, and so does the test.
func TestAnIdempotencyKeyIsTaken(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	key := strings.Repeat("k", 32)
	withKey := func(op *runtime.ClientOperation) {
		write := op.Params
		op.Params = runtime.ClientRequestWriterFunc(func(r runtime.ClientRequest, formats strfmt.Registry) error {
			if err := write.WriteToRequest(r, formats); err != nil {
				return err
			}
			return r.SetHeaderParam("X-Idempotency-Key", key)
		})
	}
	user := &adminmodels.NewUserPayload{
		Status: "new",
		Identifiers: []*adminmodels.NewUserIdentifier{{
			Identifier: systemtest.Address("gil"),
			Type:       "email",
		}},
	}
	must(c.admin.Users.CreateUser(adminusers.NewCreateUserParams().WithIPID(pool).WithNewUser(user),
		nil, withKey))(t)
	if sent := c.wire.last(t, "/users").header.Get("X-Idempotency-Key"); sent != key {
		t.Errorf("sent the key %q", sent)
	}
}
