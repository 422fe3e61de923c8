package contract_test

import (
	"strings"
	"testing"

	adminusers "github.com/cloudentity/acp-client-go/clients/identity/client/users"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"

	"identitypools/infra/check/systemtest"
)

func TestAnAdministratorChangesAddresses(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email, other := c.newPool(t), systemtest.Address("ann"), systemtest.Address("Other")
	id := c.newUser(t, pool, email)
	add := adminusers.NewAddUserVerifiableAddressParams().WithIPID(pool).WithUserID(id).
		WithNewAddress(&adminmodels.AddUserVerifiableAddress{
			Address: other, Type: "email", Metadata: map[string]any{"from": "crm"},
		})
	added := must(c.admin.Users.AddUserVerifiableAddress(add, nil))(t)
	if a := added.Payload; a.Address != other || a.AddressLc != strings.ToLower(other) || a.Type != "email" ||
		a.Status != "active" || a.Verified || a.UserID != id || a.ID == "" || a.CreatedAt.IsZero() ||
		asText(t, a.Metadata) != `{"from":"crm"}` {
		t.Errorf("added %s", asText(t, a))
	}
	_, err := c.admin.Users.AddUserVerifiableAddress(add, nil)
	typed[*adminusers.AddUserVerifiableAddressConflict](t, err)
	update := adminusers.NewUpdateUserVerifiableAddressParams().WithIPID(pool).WithUserID(id)
	change := &adminmodels.UpdateUserVerifiableAddress{
		Address: other, Status: "active", Verified: true, PreferredContactMethod: "voice",
	}
	changed := must(c.admin.Users.UpdateUserVerifiableAddress(update.WithUpdateAddress(change).WithIfMatch(&added.Etag), nil))(t)
	if a := changed.Payload; !a.Verified || a.VerifiedAt.IsZero() || a.PreferredContactMethod != "voice" || changed.Etag == added.Etag {
		t.Errorf("changed to %s %s", changed.Etag, asText(t, a))
	}
	_, err = c.admin.Users.UpdateUserVerifiableAddress(update, nil)
	plain(t, err, 412)
	change.Address = "nobody@example.com"
	_, err = c.admin.Users.UpdateUserVerifiableAddress(update.WithIfMatch(nil), nil)
	typed[*adminusers.UpdateUserVerifiableAddressNotFound](t, err)
	change.Address, change.Status = other, "odd"
	_, err = c.admin.Users.UpdateUserVerifiableAddress(update, nil)
	typed[*adminusers.UpdateUserVerifiableAddressUnprocessableEntity](t, err)
	remove := adminusers.NewDeleteUserVerifiableAddressParams().WithIPID(pool).WithUserID(id).
		WithAddress(&adminmodels.DeleteUserVerifiableAddress{Address: other})
	must(c.admin.Users.DeleteUserVerifiableAddress(remove, nil))(t)
	_, err = c.admin.Users.DeleteUserVerifiableAddress(remove, nil)
	typed[*adminusers.DeleteUserVerifiableAddressNotFound](t, err)
}

func TestABackEndChangesAddresses(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, other := c.newPool(t), systemtest.Address("other")
	id := c.newUser(t, pool, systemtest.Address("ben"))
	add := systemusers.NewSystemAddVerifiableAddressParams().WithIPID(pool).WithUserID(id).
		WithNewAddress(&systemmodels.AddUserVerifiableAddress{Address: other, Type: "email", Verified: true})
	stale := `"1"`
	_, err := c.system.Users.SystemAddVerifiableAddress(add.WithIfMatch(&stale), nil)
	typed[*systemusers.SystemAddVerifiableAddressPreconditionFailed](t, err)
	added := must(c.system.Users.SystemAddVerifiableAddress(add.WithIfMatch(nil), nil))(t)
	key := &systemmodels.GetUserByKey{Address: other}
	find := systemusers.NewSystemGetUserByKeyParams().WithIPID(pool).WithGetUserByKey(key)
	if found := must(c.system.Users.SystemGetUserByKey(find, nil))(t); found.Payload.ID != id || found.Etag != added.Etag {
		t.Errorf("the address finds %s", asText(t, found.Payload))
	}
	// The address belongs to the user alone, so it can be no name of another one.
	taken := systemusers.NewSystemAddIdentifierParams().WithIPID(pool).WithUserID(c.newUser(t, pool, systemtest.Address("cid"))).
		WithNewIdentifier(&systemmodels.AddUserIdentifier{Identifier: other, Type: "email"})
	_, err = c.system.Users.SystemAddIdentifier(taken, nil)
	typed[*systemusers.SystemAddIdentifierConflict](t, err)
	update := systemusers.NewSystemUpdateVerifiableAddressParams().WithIPID(pool).WithUserID(id).
		WithUpdateAddress(&systemmodels.UpdateUserVerifiableAddress{Address: other, Status: "inactive"})
	changed := must(c.system.Users.SystemUpdateVerifiableAddress(update, nil))(t).Payload
	if changed.Verified || changed.Status != "inactive" {
		t.Errorf("changed to %s", asText(t, changed))
	}
	must(c.system.Users.SystemAddIdentifier(taken, nil))(t)
	remove := systemusers.NewSystemDeleteVerifiableAddressParams().WithIPID(pool).WithUserID(id).
		WithAddress(&systemmodels.DeleteUserVerifiableAddress{Address: other})
	_, err = c.system.Users.SystemDeleteVerifiableAddress(remove.WithIfMatch(&stale), nil)
	typed[*systemusers.SystemDeleteVerifiableAddressPreconditionFailed](t, err)
	must(c.system.Users.SystemDeleteVerifiableAddress(remove.WithIfMatch(nil), nil))(t)
}

