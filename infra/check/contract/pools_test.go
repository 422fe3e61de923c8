package contract_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	adminpools "github.com/cloudentity/acp-client-go/clients/identity/client/pools"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	systempools "github.com/cloudentity/acp-client-go/clients/identitysystem/client/pools"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"
	"github.com/go-openapi/strfmt"
)

// settings returns a pool with every setting that the client can send.
func settings() *adminmodels.Pool {
	return &adminmodels.Pool{
		Name: "Customers", Description: "Everybody who buys", BadgeColor: "#102030",
		WorkspaceID: "shop", Metadata: map[string]any{"owner": "sales"},
		PublicRegistrationAllowed: true, IdentifierCaseInsensitive: true,
		AuthenticationMechanisms:                     adminmodels.AuthenticationMechanisms{"password", "email_otp"},
		PreferredAuthenticationMechanism:             "email_otp",
		SecondFactorAuthenticationMechanisms:         adminmodels.AuthenticationMechanisms{"totp"},
		SecondFactorPreferredAuthenticationMechanism: "totp",
		SecondFactorThreshold:                        0.5,
		MfaSessionTTL:                                strfmt.Duration(90 * time.Minute),
		OtpSettings: &adminmodels.OtpSettings{
			Activation:    &adminmodels.OtpConfig{Length: 8, TTL: strfmt.Duration(time.Hour)},
			ResetPassword: &adminmodels.OtpConfig{TTL: strfmt.Duration(10 * time.Minute)},
		},
		PasswordPolicy:           &adminmodels.PasswordPolicy{MinLength: 12, Digits: 1, Strength: "fair"},
		PasswordSettings:         &adminmodels.PasswordSettings{ExpiresAfter: strfmt.Duration(90 * 24 * time.Hour), HashingMethod: "pbkdf2"},
		ResetCredentialsSettings: &adminmodels.ResetCredentialsSettings{DoNotAllowUsersToSelfResetCredentials: true},
	}
}

func TestAPoolKeepsItsSettings(t *testing.T) {
	t.Parallel()
	c := open(t)
	made := must(c.admin.Pools.CreatePool(adminpools.NewCreatePoolParams().WithPool(settings()), nil))(t)
	got := must(c.admin.Pools.GetPool(adminpools.NewGetPoolParams().WithIPID(made.Payload.ID), nil))(t)
	if asText(t, got.Payload) != asText(t, made.Payload) || got.Etag != made.Etag || got.Etag == "" {
		t.Errorf("created %s %s, got %s %s", made.Etag, asText(t, made.Payload), got.Etag,
			asText(t, got.Payload))
	}
	p := got.Payload
	if p.TenantID != c.ID || p.PayloadSchemaID != "user_v0" || p.MetadataSchemaID != "metadata_v0" {
		t.Errorf("tenant %s, schemas %s and %s", p.TenantID, p.PayloadSchemaID, p.MetadataSchemaID)
	}
	if p.OtpSettings.Activation.Length != 8 ||
		p.OtpSettings.Activation.TTL != strfmt.Duration(time.Hour) {
		t.Errorf("activation codes: %+v", p.OtpSettings.Activation)
	}
	if p.OtpSettings.ResetPassword.Length != 6 ||
		p.OtpSettings.Challenge.TTL != strfmt.Duration(5*time.Minute) {
		t.Errorf("settings that were not given have no value: %+v %+v", p.OtpSettings.ResetPassword,
			p.OtpSettings.Challenge)
	}
	want := settings()
	want.OtpSettings, want.PasswordSettings.HashingMethod = p.OtpSettings,
		p.PasswordSettings.HashingMethod
	want.ID, want.TenantID, want.PayloadSchemaID, want.MetadataSchemaID = p.ID, p.TenantID,
		p.PayloadSchemaID, p.MetadataSchemaID
	if kept := asText(t, again(t, p)); kept != asText(t, want) {
		t.Errorf("kept  %s\nasked %s", kept, asText(t, want))
	}
}

