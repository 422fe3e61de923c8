package contract_test

import (
	"strings"
	"testing"

	admin "github.com/cloudentity/acp-client-go/clients/admin/client"
	"github.com/cloudentity/acp-client-go/clients/admin/client/clients"
	"github.com/cloudentity/acp-client-go/clients/admin/client/idps"
	"github.com/cloudentity/acp-client-go/clients/admin/client/servers"
	"github.com/cloudentity/acp-client-go/clients/admin/models"
	"github.com/go-openapi/strfmt"
)

// administrator returns the client of the API in which workspaces are administered.
func (c *caller) administrator(t *testing.T) *admin.Acp {
	t.Helper()
	return build(t, c.product, c.ID, "admin", c.Admin.ID, c.Admin.Secret, c.wire).Admin.Acp
}

func TestAWorkspaceAsTheClientSeesIt(t *testing.T) {
	t.Parallel()
	c := open(t)
	api := c.administrator(t).Servers
	create := servers.NewCreateAuthorizationServerParams().WithServer(&models.Server{
		ID: "shop", Name: "Shop", Description: "For customers", Color: "#007FFF", EnforcePkce: true,
		AccessTokenTTL: strfmt.Duration(600e9), KeyType: "rsa", GrantTypes: []string{"authorization_code"},
		Sso: &models.SSOConfiguration{Enabled: true, MaxAge: strfmt.Duration(3600e9)},
	})
	made := must(api.CreateAuthorizationServer(create, nil))(t).Payload
	if sent := c.wire.last(t, "/servers").body; !strings.Contains(sent, `"rotated_secrets":null`) ||
		!strings.Contains(sent, `"tenant_id":""`) || !strings.Contains(sent, `"logout_redirect_domains":null`) {
		t.Errorf("the client no longer sends empty members, so this shows nothing: %s", sent)
	}
	got := must(api.GetAuthorizationServer(servers.NewGetAuthorizationServerParams().WithWid("shop"), nil))(t)
	w := got.Payload
	if asText(t, w) != asText(t, made) || got.Etag == "" || w.TenantID != c.ID || w.Name != "Shop" ||
		w.AccessTokenTTL != strfmt.Duration(600e9) || !w.EnforcePkce || !w.Sso.Enabled ||
		w.IssuerURL != c.product.BaseURL+"/"+c.ID+"/shop" {
		t.Errorf("made %s, got %s %s", asText(t, made), got.Etag, asText(t, w))
	}
	_, err := api.CreateAuthorizationServer(create, nil)
	typed[*servers.CreateAuthorizationServerConflict](t, err)
	_, err = api.CreateAuthorizationServer(servers.NewCreateAuthorizationServerParams().WithServer(&models.Server{
		CustomIssuerURL: "https://id.example.com",
	}), nil)
	typed[*servers.CreateAuthorizationServerUnprocessableEntity](t, err)
	update := servers.NewUpdateAuthorizationServerParams().WithWid("shop").WithServer(&models.Server{
		ID: w.ID, TenantID: w.TenantID, Name: "Other", EnforcePkce: w.EnforcePkce, Sso: w.Sso,
	}).WithIfMatch(&got.Etag)
	if put := must(api.UpdateAuthorizationServer(update, nil))(t).Payload; put.Name != "Other" || put.AccessTokenTTL != strfmt.Duration(300e9) {
		t.Errorf("changed to %s", asText(t, put))
	}
	_, err = api.UpdateAuthorizationServer(update, nil)
	plain(t, err, 412)
	_, err = api.UpdateAuthorizationServer(update.WithWid("none").WithIfMatch(nil), nil)
	typed[*servers.UpdateAuthorizationServerNotFound](t, err)
	list := servers.NewListAuthorizationServersParams().WithSearchPhrase(ptr("oth")).WithLimit(ptr(int64(10))).WithSort(ptr("name"))
	if all := must(api.ListAuthorizationServers(list, nil))(t).Payload.Servers; len(all) != 1 || all[0].ID != "shop" {
		t.Errorf("listed %s", asText(t, all))
	}
	must(api.DeleteAuthorizationServer(servers.NewDeleteAuthorizationServerParams().WithWid("shop"), nil))(t)
	_, err = api.GetAuthorizationServer(servers.NewGetAuthorizationServerParams().WithWid("shop"), nil)
	typed[*servers.GetAuthorizationServerNotFound](t, err)
}

