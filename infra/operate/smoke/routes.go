package main

// The steps call every route. Together they make the functions use every permission that a caller
// can make them use.

// clientSteps get tokens and read what token servers publish.
func clientSteps() []step {
	const moved = "The deployment knows another address as its own: deploy with the setting domain of this address, " +
		"or check the address that the output Url has."
	const credentials = "Was the client made for this deployment (TABLE_NAME), or revoked since?"
	var steps []step
	for _, tree := range []string{"admin", "system"} {
		steps = append(steps, []step{
			{
				route: "client." + tree + "Token", status: 200, vital: true, look: credentials,
				form: map[string]string{
					"grant_type": "client_credentials", "client_id": "{" + tree + "_id}", "client_secret": "{" + tree + "_secret}",
				},
				keep: map[string]string{tree + "_token": "access_token"},
			},
			{
				route: "client." + tree + "Discovery", status: 200, look: moved,
				has: `"issuer":"{base}/{tenant}/` + tree + `"`,
			},
			{
				route: "client." + tree + "Metadata", status: 200, look: moved,
				has: `"token_endpoint":"{base}/{tenant}/` + tree + `/oauth2/token"`,
			},
			{route: "client." + tree + "Keys", status: 200, has: `"use":"sig"`},
		}...)
	}
	return steps
}

// makingSteps make the schemas, the pools and the users that the other steps use.
func makingSteps() []step {
	const schema = `{"id":"{schema}","name":"Smoke test","schema":{"type":"object"}}`
	return []step{
		{route: "admin.createSchema", body: schema, status: 201, vital: true},
		{
			route: "system.createSchema", status: 201,
			body: `{"id":"{other_schema}","name":"Smoke test","schema":{"type":"object"}}`,
		},
		{
			route: "admin.createPool", status: 201, vital: true,
			body: `{"id":"{pool}","name":"Smoke test","public_registration_allowed":true,` +
				`"authentication_mechanisms":["password","otp"],"payload_schema_id":"{schema}"}`,
		},
		{
			route: "system.createPool", status: 201,
			body: `{"id":"{other_pool}","name":"Smoke test","payload_schema_id":"{other_schema}"}`,
		},
		{
			route: "admin.createUser", status: 201, vital: true,
			body: `{"id":"ann","status":"new","identifiers":[{"identifier":"{mailbox}-ann{at}","type":"email"}]}`,
		},
		{
			route: "system.createUser", status: 201, vital: true,
			body: `{"id":"ben","status":"active","identifiers":[{"identifier":"{mailbox}-ben{at}","type":"email"}],` +
				`"verifiable_addresses":[{"address":"{mailbox}-ben{at}","type":"email","verified":true},` +
				`{"address":"{mailbox}-bess{at}","type":"email"},{"address":"{mailbox}-bob{at}","type":"email"}],` +
				`"credentials":[{"type":"password","password":"{password}"}]}`,
		},
	}
}

// routeSteps call the routes that make nothing that other checks need.
func routeSteps() []step {
	var steps []step
	for _, more := range [][]step{
		directorySteps(), userSteps(), passwordSteps(), resetSteps(), codeSteps(), addressSteps(), factorSteps(),
		activationSteps(), registrationSteps(), mailboxSteps(), pageSteps(), recoverySteps(), workspaceSteps(),
		signInSteps(),
	} {
		steps = append(steps, more...)
	}
	return steps
}

// directorySteps are about schemas, pools and the texts of mails.
func directorySteps() []step {
	const pool = `{"name":"Smoke test","description":"Delete it","public_registration_allowed":true,` +
		`"authentication_mechanisms":["password","otp"],"payload_schema_id":"{schema}"}`
	const text = `{"subject":"Der Code","body":"Guten Tag,\n\nhier ist der Code:\n\n{code}\n\nEr gilt {duration}."}`
	var steps []step
	for _, tree := range []string{"admin", "system"} {
		steps = append(steps, []step{
			{route: tree + ".listSchemas", status: 200, has: `"{schema}"`},
			{route: tree + ".getSchema", status: 200, has: `"{schema}"`},
			{
				route: tree + ".updateSchema", status: 200,
				body: `{"id":"{schema}","name":"Smoke test of ` + tree + `","schema":{"type":"object"}}`,
			},
			{route: tree + ".listPools", query: "search_phrase=smoke&limit=100", status: 200, has: `"pools"`},
			{route: tree + ".getPool", status: 200, has: `"{pool}"`},
			{route: tree + ".updatePool", body: pool, status: 200, has: `"Delete it"`},
		}...)
	}
	return append(steps, []step{
		{route: "admin.patchSchema", body: `{"description":"Delete it"}`, status: 200, has: `"Smoke test of system"`},
		{route: "admin.patchPool", body: `{"badge_color":"#2e7d32"}`, status: 200, has: `"Delete it"`},
		{route: "admin.checkPoolPermissions", status: 200, has: `"manage_identity_pool_users":true`},
		{route: "admin.updateMailText", body: text, status: 200, has: `"own":true`},
		{route: "admin.getMailText", status: 200, has: `"own":true`},
		{route: "admin.listMailTexts", query: "lang=de", status: 200, has: `"own":true`},
		{route: "admin.previewMail", body: text, status: 200, has: `"Der Code"`},
		{route: "admin.deleteMailText", status: 204},
	}...)
}

