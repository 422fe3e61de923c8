package system_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/plan"
	"identitypools/infra/local/system"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/table"
)

// usedPermissions records which permissions the functions have used: the actions of each grant, and
// the kinds of keys.
type usedPermissions struct {
	mu   sync.Mutex
	seen map[string]bool
}

// watch records the permissions that a call uses.
func (u *usedPermissions) watch(c plan.Call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, s := range c.Steps {
		u.seen[fmt.Sprintf("%s %s index=%v", c.Function, s.Action, s.Index)] = true
		u.seen[fmt.Sprintf("%s %s", c.Function, table.KindOf(s.Partition))] = true
	}
}

// has reports whether a permission was used.
func (u *usedPermissions) has(format string, values ...any) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.seen[fmt.Sprintf(format, values...)]
}

// Every permission in the plan is used. That every call is allowed needs no test of its own,
// because the product refuses other calls in all tests.
func TestEveryPermissionIsNeeded(t *testing.T) {
	t.Parallel()
	u := &usedPermissions{seen: map[string]bool{}}
	product := systemtest.New(t, func(c *system.Config) { c.Watch = u.watch })
	useEveryPermission(t, product)
	for _, f := range plan.Functions() {
		if f.Mails && !u.has("%s ses:SendEmail index=false", f.Name) {
			t.Errorf("function %s has sent no mail", f.Name)
		}
		if f.Mails && !u.has("%s sqs:ChangeMessageVisibility index=false", f.Name) {
			t.Errorf("function %s has put off no entry of the queue", f.Name)
		}
		if f.Relays && !u.has("%s sqs:SendMessage index=false", f.Name) {
			t.Errorf("function %s has put no entry into the queue", f.Name)
		}
		if f.Clears && !u.has("%s ses:DeleteSuppressedDestination index=false", f.Name) {
			t.Errorf("function %s has taken no address off SES's list", f.Name)
		}
		for _, g := range f.Grants {
			for _, action := range g.Actions {
				if !u.has("%s %s index=%v", f.Name, action, g.Index) {
					t.Errorf("function %s may %s (index: %v), and never does", f.Name, action, g.Index)
				}
			}
			for _, kind := range g.Kinds {
				if !u.has("%s %s", f.Name, kind) {
					t.Errorf("function %s may work with %s, and never does", f.Name, kind)
				}
			}
		}
	}
}

