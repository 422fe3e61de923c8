package main

// recoverySteps set new passwords and prove addresses, through the API and on the pages.
func recoverySteps() []step {
	codes := func(purpose, address, name string) step {
		return step{
			route: "system.generateCode", user: "kim", status: 201,
			body: `{"type":"` + purpose + `","address":"{mailbox}-` + address + `{at}"}`,
			keep: map[string]string{name + "_code": "code", name + "_link": "extended_code"},
		}
	}
	const wrong = `{"code":"{first_code}0","identifier":"{mailbox}-kim{at}","new_password":"{password}-1"}`
	return []step{
		{
			route: "admin.createUser", status: 201,
			body: `{"id":"kim","status":"active","identifiers":[{"identifier":"{mailbox}-kim{at}","type":"email"}],` +
				`"verifiable_addresses":[{"address":"{mailbox}-kim{at}","type":"email","verified":true},` +
				`{"address":"{mailbox}-kim-2{at}","type":"email"},{"address":"{mailbox}-kim-3{at}","type":"email"}],` +
				`"credentials":[{"type":"password","password":"{password}"}]}`,
		},
		{route: "public.requestReset", body: `{"address":"{mailbox}-ben{at}"}`, status: 204},
		codes("reset_password", "kim", "first"),
		{route: "public.resetPasswordConfirm", body: wrong, status: 401},
		{route: "public.confirmReset", body: wrong, status: 401},
		{
			route: "public.confirmReset", status: 204,
			body: `{"code":"{first_code}","identifier":"{mailbox}-kim{at}","new_password":"{password}-1"}`,
		},
		{route: "public.resetPage", status: 200, has: "<form"},
		{
			route: "public.resetByPage", status: 303, keepCookie: "kim_cookie",
			form: map[string]string{"address": "{mailbox}-kim{at}"},
		},
		codes("reset_password", "kim", "second"),
		{route: "public.resetCodePage", cookie: "kim_cookie", status: 200, has: "<form"},
		{
			route: "public.resetByCode", cookie: "kim_cookie", status: 303,
			form: map[string]string{"code": "{second_code}", "password": "{password}-2"},
		},
		// Somebody has registered the address without proving it, and gives way.
		{route: "public.register", body: `{"identifier":"{mailbox}-kim-2{at}","password":"{password}"}`, status: 201},
		codes("verify_address", "kim-2", "third"),
		{route: "public.confirmAddress", body: `{"code":"{third_link}","address":"{mailbox}-kim-2{at}"}`, status: 204},
		// The digest of an address is in the link of a mail alone, which the steps do not read.
		{route: "public.verificationPage", query: "code={third_link}&for=none", status: 200, has: "<main"},
		{
			route: "public.verifyByPage", status: 422,
			form: map[string]string{"code": "{third_link}", "for": "none"},
		},
	}
}
