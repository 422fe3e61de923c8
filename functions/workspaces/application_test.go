package workspaces_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
)

// secret is a secret that an administrator chooses.
const secret = "a-secret-of-at-least-32-characters"

func TestAnApplicationHasDefaults(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	workspace := newWorkspace(t, tenant, fields{"id": "shop"})
	made := tenant.Workspaces.Must(t, 201, "POST", "/clients", fields{
		"client_id": "web", "authorization_server_id": "shop", "redirect_uris": []string{"https://app.example.com/cb"},
	})
	all := made.Fields(t)
	for name, want := range map[string]any{
		"client_id": "web", "client_name": "web", "authorization_server_id": "shop", "tenant_id": tenant.ID,
		"client_status": "active", "client_type": "oauth2", "subject_type": "public", "application_type": "web",
		"grant_types": "[authorization_code refresh_token]", "response_types": "[code]",
		"redirect_uris": "[https://app.example.com/cb]", "post_logout_redirect_uris": "[]", "scopes": "[]", "scope": "",
		"audience": "[]", "identity_pool_ids": "[]", "allowed_origins": "[]", "trusted": false, "without_pkce": false,
		"token_endpoint_auth_method": "client_secret_basic", "id_token_signed_response_alg": "RS256",
		"access_token_signed_response_alg": "ES256", "require_pushed_authorization_requests": false,
	} {
		if fmt.Sprint(all[name]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, all[name], want)
		}
	}
	if shown, _ := all["client_secret"].(string); len(shown) != 43 {
		t.Errorf("the secret is %q", shown)
	}
	got := tenant.Workspaces.Must(t, 200, "GET", "/clients/web", nil)
	list := tenant.Workspaces.Must(t, 200, "GET", workspace+"/clients", nil)
	for _, r := range []systemtest.Response{got, list} {
		if body := string(r.Body); strings.Contains(body, "secret\"") || strings.Contains(body, "secrets") || strings.Contains(body, "null") {
			t.Errorf("answered %s", body)
		}
	}
	delete(all, "client_secret")
	if fmt.Sprint(got.Fields(t)) != fmt.Sprint(all) {
		t.Errorf("made %v, got %v", all, got.Fields(t))
	}
	public := tenant.Workspaces.Must(t, 201, "POST", "/clients", fields{
		"authorization_server_id": "shop", "token_endpoint_auth_method": "none",
	})
	if _, has := public.Fields(t)["client_secret"]; has {
		t.Errorf("a public client has a secret: %s", public.Body)
	}
}