func TestAConnectionAsTheClientSeesIt(t *testing.T) {
	t.Parallel()
	c := open(t)
	api, pool := c.administrator(t), c.newPool(t)
	must(api.Servers.CreateAuthorizationServer(
		servers.NewCreateAuthorizationServerParams().WithServer(&models.Server{ID: "shop"}), nil))(t)
	create := idps.NewCreateIdentityPoolIDPParams().WithWid("shop").WithIdentityPoolIDP(&models.IdentityPoolIDP{
		ID: "partners", IdentityPoolID: pool, Name: "Partners", DisplayOrder: 1, StaticAmr: []string{"user"},
	})
	made := must(api.Idps.CreateIdentityPoolIDP(create, nil))(t).Payload
	get := idps.NewGetIdentityPoolIDPParams().WithWid("shop").WithIid("partners")
	got := must(api.Idps.GetIdentityPoolIDP(get, nil))(t)
	if n := got.Payload; asText(t, n) != asText(t, made) || n.IdentityPoolID != pool || n.WorkspaceID != "shop" || n.DisplayOrder != 1 {
		t.Errorf("made %s, got %s", asText(t, made), asText(t, n))
	}
	update := idps.NewUpdateIdentityPoolIDPParams().WithWid("shop").WithIid("partners")
	if put := must(api.Idps.UpdateIdentityPoolIDP(update.WithIdentityPoolIDP(got.Payload), nil))(t).Payload; asText(t, put) != asText(t, made) {
		t.Errorf("what was sent back changed\n%s to\n%s", asText(t, made), asText(t, put))
	}
	got.Payload.Jit = &models.JITSettings{Enabled: true}
	_, err := api.Idps.UpdateIdentityPoolIDP(update.WithIdentityPoolIDP(got.Payload), nil)
	typed[*idps.UpdateIdentityPoolIDPUnprocessableEntity](t, err)
	_, err = api.Idps.CreateIdentityPoolIDP(create, nil) // the client has no type for it
	plain(t, err, 409)
	_, err = api.Idps.CreateIdentityPoolIDP(create.WithWid("none"), nil)
	typed[*idps.CreateIdentityPoolIDPNotFound](t, err)
	of := must(api.Idps.ListIDPs(idps.NewListIDPsParams().WithWid("shop"), nil))(t).Payload.Idps
	at := must(api.Idps.ListIDPsForIdentityPool(idps.NewListIDPsForIdentityPoolParams().WithIPID(pool), nil))(t).Payload.Idps
	if len(of) != 1 || of[0].IdentityPoolID != pool || asText(t, of) != asText(t, at) {
		t.Errorf("of the workspace %s, of the pool %s", asText(t, of), asText(t, at))
	}
	must(api.Idps.DeleteIDP(idps.NewDeleteIDPParams().WithWid("shop").WithIid("partners"), nil))(t)
	_, err = api.Idps.GetIdentityPoolIDP(get, nil)
	typed[*idps.GetIdentityPoolIDPNotFound](t, err)
}

func TestAnApplicationAsTheClientSeesIt(t *testing.T) {
	t.Parallel()
	c := open(t)
	api := c.administrator(t)
	must(api.Servers.CreateAuthorizationServer(
		servers.NewCreateAuthorizationServerParams().WithServer(&models.Server{ID: "shop"}), nil))(t)
	asked := &models.CreateClientAdminRequest{
		ClientID: "web", AuthorizationServerID: "shop", ClientName: "Shop", ApplicationType: "web",
		RedirectUris: models.RedirectURIs{"https://app.example.com/callback"}, GrantTypes: []string{"authorization_code"},
		ResponseTypes: models.ResponseTypes{"code"}, TokenEndpointAuthMethod: "client_secret_basic", Scopes: []string{"orders"},
		SubjectType: "public", ClientStatus: "active",
	}
	create := clients.NewCreateClientParams().WithClient(asked)
	made := must(api.Clients.CreateClient(create, nil))(t).Payload
	if sent := c.wire.last(t, "/clients").body; !strings.Contains(sent, `"application_types":null`) {
		t.Errorf("the client no longer sends empty members, so this shows nothing: %s", sent)
	}
	if made.ClientSecret == "" || made.ClientID != "web" || made.TenantID != c.ID || made.HashedSecret != "" {
		t.Errorf("made %s", asText(t, made))
	}
	get := clients.NewGetClientParams().WithCid("web")
	got := must(api.Clients.GetClient(get, nil))(t)
	if a := got.Payload; a.ClientSecret != "" || a.ClientName != "Shop" || a.Scope != "orders" || a.ClientStatus != "active" ||
		asText(t, a.RedirectUris) != `["https://app.example.com/callback"]` || a.CreatedAt.String() != made.CreatedAt.String() {
		t.Errorf("got %s", asText(t, a))
	}
	changed := &models.UpdateClientAdminRequest{
		AuthorizationServerID: "shop", ClientName: "Other", RedirectUris: asked.RedirectUris, GrantTypes: asked.GrantTypes,
		TokenEndpointAuthMethod: "client_secret_post", ClientSecret: made.ClientSecret,
	}
	update := clients.NewUpdateClientParams().WithCid("web").WithClient(changed).WithIfMatch(&got.Etag)
	if put := must(api.Clients.UpdateClient(update, nil))(t).Payload; put.ClientName != "Other" || put.TokenEndpointAuthMethod != "client_secret_post" {
		t.Errorf("changed to %s", asText(t, put))
	}
	changed.DpopBoundAccessTokens = true
	_, err := api.Clients.UpdateClient(update.WithIfMatch(nil), nil)
	typed[*clients.UpdateClientUnprocessableEntity](t, err)
	_, err = api.Clients.CreateClient(create, nil)
	typed[*clients.CreateClientConflict](t, err)
	asked.RedirectUris = models.RedirectURIs{"http://app.example.com/callback"}
	_, err = api.Clients.CreateClient(create, nil)
	typed[*clients.CreateClientUnprocessableEntity](t, err)
	list := clients.NewListClientsParams().WithWid("shop").WithSearchPhrase(ptr("oth"))
	if all := must(api.Clients.ListClients(list, nil))(t).Payload.Clients; len(all) != 1 || all[0].ClientID != "web" {
		t.Errorf("listed %s", asText(t, all))
	}
	rotated := must(api.Clients.RotateClientSecret(clients.NewRotateClientSecretParams().WithCid("web"), nil))(t).Payload
	if rotated.Secret == "" || rotated.Secret == made.ClientSecret {
		t.Errorf("rotated to %s", asText(t, rotated))
	}
	must(api.Clients.RevokeRotatedClientSecrets(clients.NewRevokeRotatedClientSecretsParams().WithCid("web"), nil))(t)
	must(api.Clients.DeleteClient(clients.NewDeleteClientParams().WithCid("web"), nil))(t)
	_, err = api.Clients.GetClient(get, nil)
	typed[*clients.GetClientNotFound](t, err)
}