// userSteps are about users.
func userSteps() []step {
	var steps []step
	for _, tree := range []string{"admin", "system"} {
		steps = append(steps, []step{
			{route: tree + ".listUsers", query: "limit=10", status: 200, has: `"ann"`},
			{route: tree + ".getUser", user: "ben", status: 200, has: `"ben"`},
			{
				route: tree + ".updateUser", user: "ben", status: 200, has: `"` + tree + `"`,
				body: `{"payload":{"name":"` + tree + `"}}`,
			},
			{
				route: tree + ".patchUser", user: "ben", status: 200, has: `"` + tree + `"`,
				body: `{"payload":{"given_name":"Ben"}}`,
			},
			// He is told by mail that the address was added, and that it was removed.
			{
				route: tree + ".addUserVerifiableAddress", user: "ben", status: 200, has: `"verified":true`,
				body: `{"address":"+15550100","type":"mobile","verified":true}`,
			},
			{
				route: tree + ".updateUserVerifiableAddress", user: "ben", status: 200, has: `"inactive"`,
				body: `{"address":"+15550100","status":"inactive","verified":true}`,
			},
			{
				route: tree + ".deleteUserVerifiableAddress", user: "ben", status: 204,
				body: `{"address":"+15550100"}`,
			},
			{
				route: tree + ".addUserIdentifier", user: "ben", status: 200, has: `"ben-{run}"`,
				body: `{"identifier":"ben-{run}","type":"uid"}`,
			},
			{
				route: tree + ".deleteUserIdentifier", user: "ben", status: 204,
				body: `{"identifier":"ben-{run}"}`,
			},
		}...)
	}
	return append(steps, []step{
		{
			route: "admin.setUserMetadata", user: "ben", status: 200, has: `"role"`,
			body: `{"metadata":{"role":"buyer"}}`,
		},
		{route: "admin.getUserMetadata", user: "ben", status: 200, has: `"buyer"`},
		{route: "system.getUserByKey", body: `{"identifier":"{mailbox}-ben{at}"}`, status: 200, has: `"ben"`},
		{route: "admin.listSuppressions", user: "ben", status: 200, has: `[]`},
		{route: "admin.clearSuppressions", user: "ben", status: 204},
	}...)
}

// passwordSteps verify passwords, wrong and right, and change them. The user has the usual password in the end.
func passwordSteps() []step {
	return []step{
		{
			route: "system.verifyPasswordV2", status: 200, has: `"password_incorrect"`,
			body: `{"identifier":"{mailbox}-ben{at}","password":"not the password"}`,
		},
		{
			route: "system.verifyPassword", status: 200, has: `"valid"`,
			body: `{"identifier":"{mailbox}-ben{at}","password":"{password}"}`,
		},
		{
			route: "system.changePassword", user: "ben", status: 204,
			body: `{"old_password":"{password}","new_password":"{password}-2"}`,
		},
		{
			route: "system.deprecatedChangePassword", user: "ben", status: 204,
			body: `{"old_password":"{password}-2","new_password":"{password}"}`,
		},
		{route: "admin.setPasswordState", user: "ben", status: 204, body: `{"state":"must_be_reset"}`},
		{route: "system.setPasswordState", user: "ben", status: 204, body: `{"state":"valid"}`},
	}
}

// codeOfBen makes a code of a type for the user ben, and keeps it in its short form and in that of links.
func codeOfBen(kind, address, short, extended string) step {
	return step{
		route: "system.generateCode", user: "ben", status: 201,
		body: `{"type":"` + kind + `","address":"{mailbox}-` + address + `{at}"}`,
		keep: map[string]string{short: "code", extended: "extended_code"},
	}
}