// A change replaces the settings. What generated clients do not know stays as it is.
func TestAChangeOfAnApplication(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	admin, workspace := tenant.Workspaces, newWorkspace(t, tenant, nil)
	pool := tenant.NewPool(t, nil)
	link := connect(t, tenant, workspace, pool)
	path := newApplication(t, tenant, workspace, fields{
		"client_name": "Shop", "description": "Sells", "application_type": "native", "client_status": "inactive",
		"redirect_uris": []string{
			"com.example.shop:/cb", "http://127.0.0.1/cb", "http://[::1]:9000/cb", "http://localhost:3000/cb?a=b",
		},
		"post_logout_redirect_uris": []string{"https://shop.example.com/bye"},
		"grant_types":               []string{"authorization_code", "client_credentials"}, "client_secret": secret,
		"token_endpoint_auth_method": "client_secret_post", "id_token_signed_response_alg": "ES256",
		"access_token_signed_response_alg": "RS256", "scopes": []string{"read", "write"}, "audience": []string{"https://api.example.com"},
		"require_pushed_authorization_requests": true, "without_pkce": true, "identity_pool_ids": []string{pool},
		"allowed_origins": []string{"https://shop.example.com", "http://localhost:3000"}, "app_url": "https://shop.example.com/",
		"client_uri": "https://example.com/a", "logo_uri": "https://example.com/l.png", "policy_uri": "https://example.com/p",
		"tos_uri": "https://example.com/t", "trusted": true,
	})
	before := admin.Must(t, 200, "GET", path, nil)
	if after := admin.Must(t, 200, "PUT", path, before.Body, "If-Match", before.Header.Get("ETag")); !same(t, before, after) {
		t.Errorf("what was sent back changed\n%s to\n%s", before.Body, after.Body)
	}
	admin.Must(t, 412, "PUT", path, before.Body, "If-Match", before.Header.Get("ETag"))
	admin.Must(t, 204, "DELETE", "/servers/"+idOf(workspace)+"/idps/"+link[strings.LastIndex(link, "/")+1:], nil)
	after := admin.Must(t, 200, "PUT", path, before.Body) // though its pool is not connected any more
	if !same(t, before, after) {
		t.Errorf("what was sent back later changed\n%s to\n%s", before.Body, after.Body)
	}
	all := admin.Must(t, 200, "PUT", path, fields{"scope": "read other", "jwks": nil, "application_types": nil}).Fields(t)
	for name, want := range map[string]any{
		"client_status": "active", "application_type": "web", "redirect_uris": "[]", "trusted": false,
		"grant_types": "[authorization_code refresh_token]", "token_endpoint_auth_method": "client_secret_basic",
		"scopes": "[read other]", "audience": "[]", "without_pkce": true, "identity_pool_ids": "[" + pool + "]",
		"allowed_origins": "[https://shop.example.com http://localhost:3000]", "access_token_signed_response_alg": "RS256",
	} {
		if fmt.Sprint(all[name]) != fmt.Sprint(want) {
			t.Errorf("after the change %s is %v, want %v", name, all[name], want)
		}
	}
	emptied := admin.Must(t, 200, "PUT", path, `{"identity_pool_ids":[],"allowed_origins":[],"without_pkce":false}`).Fields(t)
	if fmt.Sprint(emptied["identity_pool_ids"], emptied["allowed_origins"], emptied["without_pkce"]) != "[] [] false" {
		t.Errorf("emptied: %v", emptied)
	}
	systemtest.CheckRefusal(t, admin.Call(t, "PUT", path, fields{"identity_pool_ids": []string{pool}}),
		422, "invalid", "/identity_pool_ids/0")
	other := idOf(newWorkspace(t, tenant, nil))
	systemtest.CheckRefusal(t, admin.Call(t, "PUT", path, fields{"authorization_server_id": other}),
		422, "invalid", "/authorization_server_id")
	admin.Must(t, 204, "DELETE", path, nil)
	admin.Must(t, 404, "DELETE", path, nil)
	admin.Must(t, 404, "PUT", path, fields{})
}

