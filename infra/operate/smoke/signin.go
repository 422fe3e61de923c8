package main

// signInSteps sign a person in to an application of a workspace, and out again.
func signInSteps() []step {
	const (
		callback  = "https://app.example.com/callback"
		challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 Appendix B
		asked     = "client_id={application}&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback" +
			"&code_challenge_method=S256&code_challenge=" + challenge
		request = "request={request}"
		both    = request + "&step={step}"
	)
	authorize := func(more map[string]string) map[string]string {
		form := map[string]string{
			"client_id": "{application}", "response_type": "code", "redirect_uri": callback, "scope": "openid",
			"code_challenge": challenge, "code_challenge_method": "S256",
		}
		for name, value := range more {
			form[name] = value
		}
		return form
	}
	sealed := map[string]string{"request": "request"}
	password := map[string]string{"do": "password", "identifier": "{mailbox}-lea{at}", "password": "{password}"}
	return []step{
		{route: "admin.createAuthorizationServer", status: 201, body: `{"id":"{workspace}"}`},
		{route: "admin.createIdentityPoolIDP", status: 201, body: `{"id":"pool","identity_pool_id":"{pool}"}`},
		{
			route: "admin.createClient", status: 201, keep: map[string]string{"application_secret": "client_secret"},
			body: `{"client_id":"{application}","authorization_server_id":"{workspace}","redirect_uris":["` + callback + `"],` +
				`"token_endpoint_auth_method":"client_secret_post"}`,
		},
		{
			route: "admin.createUser", status: 201,
			body: `{"id":"lea","status":"active","identifiers":[{"identifier":"{mailbox}-lea{at}","type":"email"}],` +
				`"credentials":[{"type":"password","password":"{password}"},` +
				`{"type":"totp","totp_secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}]}`,
		},
		{
			route: "client.pushAuthorizationRequest", status: 201, keep: map[string]string{"request_uri": "request_uri"},
			form: authorize(map[string]string{"client_secret": "{application_secret}"}),
		},
		{route: "public.authorize", query: "client_id={application}&request_uri={request_uri}", status: 303, keepQuery: sealed},
		{route: "public.signInPage", query: request, status: 200, has: "<form"},
		{route: "public.forgotPage", query: request, status: 200, has: "<form"},
		{route: "public.forgotByPage", query: request, status: 200, form: map[string]string{"address": "{mailbox}-lea{at}"}},
		{
			route: "public.signInByPage", query: request, status: 303, keepQuery: map[string]string{"step": "step"},
			form: map[string]string{"do": "code", "identifier": "{mailbox}-lea{at}"},
		},
		{route: "public.signInCodePage", query: both, status: 200, has: "<form"},
		{
			route: "system.generateCode", user: "lea", body: `{"type":"authentication"}`, status: 201,
			keep: map[string]string{"lea_code": "code"},
		},
		{
			route: "public.signInByCode", query: both, form: map[string]string{"code": "{lea_code}"}, status: 303,
			keepCookie: "session", keepQuery: map[string]string{"grant": "code"},
		},
		{
			route: "client.token", status: 200, keep: map[string]string{"lea_token": "access_token", "lea_id": "id_token"},
			form: map[string]string{
				"client_id": "{application}", "client_secret": "{application_secret}", "grant_type": "authorization_code",
				"code": "{grant}", "redirect_uri": callback, "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
			},
		},
		{route: "client.userinfoByPost", form: map[string]string{"access_token": "{lea_token}"}, status: 200, has: `"sub"`},
		{route: "public.logout", cookie: "session", status: 200, has: "<form"},
		{route: "public.logout", cookie: "session", query: "id_token_hint={lea_id}", status: 200, has: "<main"},
		{route: "public.logoutByForm", cookie: "session", form: map[string]string{"do": "signout"}, status: 200, has: "<main"},
		// The application asks for the code of an app besides the password.
		{route: "public.authorizeByForm", status: 303, form: authorize(nil)}, // which the browser sends again as a query
		{route: "public.authorize", query: asked + "&acr_values=aal2", status: 303, keepQuery: sealed},
		{
			route: "public.signInByPage", query: request, form: password, status: 303, keepCookie: "lea_browser",
			keepQuery: map[string]string{"step": "step"},
		},
		{route: "public.signInFactorPage", query: both, cookie: "lea_browser", status: 200, has: "<form"},
		{
			route: "public.signInByFactor", query: both, cookie: "lea_browser", status: 422,
			form: map[string]string{"code": "12345"},
		},
		{route: "admin.setPasswordState", user: "lea", status: 204, body: `{"state":"must_be_changed"}`},
		{route: "public.authorize", query: asked, status: 303, keepQuery: sealed},
		{
			route: "public.signInByPage", query: request, form: password, status: 303, keepCookie: "lea_browser",
			keepQuery: map[string]string{"step": "step"},
		},
		{route: "public.signInPasswordPage", query: both, cookie: "lea_browser", status: 200, has: "<form"},
		{
			route: "public.signInByNewPassword", query: both, cookie: "lea_browser", status: 303,
			form: map[string]string{"password": "{password}-2"},
		},
		{route: "admin.deleteClient", status: 204},
		{route: "admin.deleteAuthorizationServer", status: 204},
	}
}
