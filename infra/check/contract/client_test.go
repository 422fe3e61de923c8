package contract_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	acpclient "github.com/cloudentity/acp-client-go"
	adminpools "github.com/cloudentity/acp-client-go/clients/identity/client/pools"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	systempools "github.com/cloudentity/acp-client-go/clients/identitysystem/client/pools"
	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
)

func TestTheClientFindsItsEndpoints(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, tree := range []string{"admin", "system"} {
		sent := &wire{}
		client := build(t, product, tenant.ID, tree, "nobody", "unused", sent)
		if found := sent.last(t, "/"+tenant.ID+"/"+tree+"/.well-known/openid-configuration"); found.status != http.StatusOK {
			t.Errorf("discovery of %s answered %d", tree, found.status)
		}
		if client.TenantID != tenant.ID || client.ServerID != tree {
			t.Errorf("the client of %s is for %s of %s", tree, client.ServerID, client.TenantID)
		}
	}
	if _, err := acpclient.New(config(t, product, tenant.ID, "nonsense", "nobody", "unused",
		&wire{})); err == nil {
		t.Error("there is a client for an issuer that does not exist")
	}
}

// RFC 6749 §2.3.1: id and secret are URL-encoded before they are encoded in base64, so that a
// secret may contain any characters.
func TestTheClientGetsATokenWithoutAskingForAScope(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	const tenant, secret = "acme", "a secret/with+odd:characters%&="
	registered := access.Client{
		Tenant: tenant, ID: "back.end~1", Caller: access.System,
		Scopes: []string{"identity", "identity_self_registration"},
	}
	if err := product.EnsureClient(t.Context(), registered, secret); err != nil {
		t.Fatal(err)
	}
	sent := &wire{}
	client := build(t, product, tenant, "system", registered.ID, secret, sent)
	list := systempools.NewSystemListPoolsParams()
	must(client.IdentitySystem.Pools.SystemListPools(list, nil))(t)
	must(client.IdentitySystem.Pools.SystemListPools(list, nil))(t)
	asked := sent.to("/oauth2/token")
	if len(asked) != 1 || asked[0].status != http.StatusOK {
		t.Fatalf("two calls took %d token requests: %+v", len(asked), asked)
	}
	if asked[0].body != "grant_type=client_credentials" ||
		!strings.HasPrefix(asked[0].header.Get("Authorization"), "Basic ") {
		t.Errorf("the token request was %q with %q", asked[0].body, asked[0].header.Get("Authorization"))
	}
	// The token has all scopes that the client may have. The next call needs the other scope, and
	// is about a user that does not exist.
	code := systemusers.NewGenerateCodeParams().WithIPID("p").WithUserID("u").WithCodeRequest(&systemmodels.RequestCode{Type: "activation"})
	_, err := client.IdentitySystem.Users.GenerateCode(code, nil)
	typed[*systemusers.GenerateCodeNotFound](t, err)
}

func TestTheClientOfOneTreeIsRefusedByTheOther(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	both := build(t, product, tenant.ID, "admin", tenant.Admin.ID, tenant.Admin.Secret, &wire{})
	_, err := both.IdentitySystem.Pools.SystemListPools(systempools.NewSystemListPoolsParams(), nil)
	refused := typed[*systempools.SystemListPoolsForbidden](t, err)
	if refused.Payload.ErrorCode != "forbidden" || refused.Payload.StatusCode != 403 {
		t.Errorf("refused with %+v", refused.Payload)
	}
	wrong := build(t, product, tenant.ID, "admin", tenant.Admin.ID, "wrong", &wire{})
	if _, err := wrong.Identity.Pools.ListPools(adminpools.NewListPoolsParams(), nil); err == nil ||
		!strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("a wrong secret comes to %v", err)
	}
}

// The client uses its token for as long as it was told to. If the product refuses the token
// earlier, the client gets a new one and repeats the call.
func TestTheClientOutlivesItsToken(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	c.product.Clock.Advance(2 * time.Hour)
	got := must(c.admin.Pools.GetPool(adminpools.NewGetPoolParams().WithIPID(pool),
		nil))(t).Payload.ID
	if got != pool {
		t.Errorf("got pool %s", got)
	}
	sent := c.wire.to("/pools/" + pool)
	if len(sent) != 2 || sent[0].status != http.StatusUnauthorized || sent[1].status != http.StatusOK {
		t.Errorf("the pool was asked for so: %+v", sent)
	}
}

// A status that an operation does not list is returned as a plain error, because the answer is
// application/json.
func TestErrorsThatTheClientHasNoTypeFor(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	stale := adminpools.NewUpdatePoolParams().WithIPID(pool).WithPool(&adminmodels.Pool{Name: "Other"}).WithIfMatch(ptr(`"1"`))
	_, err := c.admin.Pools.UpdatePool(stale, nil)
	plain(t, err, http.StatusPreconditionFailed)

	closed := must(c.admin.Pools.CreatePool(adminpools.NewCreatePoolParams().WithPool(&adminmodels.Pool{Name: "Closed"}), nil))(t).Payload.ID
	registration := systemusers.NewSelfRegisterUserParams().WithIPID(closed).WithNewUser(&systemmodels.SelfRegisterUser{Identifier: systemtest.Address("ann")})
	_, err = c.system.Users.SelfRegisterUser(registration, nil)
	plain(t, err, http.StatusForbidden)

	big := &adminmodels.Pool{Name: "Big", Metadata: map[string]any{"text": strings.Repeat("x", 129<<10)}}
	_, err = c.admin.Pools.CreatePool(adminpools.NewCreatePoolParams().WithPool(big), nil)
	plain(t, err, http.StatusRequestEntityTooLarge)
}