func TestAnApplicationThatIsRefused(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	workspace := idOf(newWorkspace(t, tenant, nil))
	many := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	cases := map[string]string{
		`"client_id":"a b"`:   "/client_id",
		`"tenant_id":"other"`: "/tenant_id",
		`"client_name":"` + strings.Repeat("x", 129) + `"`:                         "/client_name",
		`"description":"` + strings.Repeat("x", 1025) + `"`:                        "/description",
		`"application_type":"service"`:                                             "/application_type",
		`"client_status":"gone"`:                                                   "/client_status",
		`"client_type":"saml"`:                                                     "/client_type",
		`"subject_type":"pairwise"`:                                                "/subject_type",
		`"response_types":["code","token"]`:                                        "/response_types/1",
		`"grant_types":["authorization_code","password"]`:                          "/grant_types/1",
		`"grant_types":["implicit"]`:                                               "/grant_types/0",
		`"token_endpoint_auth_method":"private_key_jwt"`:                           "/token_endpoint_auth_method",
		`"id_token_signed_response_alg":"PS256"`:                                   "/id_token_signed_response_alg",
		`"access_token_signed_response_alg":"none"`:                                "/access_token_signed_response_alg",
		`"client_secret":"too short"`:                                              "/client_secret",
		`"client_secret":"` + strings.Repeat("x", 256) + `"`:                       "/client_secret",
		`"client_secret":"with a space, which is thirty-two long"`:                 "/client_secret",
		`"scopes":["a b"]`:                                                         "/scopes/0",
		`"scopes":["a","a"]`:                                                       "/scopes/1",
		`"scopes":["` + strings.Repeat("x", 101) + `"]`:                            "/scopes/0",
		`"scopes":["é"]`:                                                           "/scopes/0",
		`"scope":"a \"b\""`:                                                        "/scopes/1",
		`"scopes":` + many(51, `"a"`):                                              "/scopes",
		`"audience":[""]`:                                                          "/audience/0",
		`"identity_pool_ids":["none"]`:                                             "/identity_pool_ids/0",
		`"identity_pool_ids":` + many(21, `"a"`):                                   "/identity_pool_ids",
		`"allowed_origins":["https://app.example.com/"]`:                           "/allowed_origins/0",
		`"allowed_origins":["https://App.example.com"]`:                            "/allowed_origins/0",
		`"allowed_origins":["https://app.example.com:443"]`:                        "/allowed_origins/0",
		`"allowed_origins":["http://app.example.com"]`:                             "/allowed_origins/0",
		`"allowed_origins":["null"]`:                                               "/allowed_origins/0",
		`"allowed_origins":["*"]`:                                                  "/allowed_origins/0",
		`"app_url":"ftp://example.com"`:                                            "/app_url",
		`"client_uri":"example.com"`:                                               "/client_uri",
		`"logo_uri":"data:image/png,x"`:                                            "/logo_uri",
		`"policy_uri":"javascript:alert(1)"`:                                       "/policy_uri",
		`"tos_uri":"http://example.com/"`:                                          "/tos_uri",
		`"redirect_uris":` + many(51, `"https://example.com"`):                     "/redirect_uris",
		`"redirect_uris":["https://a.example/","https://a.example/"]`:              "/redirect_uris/1",
		`"token_endpoint_auth_method":"none","grant_types":["client_credentials"]`: "/grant_types/0",
		`"token_endpoint_auth_method":"none","without_pkce":true`:                  "/without_pkce",
		`"token_endpoint_auth_method":"none","client_secret":"` + strings.Repeat("x", 32) + `"`: "/client_secret",
		`"unknown_setting":null`:                                 "/unknown_setting",
		`"secrets":["x"]`:                                        "/secrets",
		`"inactive":true`:                                        "/inactive",
		`"jwks":{"keys":[{"kty":"RSA"}]}`:                        "/jwks",
		`"jwks_uri":"https://app.example.com/jwks"`:              "/jwks_uri",
		`"tls_client_auth_subject_dn":"CN=a"`:                    "/tls_client_auth_subject_dn",
		`"dpop_bound_access_tokens":true`:                        "/dpop_bound_access_tokens",
		`"backchannel_logout_uri":"https://app.example.com/out"`: "/backchannel_logout_uri",
		`"id_token_encrypted_response_alg":"RSA-OAEP"`:           "/id_token_encrypted_response_alg",
		`"request_object_signing_alg":"RS256"`:                   "/request_object_signing_alg",
		`"sector_identifier_uri":"https://app.example.com/s"`:    "/sector_identifier_uri",
		`"token_exchange":{"actor_claims":["sub"]}`:              "/token_exchange",
		`"token_ttls":{"access_token_ttl":"1h0m0s"}`:             "/token_ttls",
		`"rotated_secrets":["x"]`:                                "/rotated_secrets",
		`"introspection_endpoint_auth_method":"tls_client_auth"`: "/introspection_endpoint_auth_method",
		`"client_secret_expires_at":1`:                           "/client_secret_expires_at",
	}
	uris := map[string]bool{
		"https://app.example.com/cb?x=1": true, "https://app.example.com": true, "https://[2001:db8::1]/cb": true,
		"http://localhost/cb": true, "http://127.0.0.1:1234/cb": true, "http://[::1]/": true,
		"/cb": false, "app.example.com/cb": false, "https:///cb": false, "https:cb": false, "https://": false,
		"https://app.example.com/#": false, "https://app.example.com/#a": false, "https://u:p@app.example.com/": false,
		"https://*.example.com/": false, "https://app.example.com/*": false, "http://app.example.com/": false,
		"http://127.0.0.1.example.com/": false, "http://localhost.example.com/": false, "javascript:alert(1)": false,
		"data:text/html,x": false, "com.example.app:/cb": false, "myapp://cb": false, "https://a;b/": false,
		"https://app.example.com/a b": false, "https://app.example.com\\\\@evil.example/": false, "": false,
		"https://bücher.example/": false, "https://app.example.com:x/": false, "https://app.example.com/\\u0000": false,
		"https://" + strings.Repeat("a", 1993): false, "https://" + strings.Repeat("a", 1992): true, "about:blank": false,
	}
	for uri, ok := range uris {
		for _, list := range []string{"redirect_uris", "post_logout_redirect_uris"} {
			if ok {
				tenant.Workspaces.Must(t, 201, "POST", "/clients",
					`{"authorization_server_id":"`+workspace+`","`+list+`":["`+uri+`"]}`)
			} else {
				cases[`"`+list+`":["`+uri+`"]`] = "/" + list + "/0"
			}
		}
	}
	for _, uri := range []string{"myapp:/cb", "javascript:alert(1)", "file:///etc/passwd", "http://app.example.com/"} {
		cases[`"application_type":"native","redirect_uris":["`+uri+`"]`] = "/redirect_uris/0"
	}
	for more, at := range cases {
		systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/clients",
			`{"authorization_server_id":"`+workspace+`",`+more+`}`), 422, "invalid", at)
	}
	for _, none := range []string{`{}`, `{"authorization_server_id":"none"}`, `{"authorization_server_id":"a/b"}`} {
		systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/clients", none), 422, "invalid", "/authorization_server_id")
	}
}