// resetSteps ask for mails to reset a password, and reset it with codes that a back end asks for.
func resetSteps() []step {
	return []step{
		{route: "admin.requestResetPassword", user: "ben", status: 204, body: `{"address":"{mailbox}-ben{at}"}`},
		{route: "system.requestResetPassword", status: 204, body: `{"address":"{mailbox}-eve{at}"}`}, // of nobody
		codeOfBen("reset_password", "ben", "ben_code", "ben_link"),
		{
			route: "system.completeResetPassword", status: 401,
			body: `{"code":"{ben_code}0","address":"{mailbox}-ben{at}","new_password":"{password}-3"}`,
		},
		{
			route: "system.completeResetPassword", status: 204,
			body: `{"code":"{ben_code}","address":"{mailbox}-ben{at}","new_password":"{password}-3"}`,
		},
		codeOfBen("reset_password", "ben", "ben_code", "ben_link"),
		{
			route: "system.confirmResetPassword", status: 204,
			body: `{"code":"{ben_link}","new_password":"{password}"}`,
		},
	}
}

// codeSteps ask for mails with codes for challenges, and redeem codes that a back end asks for.
func codeSteps() []step {
	return []step{
		{route: "admin.requestOTPChallenge", user: "ben", status: 204, body: `{"address":"{mailbox}-bob{at}"}`},
		{route: "system.requestOTPChallenge", status: 204, body: `{"address":"{mailbox}-eve{at}"}`}, // of nobody
		codeOfBen("challenge", "ben", "ben_code", "ben_link"),
		{route: "system.inspectOTP", status: 200, has: `"challenge"`, body: `{"code":"{ben_link}"}`},
		{route: "admin.verifyOTP", user: "ben", status: 200, has: `"ben"`, body: `{"code":"{ben_code}"}`},
		codeOfBen("challenge", "ben", "ben_code", "ben_link"),
		{route: "system.verifyOTP", status: 200, has: `"ben"`, body: `{"code":"{ben_link}"}`},
		codeOfBen("authentication", "ben", "ben_code", "ben_link"),
		{
			route: "system.verifyAuthenticationCode", status: 200, has: `"ben"`,
			body: `{"code":"{ben_code}","identifier":"{mailbox}-ben{at}"}`,
		},
	}
}

// addressSteps prove an address of a user. The user of somebody who registers it and never proves it gives way.
func addressSteps() []step {
	return []step{
		{route: "admin.requestAddressVerification", user: "ben", status: 204, body: `{"address":"{mailbox}-bess{at}"}`},
		{route: "system.requestAddressVerification", user: "ben", status: 204, body: `{"address":"{mailbox}-bob{at}"}`},
		codeOfBen("verify_address", "bess", "ben_code", "ben_link"),
		{route: "public.register", status: 201, body: `{"identifier":"{mailbox}-bess{at}","password":"{password}"}`},
		{
			route: "system.completeAddressVerification", user: "ben", status: 204,
			body: `{"address":"{mailbox}-bess{at}","code":"{ben_code}"}`,
		},
	}
}

// activationSteps invite users, who activate with codes that a back end asks for.
func activationSteps() []step {
	create := func(user string) step {
		return step{
			route: "admin.createUser", status: 201,
			body: `{"id":"` + user + `","status":"new",` +
				`"identifiers":[{"identifier":"{mailbox}-` + user + `{at}","type":"email"}]}`,
		}
	}
	return []step{
		{route: "admin.sendActivationMessage", user: "ann", query: "code_type_in_message=link", status: 204},
		{
			route: "system.generateCode", user: "ann", body: `{"type":"activation"}`, status: 201,
			keep: map[string]string{"ann_code": "code"},
		},
		{
			route: "system.activateSelfRegisteredUser", user: "ann", status: 422,
			body: `{"code":"{ann_code}0","password":"{password}"}`,
		},
		{
			route: "system.activateSelfRegisteredUser", user: "ann", status: 201, has: `"active"`,
			body: `{"code":"{ann_code}","password":"{password}"}`,
		},
		create("cat"),
		{route: "system.selfSendActivationMessage", user: "cat", query: "code_type_in_message=code", status: 204},
		{
			route: "system.generateCode", user: "cat", body: `{"type":"activation"}`, status: 201,
			keep: map[string]string{"cat_link": "extended_code"},
		},
		{
			route: "system.activateSelfRegisteredUserUsingExtendedCode", status: 201, has: `"active"`,
			body: `{"code":"{cat_link}","password":"{password}"}`,
		},
		create("dan"),
	}
}