// useEveryPermission makes each function use all its permissions.
func useEveryPermission(t *testing.T, product *systemtest.Product) {
	t.Helper()
	tenant := product.NewTenant(t)
	admin, back, public := tenant.Admin, tenant.System, tenant.Public
	schema := admin.Must(t, 201, "POST", "/schemas", fields{
		"name": "s", "schema": fields{"type": "object"},
	}).Text(t, "id")
	admin.Must(t, 200, "GET", "/schemas", nil)
	admin.Must(
		t, 200, "PUT", "/schemas/"+schema, fields{"name": "t", "schema": fields{"type": "object"}},
		"Idempotency-Key", idempotencyKey,
	)
	pool := tenant.NewPool(t, fields{"payload_schema_id": schema})
	path := "/pools/" + pool
	admin.Must(t, 200, "GET", "/pools", nil)
	admin.Must(
		t, 200, "PUT", path+"/mails/registration_code/en", faulttest.MailText("Partners"), "Idempotency-Key",
		idempotencyKey+"-5",
	)
	admin.Must(
		t, 204, "DELETE", path+"/mails/registration_code/en", nil, "Idempotency-Key",
		idempotencyKey+"-6",
	)
	admin.Must(
		t, 200, "PUT", path, fields{"name": "Partners", "public_registration_allowed": true},
		"Idempotency-Key", idempotencyKey+"-2",
	)

	// A user of an administrator is invited and activates. Another one is changed and deleted.
	ann := systemtest.Address("ann")
	invited := tenant.NewUser(t, pool, "new", ann, nil)
	admin.Must(
		t, 204, "POST", path+"/users/"+invited+"/activation/send?code_type_in_message=code", nil,
		"Idempotency-Key", idempotencyKey+"-3",
	)
	mail := product.Inbox.Await(t, ann, 1)[0]
	back.Must(t, 422, "POST", path+"/users/"+invited+"/activate", fields{
		"code": systemtest.WrongCode(systemtest.CodeIn(t, mail)),
	})
	back.Must(t, 201, "POST", path+"/users/"+invited+"/activate", fields{
		"code": systemtest.CodeIn(t, mail), "password": systemtest.Password,
	})
	back.Must(t, 200, "POST", path+"/users/by_key", fields{"identifier": ann})
	gone := tenant.NewUser(t, pool, "active", systemtest.Address("gone"), nil)
	admin.Must(
		t, 200, "PUT", path+"/users/"+gone, fields{"status": "inactive"}, "Idempotency-Key",
		idempotencyKey+"-4",
	)
	admin.Must(t, 200, "POST", path+"/users/"+gone+"/addresses/add", // of which the user is told
		fields{"address": "+15550100", "type": "mobile", "verified": true})
	admin.Must(t, 200, "GET", path+"/users", nil)
	admin.Must(t, 204, "DELETE", path+"/users/"+gone, nil)

	// Somebody signs up, loses the mail, and activates; a back end does the same for another.
	public.Must(t, 200, "GET", path, nil)
	bea, cy, dee := systemtest.Address("bea"), systemtest.Address("cy"), systemtest.Address("dee")
	ticket := register(t, tenant, pool, bea)
	register(t, tenant, pool, bea)
	code := systemtest.CodeIn(t, product.Inbox.Await(t, bea, 1)[0])
	public.Must(
		t, 202, "POST", path+"/activation/send", fields{"address": bea}, "Idempotency-Key",
		idempotencyKey,
	)
	public.Must(t, 201, "POST", path+"/activate", fields{"ticket": ticket, "code": code})
	waiting := back.Must(
		t, 201, "POST", path+"/user/register?send_activation_message=false",
		fields{"identifier": cy, "password": systemtest.Password},
	).Text(t, "id")
	back.Must(t, 201, "POST", path+"/user/code/generate", fields{
		"type": "activation", "identifier": cy,
	})
	made := back.Must(t, 201, "POST", path+"/users/"+waiting+"/code/generate", fields{
		"type": "activation",
	}, "Idempotency-Key", idempotencyKey+"-7")
	back.Must(t, 201, "POST", path+"/user/activate", fields{"code": made.Text(t, "extended_code")})
	register(t, tenant, pool, dee)
	link := back.Must(t, 201, "POST", path+"/user/code/generate", fields{
		"type": "activation", "identifier": dee,
	}).Text(t, "extended_code")
	public.Must(t, 201, "POST", path+"/activate", fields{"code": link, "password": systemtest.Password})
	named := back.Must(t, 201, "POST", path+"/user/register",
		fields{"identifier": "eve", "otp_address": systemtest.Address("eve")}).Text(t, "id")
	// The codes are for the address of the registration.
	back.Must(t, 201, "POST", path+"/users/"+named+"/code/generate", fields{"type": "activation"})
	back.Must(t, 201, "POST", path+"/users/"+named+"/activation/generate", nil)

	// Two people register one mailbox, and one of them proves it, so the other's user gives way. This
	// is done on the public tree and on the system tree.
	for _, way := range []string{"public", "system"} {
		name, box := "name-"+way, systemtest.Address("fay")
		register(t, tenant, pool, box)
		if way == "public" {
			ticket := public.Must(t, 201, "POST", path+"/register", fields{
				"identifier": name, "otp_address": box, "password": systemtest.Password,
			}).Text(t, "ticket")
			public.Must(t, 201, "POST", path+"/activate", fields{
				"ticket": ticket, "code": systemtest.CodeIn(t, product.Inbox.Await(t, box, 1)[0]),
			})
			continue
		}
		id := back.Must(t, 201, "POST", path+"/user/register", fields{
			"identifier": name, "otp_address": box,
		}).Text(t, "id")
		code := back.Must(t, 201, "POST", path+"/users/"+id+"/code/generate", fields{
			"type": "activation",
		}).Text(t, "code")
		back.Must(t, 201, "POST", path+"/users/"+id+"/activate", fields{
			"code": code, "password": systemtest.Password,
		})
	}

	// A user has codes of every kind that other functions redeem. One of them proves an address that
	// somebody has registered and not proved, whose user gives way.
	gil, own := systemtest.Address("gil"), systemtest.Address("own")
	owner := tenant.NewUser(t, pool, "active", gil, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
		"verifiable_addresses": []fields{
			{"address": gil, "type": "email", "verified": true}, {"address": own, "type": "email"},
		},
	})
	generate := func(kind, address string) systemtest.Response {
		return back.Must(t, 201, "POST", path+"/users/"+owner+"/code/generate", fields{"type": kind, "address": address})
	}
	register(t, tenant, pool, own)
	back.Must(t, 204, "POST", path+"/users/"+owner+"/address/verification/complete", fields{
		"address": own, "code": generate("verify_address", own).Text(t, "code"),
	})
	admin.Must(t, 204, "POST", path+"/users/"+owner+"/otp/request", fields{"address": gil})
	back.Must(t, 204, "POST", path+"/user/otp/request", fields{"address": gil})
	back.Must(t, 200, "POST", path+"/user/otp/verify", fields{
		"identifier": gil, "code": generate("challenge", gil).Text(t, "code"),
	}, "Idempotency-Key", idempotencyKey+"-8")
	product.Clock.Advance(2 * time.Minute)
	admin.Must(t, 204, "POST", path+"/users/"+owner+"/password/reset/request", fields{"address": gil})
	back.Must(t, 204, "POST", path+"/user/password/reset/request", fields{"address": gil})
	back.Must(t, 204, "POST", path+"/user/password/reset/complete", fields{
		"address": gil, "code": generate("reset_password", gil).Text(t, "code"), "new_password": "another long password",
	}, "Idempotency-Key", idempotencyKey+"-9")
	back.Must(t, 204, "POST", path+"/users/"+owner+"/change-password", fields{
		"old_password": "another long password", "new_password": "yet another long password",
	})

	// Passwords, wrong and right.
	back.Must(t, 401, "POST", path+"/user/password/verify", fields{
		"identifier": bea, "password": "not the password",
	})
	back.Must(t, 200, "POST", path+"/user/password/verify", fields{
		"identifier": bea, "password": systemtest.Password,
	})

	useWorkspaces(t, tenant, pool)
	useRecovery(t, tenant, pool)
	useFactors(t, tenant, pool)
	useTokens(t, product, tenant, pool)
	useSignIn(t, product, tenant)

	// A message waits for its time, which has come. An entry of the queue names no message.
	due := identity.Message{ID: "m-" + systemtest.Unique(), Tenant: tenant.ID, CreatedAt: identity.At(product.Clock.Now())}
	if err := product.Table.Outbox.Ask(t.Context(), due, once.Reply[once.None]{}); err != nil {
		t.Fatal(err)
	}
	if err := product.Table.Outbox.Postpone(t.Context(), due, product.Clock.Now(), 1); err != nil {
		t.Fatal(err)
	}
	batch := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: "{}"}}}
	if _, err := product.Courier.Handle(system.As(t.Context(), "courier"), batch); err != nil {
		t.Fatal(err)
	}

	// SES reports a bounce, and an administrator clears it. Then everything is deleted.
	if _, err := product.Keeper.Handle(
		system.As(t.Context(), "keeper"), systemtest.BounceEvent(t, bea),
	); err != nil {
		t.Fatal(err)
	}
	if _, err := product.Keeper.Handle(
		system.As(t.Context(), "keeper"), []byte(`{"source":"aws.events"}`),
	); err != nil {
		t.Fatal(err)
	}
	bounced := back.Must(t, 200, "POST", path+"/users/by_key", fields{"identifier": bea}).Text(t, "id")
	admin.Must(t, 200, "GET", path+"/users/"+bounced+"/suppressions", nil)
	admin.Must(t, 204, "DELETE", path+"/users/"+bounced+"/suppressions", nil)
	for range 60 { // more than the first step of a deletion deletes
		tenant.NewUser(t, pool, "active", systemtest.Address("user"), nil)
	}
	admin.Must(t, 204, "DELETE", path, nil)
	admin.Must(t, 204, "DELETE", "/schemas/"+schema, nil)
	for done := false; !done; {
		var err error
		if done, err = product.Keeper.Deletions.Purge(
			system.As(t.Context(), "keeper"), tenant.ID, pool,
		); err != nil {
			t.Fatal(err)
		}
	}
}