func TestOneOfManyCreatesAnApplication(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	workspace := newWorkspace(t, tenant, nil)
	counts := inParallel(func(int) systemtest.Response {
		return tenant.Workspaces.Call(t, "POST", "/clients",
			fields{"client_id": "one", "authorization_server_id": idOf(workspace)})
	})
	if counts[201] != 1 || counts[409] != 19 {
		t.Errorf("answered %v", counts)
	}
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/clients",
		fields{"client_id": "one", "authorization_server_id": idOf(workspace)}), 409, "conflict", "/client_id")
	// The id is taken in the whole tenant, and an application is no client of the API.
	other := newWorkspace(t, tenant, nil)
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/clients",
		fields{"client_id": "one", "authorization_server_id": idOf(other)}), 409, "conflict", "/client_id")
	tenant.Workspaces.Must(t, 404, "GET", "/clients/"+tenant.Admin.ID, nil)
	tenant.Workspaces.Must(t, 204, "DELETE", workspace, nil)
}

// Secrets are shown once, stay valid until they are revoked, and are at most three.
func TestSecretsAreRotated(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	admin, workspace := tenant.Workspaces, newWorkspace(t, tenant, nil)
	chosen := strings.Repeat("s", oidc.MinSecret)
	made := admin.Must(t, 201, "POST", "/clients", fields{"authorization_server_id": idOf(workspace), "client_secret": chosen})
	if got := made.Text(t, "client_secret"); got != chosen {
		t.Errorf("the chosen secret is shown as %q", got)
	}
	id := made.Text(t, "client_id")
	path := "/clients/" + id
	secrets := []string{chosen}
	check := func(valid ...string) {
		t.Helper()
		a, err := product.Table.Applications.Get(t.Context(), tenant.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if a.HasSecret(s) != slices.Contains(valid, s) {
				t.Errorf("the secret %d is valid: %t", slices.Index(secrets, s), a.HasSecret(s))
			}
			for _, it := range product.Stored(t, "CLIENT#"+tenant.ID) {
				if strings.Contains(it["doc"], s) {
					t.Error("a secret is stored")
				}
			}
		}
	}
	rotate := func() {
		t.Helper()
		secrets = append(secrets, admin.Must(t, 200, "POST", path+"/rotateSecret", nil).Text(t, "secret"))
	}
	check(secrets...)
	rotate()
	rotate()
	check(secrets...)
	rotate()
	check(secrets[1:]...)
	// A change keeps the secrets, and takes none that is not one of them.
	admin.Must(t, 200, "PUT", path, fields{"client_secret": secrets[3]})
	systemtest.CheckRefusal(t, admin.Call(t, "PUT", path, fields{"client_secret": chosen}), 422, "invalid", "/client_secret")
	check(secrets[1:]...)
	admin.Must(t, 204, "POST", path+"/revokeRotatedSecrets", nil)
	check(secrets[3])
	admin.Must(t, 204, "POST", path+"/revokeRotatedSecrets", nil)
	check(secrets[3])
	systemtest.CheckRefusal(t, admin.Call(t, "POST", path+"/rotateSecret?auto_revoke_after=1h", nil), 422, "invalid", "auto_revoke_after")
	systemtest.CheckRefusal(t, admin.Call(t, "POST", path+"/rotateSecret", nil, "If-Match", `"1"`), 412, "precondition_failed")

	// A repeat under a key is answered with the same secret, and makes no other.
	key := []string{"Idempotency-Key", strings.Repeat("k", 40)}
	first := admin.Must(t, 200, "POST", path+"/rotateSecret", nil, key...)
	if again := admin.Must(t, 200, "POST", path+"/rotateSecret", nil, key...); string(again.Body) != string(first.Body) {
		t.Errorf("first %s, then %s", first.Body, again.Body)
	}
	secrets = append(secrets, first.Text(t, "secret"))
	check(secrets[3:]...)

	admin.Must(t, 200, "PUT", path, fields{"token_endpoint_auth_method": "none"})
	check()
	systemtest.CheckRefusal(t, admin.Call(t, "POST", path+"/rotateSecret", nil), 403, "public_client")
	admin.Must(t, 200, "PUT", path, fields{})
	check()
	rotate()
	check(secrets[len(secrets)-1])
	if counts := inParallel(func(int) systemtest.Response {
		return admin.Call(t, "POST", path+"/rotateSecret?auto_revoke_after=0", nil)
	}); counts[200] != 20 {
		t.Errorf("rotations at once are answered %v", counts)
	}
}