// again converts the answer of a GET into the body of a PUT, for which the client has different
// types.
func again(t *testing.T, answered *adminmodels.PoolResponse) *adminmodels.Pool {
	t.Helper()
	var p adminmodels.Pool
	if err := json.Unmarshal([]byte(asText(t, answered)), &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestWhatGetAnswersCanBePutBack(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, asked := range []*adminmodels.Pool{settings(), {Name: "Bare"}} {
		made := must(c.admin.Pools.CreatePool(adminpools.NewCreatePoolParams().WithPool(asked),
			nil))(t).Payload
		got := must(c.admin.Pools.GetPool(adminpools.NewGetPoolParams().WithIPID(made.ID), nil))(t)
		update := adminpools.NewUpdatePoolParams().WithIPID(made.ID).WithPool(again(t,
			got.Payload)).WithIfMatch(&got.Etag)
		put := must(c.admin.Pools.UpdatePool(update, nil))(t)
		if asText(t, put.Payload) != asText(t, got.Payload) {
			t.Errorf("put  %s\nback %s", asText(t, got.Payload), asText(t, put.Payload))
		}
		if put.Etag == got.Etag || !strings.HasPrefix(put.Etag, `"`) {
			t.Errorf("ETag %s before, %s after", got.Etag, put.Etag)
		}
		_, err := c.admin.Pools.UpdatePool(update, nil) // the tag is that of the previous version
		plain(t, err, 412)
	}
}

// The client omits values that are false, empty or zero.
func TestAPoolIsClosedByLeavingItOut(t *testing.T) {
	t.Parallel()
	c := open(t)
	made := must(c.admin.Pools.CreatePool(adminpools.NewCreatePoolParams().WithPool(settings()),
		nil))(t).Payload
	change := &adminmodels.Pool{Name: made.Name}
	put := must(c.admin.Pools.UpdatePool(adminpools.NewUpdatePoolParams().WithIPID(made.ID).WithPool(change), nil))(t).Payload
	if put.PublicRegistrationAllowed || put.Description != "" {
		t.Errorf("what was left out is not off: %s", asText(t, put))
	}
	if !put.IdentifierCaseInsensitive || put.OtpSettings.Activation.Length != 8 ||
		put.PasswordPolicy.MinLength != 12 {
		t.Errorf("settings that were left out have changed: %s", asText(t, put))
	}
}

func TestPoolsAreListedPageByPage(t *testing.T) {
	t.Parallel()
	c := open(t)
	var want []string
	for range 5 {
		want = append(want, c.newPool(t))
	}
	slices.Sort(want)
	var got []string
	params := adminpools.NewListPoolsParams().WithLimit(ptr(int64(2)))
	for {
		page := must(c.admin.Pools.ListPools(params, nil))(t).Payload.Pools
		for _, p := range page {
			got = append(got, p.ID)
		}
		if len(page) < 2 {
			break
		}
		params = params.WithAfterPoolID(&page[1].ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	before := adminpools.NewListPoolsParams().WithBeforePoolID(&want[3]).WithLimit(ptr(int64(1))).WithSort(ptr("id")).WithOrder(ptr("acs"))
	if page := must(c.admin.Pools.ListPools(before, nil))(t).Payload.Pools; len(page) != 1 ||
		page[0].ID != want[2] {
		t.Errorf("before %s: %s", want[3], asText(t, page))
	}
	found := adminpools.NewListPoolsParams().WithSearchPhrase(&want[4])
	if page := must(c.admin.Pools.ListPools(found, nil))(t).Payload.Pools; len(page) != 1 ||
		page[0].ID != want[4] {
		t.Errorf("searched for %s: %s", want[4], asText(t, page))
	}
}

func TestErrorsOfPools(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	create := func(p *adminmodels.Pool) error {
		_, err := c.admin.Pools.CreatePool(adminpools.NewCreatePoolParams().WithPool(p), nil)
		return err
	}
	typed[*adminpools.CreatePoolConflict](t, create(&adminmodels.Pool{Name: "Twin", ID: pool}))
	typed[*adminpools.CreatePoolUnprocessableEntity](t,
		create(&adminmodels.Pool{Name: "Foreign", TenantID: "somebody-else"}))
	typed[*adminpools.CreatePoolUnprocessableEntity](t,
		create(&adminmodels.Pool{Name: "Odd", PayloadSchemaID: "none"}))
	for _, id := range []string{"none", "a/b", "a b"} { // the client escapes path parameters
		_, err := c.admin.Pools.GetPool(adminpools.NewGetPoolParams().WithIPID(id), nil)
		failure := typed[*adminpools.GetPoolNotFound](t, err)
		if failure.Payload.ErrorCode != "not_found" || failure.Payload.Error == "" {
			t.Errorf("pool %q: %+v", id, failure.Payload)
		}
	}
	must(c.admin.Pools.DeletePool(adminpools.NewDeletePoolParams().WithIPID(pool).WithWithIdp(ptr(true)), nil))(t)
	_, err := c.admin.Pools.DeletePool(adminpools.NewDeletePoolParams().WithIPID(pool), nil)
	typed[*adminpools.DeletePoolNotFound](t, err)
}

func TestPoolsInTheSystemTree(t *testing.T) {
	t.Parallel()
	c := open(t)
	const id = "chosen.by~us"
	made := must(c.system.Pools.SystemCreatePool(systempools.NewSystemCreatePoolParams().WithPool(&systemmodels.Pool{ID: id, Name: "Partners"}), nil))(t)
	got := must(c.system.Pools.SystemGetPool(systempools.NewSystemGetPoolParams().WithIPID(id), nil))(t)
	if got.Payload.ID != id || asText(t, got.Payload) != asText(t, made.Payload) {
		t.Errorf("made %s, got %s", asText(t, made.Payload), asText(t, got.Payload))
	}
	change := &systemmodels.Pool{Name: "Renamed", PublicRegistrationAllowed: true}
	put := must(c.system.Pools.SystemUpdatePool(systempools.NewSystemUpdatePoolParams().WithIPID(id).WithPool(change), nil))(t)
	if put.Payload.Name != "Renamed" || !put.Payload.PublicRegistrationAllowed {
		t.Errorf("put %s", asText(t, put.Payload))
	}
	list := must(c.system.Pools.SystemListPools(systempools.NewSystemListPoolsParams(),
		nil))(t).Payload.Pools
	if len(list) != 1 || list[0].Name != "Renamed" {
		t.Errorf("listed %s", asText(t, list))
	}
	must(c.system.Pools.SystemDeletePool(systempools.NewSystemDeletePoolParams().WithIPID(id), nil))(t)
	_, err := c.system.Pools.SystemGetPool(systempools.NewSystemGetPoolParams().WithIPID(id), nil)
	typed[*systempools.SystemGetPoolNotFound](t, err)
}