// useRecovery sets a new password with a code, after a wrong one and a bad password, and proves an address.
func useRecovery(t *testing.T, tenant *systemtest.Tenant, pool string) {
	t.Helper()
	path, kim, second := "/pools/"+pool, systemtest.Address("kim"), systemtest.Address("kim")
	id := tenant.NewUser(t, pool, "active", kim, fields{
		"verifiable_addresses": []fields{
			{"type": "email", "address": kim, "verified": true}, {"type": "email", "address": second},
		},
	})
	generate := func(purpose, address string) systemtest.Response {
		return tenant.System.Must(t, 201, "POST", path+"/users/"+id+"/code/generate", fields{
			"type": purpose, "address": address,
		})
	}
	tenant.Public.Must(t, 204, "POST", path+"/password/reset/request", fields{"address": kim})
	made := generate("reset_password", kim)
	for _, c := range []struct {
		code, password string
		status         int
	}{
		{systemtest.WrongCode(made.Text(t, "code")), systemtest.Password, 401},
		{made.Text(t, "code"), "short", 422},
		{made.Text(t, "code"), systemtest.Password, 204},
	} {
		tenant.Public.Must(t, c.status, "POST", path+"/password/reset/confirm", fields{
			"code": c.code, "identifier": kim, "new_password": c.password,
		}, "Idempotency-Key", idempotencyKey+"-kim-"+c.code)
	}
	register(t, tenant, pool, second) // by somebody who does not prove it, and gives way
	tenant.Public.Must(t, 204, "POST", path+"/address-verification/confirm", fields{
		"code": generate("verify_address", second).Text(t, "extended_code"), "address": second,
	})
}