func TestApplicationsAreListed(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	workspace, other := newWorkspace(t, tenant, nil), newWorkspace(t, tenant, nil)
	for id, name := range map[string]string{"a": "Shop", "b": "Desk", "c": "shopping", "d": "Desk", "e": "Shop"} {
		newApplication(t, tenant, workspace, fields{"client_id": id, "client_name": name})
	}
	newApplication(t, tenant, other, fields{"client_id": "bb"})
	for query, want := range map[string]string{
		"": "a b c d e", "limit=2": "a b", "after_client_id=b": "c d e", "after_client_id=bb&limit=1": "c",
		"before_client_id=d": "a b c", "before_client_id=d&limit=2": "b c", "order=desc": "e d c b a",
		"order=desc&limit=2": "e d", "order=desc&after_client_id=c": "b a", "order=desc&before_client_id=b": "e d c",
		"order=desc&before_client_id=b&limit=1": "c", "after_client_id=a&before_client_id=d": "b c",
		"order=desc&after_client_id=e&before_client_id=b": "d c", "search_phrase=SHOP": "a c e",
		"search_phrase=shop&limit=2": "a c", "search_phrase=b": "b", "search_phrase=none": "",
		"search_phrase=shop&before_client_id=e&limit=1": "c", "sort=client_id&type=internal&client_types=oauth2": "a b c d e",
		"after_client_id=e": "", "before_client_id=a": "", "after_client_id=d&before_client_id=a": "",
	} {
		if got := ids(t, tenant.Workspaces.Must(t, 200, "GET", workspace+"/clients?"+query, nil), "clients", "client_id"); got != want {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	for query, at := range map[string]string{
		"sort=name": "sort", "type=third_party": "type", "client_types=saml": "client_types",
		"application_types=legacy": "application_types", "limit=101": "limit",
	} {
		systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "GET", workspace+"/clients?"+query, nil), 422, "invalid", at)
	}
	tenant.Workspaces.Must(t, 404, "GET", "/servers/none/clients", nil)
}
