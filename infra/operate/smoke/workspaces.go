package main

// workspaceSteps make a workspace with a connection and an application, call the endpoints of the
// workspace, and delete all of them.
func workspaceSteps() []step {
	const page = "https://app.example.com"
	const application = `"authorization_server_id":"{workspace}","redirect_uris":["` + page + `/callback"],` +
		`"identity_pool_ids":["{pool}"],"allowed_origins":["` + page + `"]`
	token := map[string]string{"token": "x"}
	return []step{
		{route: "admin.createAuthorizationServer", status: 201, body: `{"id":"{workspace}"}`, has: `"issuer_url"`},
		{route: "admin.getAuthorizationServer", status: 200, has: `"{workspace}"`},
		{
			route: "admin.updateAuthorizationServer", status: 200, has: `"Smoke test"`,
			body: `{"name":"Smoke test","access_token_ttl":"2m0s"}`,
		},
		{route: "admin.listAuthorizationServers", query: "search_phrase=smoke", status: 200, has: `"servers"`},
		{
			route: "admin.createIdentityPoolIDP", status: 201, has: `"identity_pool"`,
			body: `{"id":"pool","identity_pool_id":"{pool}"}`,
		},
		{route: "admin.getIdentityPoolIDP", status: 200, has: `"{pool}"`},
		{route: "admin.updateIdentityPoolIDP", status: 200, body: `{"name":"Smoke test"}`, has: `"Smoke test"`},
		{route: "admin.listIDPs", status: 200, has: `"{pool}"`},
		{route: "admin.listIDPsForIdentityPool", status: 200, has: `"idps"`},
		{
			route: "admin.createClient", status: 201, has: `"client_secret"`,
			body: `{"client_id":"{application}",` + application + `}`,
		},
		{route: "admin.getClient", status: 200, has: `"{application}"`},
		{
			route: "admin.updateClient", status: 200, has: `"Smoke test"`,
			body: `{"client_name":"Smoke test",` + application + `}`,
		},
		{route: "admin.listClients", status: 200, has: `"clients"`},
		{route: "client.discovery", status: 200, has: `"issuer":"{base}/{tenant}/{workspace}"`},
		{route: "client.metadata", status: 200, has: `"token_endpoint"`},
		{route: "client.keys", status: 200, has: `"use":"sig"`},
		{route: "client.token", form: map[string]string{"grant_type": "client_credentials"}, status: 401},
		{route: "client.revoke", form: token, status: 401},
		{route: "client.introspect", form: token, status: 401},
		{route: "client.userinfo", status: 401, origin: page},
		{route: "public.preflight", path: "{tenant}/{workspace}/userinfo", status: 204, origin: page},
		{route: "client.userinfoByPost", form: map[string]string{"access_token": "x"}, status: 401},
		{route: "admin.rotateClientSecret", status: 200, has: `"secret"`},
		{route: "admin.revokeRotatedClientSecrets", status: 204},
		{route: "admin.deleteClient", status: 204},
		{route: "admin.deleteIDP", status: 204},
		{route: "admin.deleteAuthorizationServer", status: 204},
	}
}