// The product refuses a call that a function has no permission for, as IAM would.
func TestWhatIsNotAllowedIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		call    plan.Call
		allowed bool
	}{
		{
			"what the plan says",
			plan.Call{
				Function: "users",
				Steps:    []plan.Step{{Action: "dynamodb:GetItem", Partition: "USERS#t#p"}},
			},
			true,
		},
		{
			"another action",
			plan.Call{
				Function: "users",
				Steps:    []plan.Step{{Action: "dynamodb:Scan", Partition: "USERS#t#p"}},
			},
			false,
		},
		{
			"another kind of key",
			plan.Call{
				Function: "users",
				Steps:    []plan.Step{{Action: "dynamodb:GetItem", Partition: "CLIENT#t#c"}},
			},
			false,
		},
		{
			"a kind whose name begins like an allowed one",
			plan.Call{
				Function: "schemas",
				Steps:    []plan.Step{{Action: "dynamodb:GetItem", Partition: "SCHEMAS#t"}},
			},
			false,
		},
		{
			"the item of the public keys",
			plan.Call{
				Function: "users",
				Steps:    []plan.Step{{Action: "dynamodb:GetItem", Partition: "KEYS"}},
			},
			true,
		},
		{
			"a key that only begins like it",
			plan.Call{
				Function: "users",
				Steps:    []plan.Step{{Action: "dynamodb:GetItem", Partition: "KEYS#x"}},
			},
			false,
		},
		{
			"a kind without a key",
			plan.Call{
				Function: "users",
				Steps:    []plan.Step{{Action: "dynamodb:GetItem", Partition: "USERS"}},
			},
			false,
		},
		{
			"the index in place of the table",
			plan.Call{
				Function: "pools",
				Steps:    []plan.Step{{Action: "dynamodb:Query", Partition: "USERS#t#p", Index: true}},
			},
			false,
		},
		{"a transaction with one step too many", plan.Call{Function: "users", Steps: []plan.Step{
			{Action: "dynamodb:PutItem", Partition: "USERS#t#p"},
			{Action: "dynamodb:PutItem", Partition: "LIMIT#t#p#day"},
		}}, false},
		{
			"mail of a function that sends none",
			plan.Call{Function: "tokens", Steps: []plan.Step{{Action: "ses:SendEmail"}}},
			false,
		},
		{
			"mail of the courier",
			plan.Call{Function: "courier", Steps: []plan.Step{{Action: "ses:SendEmail"}}},
			true,
		},
		{
			"an address off SES's list, by a function that clears none",
			plan.Call{Function: "courier", Steps: []plan.Step{{Action: "ses:DeleteSuppressedDestination"}}},
			false,
		},
		{
			"a function that there is not",
			plan.Call{
				Function: "x",
				Steps:    []plan.Step{{Action: "dynamodb:GetItem", Partition: "USERS#t#p"}},
			},
			false,
		},
	} {
		if err := plan.Check(c.call); (err == nil) != c.allowed {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	product := systemtest.New(t)
	if _, err := product.Table.Clients.Get(system.As(t.Context(), "users"), "t", "c"); err == nil {
		t.Error("the function users has read an API client")
	}
}

// useFactors makes the function factors use all its permissions.
func useFactors(t *testing.T, tenant *systemtest.Tenant, pool string) {
	t.Helper()
	path, lou := "/pools/"+pool, systemtest.Address("lou")
	id := tenant.NewUser(t, pool, "active", lou, fields{"credentials": []fields{
		{"type": "totp", "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"},
	}})
	tenant.System.Must(t, 422, "POST", path+"/users/"+id+"/totp/change", fields{
		"totp": "12345", "new_totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	})
	tenant.System.Must(t, 204, "POST", path+"/user/totp/reset/request", fields{"address": lou})
	code := tenant.System.Must(t, 201, "POST", path+"/users/"+id+"/code/generate", fields{"type": "reset_totp"})
	tenant.System.Must(t, 204, "POST", path+"/user/totp/reset/complete", fields{
		"address": lou, "code": code.Text(t, "code"), "new_totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	}, "Idempotency-Key", idempotencyKey+"-10")
}

// useWorkspaces makes the function workspaces use its permissions.
func useWorkspaces(t *testing.T, tenant *systemtest.Tenant, pool string) {
	t.Helper()
	admin := tenant.Workspaces
	admin.Must(t, 201, "POST", "/servers", fields{"id": "shop"}, "Idempotency-Key", idempotencyKey+"-20")
	admin.Must(t, 200, "GET", "/servers", nil)
	admin.Must(t, 201, "POST", "/servers/shop/idps/identity_pool", fields{"identity_pool_id": pool})
	admin.Must(t, 201, "POST", "/clients", fields{"authorization_server_id": "shop"})
	admin.Must(t, 200, "GET", "/servers/shop/clients", nil)
	admin.Must(t, 204, "DELETE", "/servers/shop", nil)
}

// useTokens makes the function tokens use all its permissions: an application gets tokens and revokes them.
func useTokens(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant, pool string) {
	t.Helper()
	workspace := product.NewWorkspace(t, tenant.ID, pool)
	app := workspace.NewApplication(t, nil)
	session := workspace.SignIn(t, pool, tenant.NewUser(t, pool, "active", systemtest.Address("mia"), nil))
	got := systemtest.Send(t, workspace.Redeem(t, app, workspace.Code(t, session, app, nil)))
	got = systemtest.Send(t, workspace.Refresh(t, app, got.Text(t, "refresh_token")))
	request := workspace.UserInfo(t, got.Text(t, "access_token"))
	request.Header.Set("Origin", "https://pages.example.com") // whose application is looked for
	if info := systemtest.Send(t, request); info.Status != 200 {
		t.Fatalf("userinfo answers %d %s", info.Status, info.Body)
	}
	systemtest.Send(t, workspace.Request(t, app, "/oauth2/revoke", "token", got.Text(t, "refresh_token")))
}

// useSignIn makes the function signin use all its permissions: somebody who has signed in as somebody else
// proves a password that must be changed and a mailed code, changes the password, and signs out.
func useSignIn(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant) {
	t.Helper()
	pools := []string{
		tenant.NewPool(t, fields{"second_factor_authentication_mechanisms": []string{"email_otp"}}), tenant.NewPool(t, nil),
	}
	workspace := product.NewWorkspace(t, tenant.ID, pools...)
	password := fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}}
	noa, ole := systemtest.Address("noa"), systemtest.Address("ole")
	id := tenant.NewUser(t, pools[0], "active", noa, password)
	other := tenant.NewUser(t, pools[1], "active", ole, password)
	b := product.NewBrowser(t)
	signIn := func(address, password string, want int) {
		t.Helper()
		b.Open(t, workspace.Issuer()+"/signin")
		if got := b.Submit(t, "do", "password", "identifier", address, "password", password); got.Status != want {
			t.Fatalf("the sign-in of %s is answered %d %s", address, got.Status, got.Body)
		}
	}
	signIn(ole, systemtest.Password, 200)
	tenant.Admin.Must(t, 204, "PUT", "/pools/"+pools[0]+"/users/"+id+"/password/state", fields{"state": "must_be_changed"})
	signIn(noa, "not the password", 422)
	signIn(noa, systemtest.Password, 200)
	code := systemtest.CodeIn(t, product.Inbox.Await(t, noa, 1)[0])
	b.Submit(t, "code", systemtest.WrongCode(code))
	b.Submit(t, "code", code)
	b.Submit(t, "password", "another long password")
	product.Inbox.Await(t, noa, 2) // one says that the password was set
	app := workspace.NewApplication(t, nil)
	code = workspace.Code(t, workspace.SignIn(t, pools[1], other), app, nil)
	tokens := systemtest.Send(t, workspace.Redeem(t, app, code))
	b.Open(t, workspace.Issuer()+"/oidc/logout?id_token_hint="+tokens.Text(t, "id_token"))
	b.Submit(t, "action", workspace.Issuer()+"/oidc/logout", "do", "signout")
}
