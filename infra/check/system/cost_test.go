package system_test

import (
	"testing"
	"time"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

// A call may cost what docs/table.md says. The test prints that table. It leaves out the courier,
// which works after the answer.
func TestWhatACallCosts(t *testing.T) {
	meter := &systemtest.Meter{}
	options := []func(*system.Config){
		systemtest.WithMiddleware(meter.Watch), func(c *system.Config) { c.Quiet = true },
	}
	product := systemtest.New(t, options...)
	product.Clock.Stop() // what the functions have in memory stays valid
	tenant := product.NewTenant(t)
	workspaces, pool := tenant.Workspaces, tenant.NewPool(t, nil)
	known, fresh, active, unproved := systemtest.Address("known"), systemtest.Address("fresh"),
		systemtest.Address("active"), systemtest.Address("unproved")
	password := []fields{{"type": "password", "password": systemtest.Password}}
	userID := tenant.NewUser(t, pool, "new", known, nil)
	path := "/pools/" + pool + "/users/" + userID
	wordedPath := "/pools/" + pool + "/mails/registration_code/en"
	tenant.NewUser(t, pool, "active", active, fields{"credentials": password})
	// A short id keeps the user under 1 KB with an address.
	toldPath := "/pools/" + pool + "/users/" +
		tenant.NewUser(t, pool, "active", systemtest.Address("told"), fields{"id": "told"})
	added := systemtest.Address("added")
	registered := tenant.System.Must(
		t, 201, "POST", "/pools/"+pool+"/user/register?send_activation_message=false",
		fields{"identifier": fresh, "password": systemtest.Password},
	).Text(t, "id")
	// Then the function activation has the settings in memory too.
	tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+registered+"/activation/generate", nil)
	code := tenant.System.Must(
		t, 201, "POST", "/pools/"+pool+"/users/"+registered+"/code/generate",
		fields{"type": "activation"},
	).Text(t, "code")
	own := systemtest.Address("own")
	ticket := register(t, tenant, pool, own)
	product.Clock.Advance(time.Millisecond) // a code is made after its registration
	ownCode := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/code/generate",
		fields{"type": "activation", "identifier": own}).Text(t, "code")
	// withoutMail gets a mail that a stranger caused, and none of its own.
	withoutMail := systemtest.Address("without-mail")
	register(t, tenant, pool, withoutMail)
	product.Stream(t.Context(), product.OutboxEvent(t))
	mailed := systemtest.CodeIn(t, product.Inbox.Await(t, withoutMail, 1)[0])
	other := tenant.NewPool(t, nil)
	withoutMailTicket := register(t, tenant, other, withoutMail)
	withDevice := systemtest.Address("with-device") // signs in from a known device
	tenant.NewUser(t, pool, "active", withDevice, fields{"credentials": password})
	verify := func(status int, identifier, password string, headers ...string) {
		tenant.System.Must(t, status, "POST", "/pools/"+pool+"/user/password/verify",
			fields{"identifier": identifier, "password": password}, headers...)
	}
	register(t, tenant, pool, unproved)
	forgetful, second := systemtest.Address("forgetful"), systemtest.Address("second")
	recovering := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "active", forgetful, fields{
		"credentials": password, "verifiable_addresses": []fields{
			{"type": "email", "address": forgetful, "verified": true}, {"type": "email", "address": second},
		},
	}) + "/code/generate"
	resetCode := tenant.System.Must(t, 201, "POST", recovering, fields{"type": "reset_password"}).Text(t, "code")
	proof := tenant.System.Must(t, 201, "POST", recovering, fields{"type": "verify_address"}).Text(t, "extended_code")
	reset := func(status int, code string) {
		tenant.Public.Must(t, status, "POST", "/pools/"+pool+"/password/reset/confirm",
			fields{"code": code, "identifier": forgetful, "new_password": "not the usual password"})
	}
	// The function recovery has the settings in memory too.
	tenant.Public.Must(t, 401, "POST", "/pools/"+pool+"/password/reset/confirm",
		fields{"code": "1", "identifier": systemtest.Address("nobody"), "new_password": "x"})
	// The functions keep the settings of the pool and the schema in memory from now on.
	tenant.Public.Must(t, 200, "GET", "/pools/"+pool, nil)
	verify(200, withDevice, systemtest.Password, "X-Device-Id", "phone")
	workspaces.Must(t, 200, "GET", "/servers", nil) // then the function workspaces has the keys of tokens in memory

	for _, c := range []struct {
		name string
		call func()
		most systemtest.Cost
	}{
		{
			"create a workspace", func() { workspaces.Must(t, 201, "POST", "/servers", fields{"id": "shop"}) },
			systemtest.Cost{RoundTrips: 1, Write: 3}, // one of them for the index
		},
		{
			"read a workspace with its connections", func() { workspaces.Must(t, 200, "GET", "/servers/shop", nil) },
			systemtest.Cost{RoundTrips: 1, Read: 1},
		},
		{
			"connect a pool to a workspace",
			func() {
				workspaces.Must(t, 201, "POST", "/servers/shop/idps/identity_pool", fields{"id": "own", "identity_pool_id": pool})
			},
			systemtest.Cost{RoundTrips: 1, Write: 11}, // the pool has more than 1 KB
		},
		{
			"create an application",
			func() {
				workspaces.Must(t, 201, "POST", "/clients", fields{"client_id": "web", "authorization_server_id": "shop"})
			},
			systemtest.Cost{RoundTrips: 2, Write: 6, Read: 1},
		},
		{
			"rotate the secret of an application",
			func() { workspaces.Must(t, 200, "POST", "/clients/web/rotateSecret", nil) },
			systemtest.Cost{RoundTrips: 2, Write: 3, Read: 1},
		},
		{
			"get user", func() { tenant.Admin.Must(t, 200, "GET", path, nil) },
			systemtest.Cost{RoundTrips: 1, Read: 1},
		},
		{
			"create user, one identifier",
			func() { tenant.NewUser(t, pool, "new", systemtest.Address("new"), nil) },
			systemtest.Cost{RoundTrips: 1, Write: 4},
		},
		{
			"create user, of an identifier that an unproved user has",
			func() { tenant.NewUser(t, pool, "new", unproved, nil) },
			systemtest.Cost{RoundTrips: 4, Write: 8, Read: 2},
		},
		{
			"add a verified address, of which the user is told",
			func() {
				tenant.Admin.Must(t, 200, "POST", toldPath+"/addresses/add", fields{
					"address": added, "type": "email", "verified": true,
				})
			},
			systemtest.Cost{RoundTrips: 2, Write: 6, Read: 1},
		},
		{
			"remove a verified address, of which the user is told",
			func() {
				tenant.Admin.Must(t, 204, "POST", toldPath+"/addresses/remove", fields{"address": added})
			},
			systemtest.Cost{RoundTrips: 2, Write: 8, Read: 1},
		},
		{
			"add an identifier",
			func() {
				tenant.Admin.Must(t, 200, "POST", path+"/identifiers/add", fields{"identifier": "one", "type": "uid"})
			},
			systemtest.Cost{RoundTrips: 2, Write: 4, Read: 1},
		},
		{
			"replace the metadata",
			func() {
				tenant.Admin.Must(t, 200, "PUT", path+"/metadata/admin", fields{"metadata": fields{"a": 1}})
			},
			systemtest.Cost{RoundTrips: 2, Write: 2, Read: 1},
		},
		{
			"self-register, address unknown",
			func() { register(t, tenant, pool, systemtest.Address("un")) },
			systemtest.Cost{RoundTrips: 4, Write: 10, Read: 2},
		},
		{
			"self-register, address of a new user", func() { register(t, tenant, pool, known) },
			systemtest.Cost{RoundTrips: 4, Write: 10, Read: 2},
		},
		{
			"self-register, address of an active user",
			func() { register(t, tenant, pool, active) },
			systemtest.Cost{RoundTrips: 4, Write: 10, Read: 2},
		},
		{"self-register, by a back end", func() {
			tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/register",
				fields{"identifier": systemtest.Address("un"), "password": systemtest.Password})
		}, systemtest.Cost{RoundTrips: 3, Write: 9, Read: 2}},
		{
			"send activation message (request)",
			func() { tenant.Admin.Must(t, 204, "POST", path+"/activation/send", nil) },
			systemtest.Cost{RoundTrips: 3, Write: 6, Read: 2},
		},
		{"activate, by a back end", func() {
			tenant.System.Must(
				t, 201, "POST", "/pools/"+pool+"/users/"+registered+"/activate",
				fields{"code": code},
			)
		}, systemtest.Cost{RoundTrips: 5, Write: 9, Read: 3}},
		{"activate, with a ticket from a browser", func() {
			tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
				"ticket": ticket, "code": ownCode,
			})
		}, systemtest.Cost{RoundTrips: 5, Write: 10, Read: 3}},
		{"activate, with a code that was mailed for another user", func() {
			body := fields{"ticket": withoutMailTicket, "code": mailed, "password": systemtest.Password}
			tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/activate", body)
		}, systemtest.Cost{RoundTrips: 5, Write: 10, Read: 4}},
		{
			"verify password, right", func() { verify(200, active, systemtest.Password) },
			systemtest.Cost{RoundTrips: 3, Write: 1, Read: 1.5},
		},
		{
			"verify password, wrong", func() { verify(401, active, "wrong") },
			systemtest.Cost{RoundTrips: 4, Write: 2, Read: 1.5},
		},
		{
			"verify password, of nobody",
			func() { verify(401, systemtest.Address("nobody"), "wrong") },
			systemtest.Cost{RoundTrips: 4, Write: 2, Read: 1.5},
		},
		{
			"verify password, right after a wrong one",
			func() { verify(200, active, systemtest.Password) },
			systemtest.Cost{RoundTrips: 4, Write: 2, Read: 1.5},
		},
		{"verify password, right, from a known device", func() {
			verify(200, withDevice, systemtest.Password, "X-Device-Id", "phone")
		}, systemtest.Cost{RoundTrips: 3, Write: 1, Read: 2}},
		{"verify password, right, from a new device", func() {
			verify(200, active, systemtest.Password, "X-Device-Id", "phone")
		}, systemtest.Cost{RoundTrips: 4, Write: 2, Read: 2}},
		{"ask for a mail to reset a password", func() {
			tenant.Public.Must(t, 204, "POST", "/pools/"+pool+"/password/reset/request", fields{"address": active})
		}, systemtest.Cost{RoundTrips: 3, Write: 2, Read: 0.5}},
		{"ask for a mail to reset the password of nobody", func() {
			tenant.Public.Must(t, 204, "POST", "/pools/"+pool+"/password/reset/request", fields{
				"address": systemtest.Address("nobody"),
			})
		}, systemtest.Cost{RoundTrips: 3, Write: 2, Read: 0.5}},
		{"prove an address, before a reset kills its code", func() {
			tenant.Public.Must(t, 204, "POST", "/pools/"+pool+"/address-verification/confirm", fields{
				"code": proof, "address": second,
			})
		}, systemtest.Cost{RoundTrips: 4, Write: 11, Read: 2}},
		{"reset a password, a wrong code", func() {
			reset(401, systemtest.WrongCode(resetCode))
		}, systemtest.Cost{RoundTrips: 4, Write: 2, Read: 1.5}},
		{"reset a password", func() { reset(204, resetCode) }, systemtest.Cost{RoundTrips: 6, Write: 12, Read: 2.5}},
		{
			"read a mail's text", func() { tenant.Admin.Must(t, 200, "GET", wordedPath, nil) },
			systemtest.Cost{RoundTrips: 2, Read: 2},
		},
		{
			"change a mail's text",
			func() { tenant.Admin.Must(t, 200, "PUT", wordedPath, faulttest.MailText("x")) },
			systemtest.Cost{RoundTrips: 3, Write: 6, Read: 2},
		},
		{
			"list the texts of all mails",
			func() { tenant.Admin.Must(t, 200, "GET", "/pools/"+pool+"/mails", nil) },
			systemtest.Cost{RoundTrips: 2, Read: 2},
		},
		{
			"list users, a page",
			func() { tenant.Admin.Must(t, 200, "GET", "/pools/"+pool+"/users?limit=5", nil) },
			systemtest.Cost{RoundTrips: 1, Read: 1},
		},
	} {
		meter.Collect()
		c.call()
		got := meter.Collect()
		t.Logf("| %s | %d | %g | %g |", c.name, got.RoundTrips, got.Write, got.Read)
		if got.RoundTrips > c.most.RoundTrips || got.Write > c.most.Write || got.Read > c.most.Read {
			t.Errorf("%s costs %+v, may cost %+v", c.name, got, c.most)
		}
		if got.RoundTrips == 0 {
			t.Errorf("%s was not counted", c.name)
		}
	}
}

// register registers an address and returns the ticket.
func register(t *testing.T, tenant *systemtest.Tenant, pool, email string) (ticket string) {
	t.Helper()
	return tenant.Public.Must(
		t, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=code",
		fields{"identifier": email, "password": systemtest.Password},
	).Text(t, "ticket")
}