// registrationSteps register users through the API.
func registrationSteps() []step {
	return []step{
		{route: "public.getPool", status: 200, has: `"{pool}"`},
		{
			route: "public.register", body: `{"identifier":"{mailbox}-eve{at}","password":"{password}"}`, status: 201,
			keep: map[string]string{"eve_ticket": "ticket"},
		},
		{route: "public.sendActivation", body: `{"ticket":"{eve_ticket}"}`, status: 202},
		{
			route: "system.generateCodeForUser", status: 201, keep: map[string]string{"eve_code": "code"},
			body: `{"type":"activation","identifier":"{mailbox}-eve{at}"}`,
		},
		{
			route: "public.activate", body: `{"ticket":"{eve_ticket}","code":"{eve_code}"}`,
			status: 201, has: `"active"`,
		},
		// Her address is taken, which she is told by mail.
		{route: "public.register", body: `{"identifier":"{mailbox}-eve{at}","password":"{password}"}`, status: 201},
		{
			route: "system.selfRegisterUser", status: 201, keep: map[string]string{"fay": "id"},
			body: `{"identifier":"fay-{run}","otp_address":"{mailbox}-fay{at}"}`,
		},
		{route: "system.generateActivationCode", user: "{fay}", status: 201}, // for the address of the registration
	}
}

// mailboxSteps register two people with one mailbox, on both trees. One of them proves it, and the
// other one's user gives way.
func mailboxSteps() []step {
	return []step{
		{route: "public.register", body: `{"identifier":"{mailbox}-gus{at}","password":"{password}"}`, status: 201},
		{
			route: "system.selfRegisterUser", status: 201, keep: map[string]string{"gus": "id"},
			body: `{"identifier":"gus-{run}","otp_address":"{mailbox}-gus{at}"}`,
		},
		{
			route: "system.generateCode", user: "{gus}", body: `{"type":"activation"}`, status: 201,
			keep: map[string]string{"gus_code": "code"},
		},
		{
			route: "system.activateSelfRegisteredUser", user: "{gus}", status: 201, has: `"active"`,
			body: `{"code":"{gus_code}","password":"{password}"}`,
		},
		{route: "public.register", body: `{"identifier":"{mailbox}-hal{at}","password":"{password}"}`, status: 201},
		{
			route: "public.register", status: 201, keep: map[string]string{"hal_ticket": "ticket"},
			body: `{"identifier":"hal-{run}","otp_address":"{mailbox}-hal{at}","password":"{password}"}`,
		},
		{
			route: "system.generateCodeForUser", status: 201, keep: map[string]string{"hal_code": "code"},
			body: `{"type":"activation","identifier":"hal-{run}"}`,
		},
		{
			route: "public.activate", body: `{"ticket":"{hal_ticket}","code":"{hal_code}"}`,
			status: 201, has: `"active"`,
		},
	}
}

// pageSteps use the pages as a browser does.
func pageSteps() []step {
	return []step{
		{route: "public.registrationPage", status: 200, has: "<form"},
		{
			route: "public.registerByPage", status: 303, keepCookie: "ida_cookie",
			form: map[string]string{"identifier": "{mailbox}-ida{at}", "password": "{password}"},
		},
		{
			route: "system.generateCodeForUser", status: 201, keep: map[string]string{"ida_code": "code"},
			body: `{"type":"activation","identifier":"{mailbox}-ida{at}"}`,
		},
		{route: "public.codePage", cookie: "ida_cookie", status: 200, has: "<form"},
		{
			route: "public.activateByCode", cookie: "ida_cookie", form: map[string]string{"code": "{ida_code}"},
			status: 303,
		},
		{
			route: "system.generateCode", user: "dan", body: `{"type":"activation"}`, status: 201,
			keep: map[string]string{"dan_link": "extended_code", "dan_code": "code"},
		},
		{route: "public.activationCodePage", status: 200, has: "<form"},
		{
			route: "public.activateByTypedCode", status: 200, has: `name="form"`, // it says what the code does
			form: map[string]string{"identifier": "{mailbox}-dan{at}", "code": "{dan_code}"},
		},
		{route: "public.activationPage", query: "code={dan_link}", status: 200, has: "<form"},
		{
			route: "public.activateByPage", status: 303,
			form: map[string]string{"code": "{dan_link}", "password": "{password}"},
		},
	}
}

// deletingSteps delete what the other steps made.
func deletingSteps() []step {
	return []step{
		{route: "admin.deleteUser", user: "ann", status: 204},
		{route: "system.deleteUser", user: "ben", status: 204},
		{route: "admin.deletePool", status: 204},
		{route: "system.deletePool", pool: "{other_pool}", status: 204},
		{route: "admin.deleteSchema", status: 204},
		{route: "system.deleteSchema", schema: "{other_schema}", status: 204},
	}
}