func TestIdentifiersAreChanged(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("dan")
	id := c.newUser(t, pool, email)
	add := adminusers.NewAddUserIdentifierParams().WithIPID(pool).WithUserID(id).
		WithNewIdentifier(&adminmodels.AddUserIdentifier{
			Identifier: "Dan", Type: "uid", Metadata: map[string]any{"from": "crm"},
		})
	added := must(c.admin.Users.AddUserIdentifier(add, nil))(t)
	if i := added.Payload; i.Identifier != "Dan" || i.IdentifierLc != "dan" || i.Type != "uid" || i.UserID != id ||
		added.Etag == "" || asText(t, i.Metadata) != `{"from":"crm"}` {
		t.Errorf("added %s", asText(t, i))
	}
	_, err := c.admin.Users.AddUserIdentifier(add, nil)
	typed[*adminusers.AddUserIdentifierConflict](t, err)
	add.NewIdentifier.Type = "odd"
	_, err = c.admin.Users.AddUserIdentifier(add, nil)
	typed[*adminusers.AddUserIdentifierUnprocessableEntity](t, err)
	remove := adminusers.NewDeleteUserIdentifierParams().WithIPID(pool).WithUserID(id).
		WithIdentifier(&adminmodels.DeleteUserIdentifier{Identifier: "DAN"})
	must(c.admin.Users.DeleteUserIdentifier(remove, nil))(t)
	_, err = c.admin.Users.DeleteUserIdentifier(remove, nil)
	typed[*adminusers.DeleteUserIdentifierNotFound](t, err)
	last := systemusers.NewSystemDeleteIdentifierParams().WithIPID(pool).WithUserID(id).
		WithIdentifier(&systemmodels.DeleteUserIdentifier{Identifier: email})
	must(c.system.Users.SystemDeleteIdentifier(last, nil))(t)
	_, err = c.system.Users.SystemDeleteIdentifier(last, nil)
	typed[*systemusers.SystemDeleteIdentifierNotFound](t, err)
}

func TestMetadataIsReplaced(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	id := c.newUser(t, pool, systemtest.Address("eve"))
	set := adminusers.NewSetUserMetadataParams().WithIPID(pool).WithUserID(id).WithMetadataType("admin").
		WithUserMetadata(&adminmodels.UserMetadata{Metadata: map[string]any{"role": "buyer"}})
	changed := must(c.admin.Users.SetUserMetadata(set, nil))(t)
	get := adminusers.NewGetUserMetadataParams().WithIPID(pool).WithUserID(id).WithMetadataType("admin")
	got := must(c.admin.Users.GetUserMetadata(get, nil))(t)
	want := `{"metadata":{"role":"buyer"},"schema_id":"metadata_v0"}`
	if asText(t, got.Payload) != want || asText(t, changed.Payload) != want {
		t.Errorf("changed to %s, got %s", asText(t, changed.Payload), asText(t, got.Payload))
	}
	// The client cannot send an empty document. It sends none instead.
	must(c.admin.Users.SetUserMetadata(set.WithUserMetadata(&adminmodels.UserMetadata{Metadata: map[string]any{}}), nil))(t)
	if got := must(c.admin.Users.GetUserMetadata(get, nil))(t).Payload; len(got.Metadata) > 0 {
		t.Errorf("got %s", asText(t, got))
	}
	_, err := c.admin.Users.GetUserMetadata(get.WithMetadataType("other"), nil)
	typed[*adminusers.GetUserMetadataNotFound](t, err)
}
