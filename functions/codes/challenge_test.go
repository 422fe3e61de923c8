package codes_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// person is an active user with a verified address, in a pool of a tenant.
type person struct {
	*systemtest.Tenant
	product               *systemtest.Product
	pool, path, id, email string
}

func newPerson(t *testing.T, settings fields) person {
	t.Helper()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	p := person{Tenant: tenant, product: product, pool: tenant.NewPool(t, settings), email: systemtest.Address("ann")}
	p.path, p.id = "/pools/"+p.pool, p.newUser(t, "active", p.email)
	return p
}

func (p person) newUser(t *testing.T, status, email string, unverified ...string) string {
	t.Helper()
	addresses := []fields{{"address": email, "type": "email", "verified": true, "status": "active"}}
	for _, address := range unverified {
		addresses = append(addresses, fields{"address": address, "type": "email"})
	}
	return p.NewUser(t, p.pool, status, email, fields{"verifiable_addresses": addresses})
}

// generate returns a code that a back end makes, short and extended.
func (p person) generate(t *testing.T, kind, address string) (code, extended string) {
	t.Helper()
	made := p.System.Must(t, 201, "POST", p.path+"/users/"+p.id+"/code/generate", fields{"type": kind, "address": address})
	return made.Text(t, "code"), made.Text(t, "extended_code")
}

func TestAChallengeIsAnswered(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	verify := p.path + "/user/otp/verify"
	for i, by := range []fields{
		{"identifier": strings.ToUpper(p.email)}, {"userID": p.id}, {"id": p.id}, {"id": p.id, "userID": "nobody"},
	} {
		p.System.Must(t, 204, "POST", p.path+"/user/otp/request", fields{"address": p.email})
		code := systemtest.CodeIn(t, p.product.Inbox.Await(t, p.email, i+1)[i])
		by["code"] = code
		if got := p.System.Must(t, 200, "POST", verify, by).Text(t, "id"); got != p.id {
			t.Errorf("%v is the code of %s", by, got)
		}
		p.System.Must(t, 422, "POST", verify, by)
		p.product.Clock.Advance(2 * time.Minute)
	}
	p.Admin.Must(t, 204, "POST", p.path+"/users/"+p.id+"/otp/request", fields{"address": p.email})
	code := systemtest.CodeIn(t, p.product.Inbox.Await(t, p.email, 5)[4])
	p.Admin.Must(t, 422, "POST", p.path+"/users/nobody/otp/verify", fields{"code": code})
	if got := p.Admin.Must(t, 200, "POST", p.path+"/users/"+p.id+"/otp/verify", fields{"code": code}).Text(t, "id"); got != p.id {
		t.Errorf("an administrator is told %s", got)
	}
}

// Each type of code is redeemed where the published API says, and nowhere else.
func TestEachTypeOfCodeHasItsUse(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	second := systemtest.Address("second")
	p.id = p.newUser(t, "active", systemtest.Address("bob"), second)
	fresh := p.newUser(t, "new", systemtest.Address("new"))
	type use struct{ name, path string }
	uses := []use{
		{"activation", "/user/activate"},
		{"challenge", "/user/otp/verify"},
		{"authentication", "/user/authentication-code/verify"},
		{"reset_password", "/user/password/reset/confirm"},
		{"verify_address", "/users/" + p.id + "/address/verification/complete"},
	}
	for _, kind := range []string{
		"reset_totp", "enroll_webauthn", "activation", "challenge", "authentication", "reset_password", "verify_address",
	} {
		of := p
		address := ""
		if kind == "activation" {
			of.id = fresh
		}
		if kind == "verify_address" {
			address = second
		}
		_, extended := of.generate(t, kind, address)
		inspected := p.System.Must(t, 200, "POST", p.path+"/user/otp/inspect", fields{"code": extended})
		if inspected.Text(t, "code_type") != kind || inspected.Text(t, "user_id") != of.id {
			t.Errorf("%s: inspected as %s", kind, inspected.Body)
		}
		redeem := func(at use) systemtest.Response {
			body := fields{"code": extended}
			switch at.name {
			case "reset_password":
				body["new_password"] = systemtest.Password
			case "verify_address":
				body["address"] = second
			}
			return p.System.Call(t, "POST", p.path+at.path, body)
		}
		own := slices.IndexFunc(uses, func(u use) bool { return u.name == kind })
		for i, at := range uses {
			if got := redeem(at); i != own && got.Status != 422 && got.Status != 401 {
				t.Errorf("a code for %s is redeemed by %s: %d %s", kind, at.path, got.Status, got.Body)
			} else if i == own && got.Status/100 != 2 {
				t.Errorf("a code for %s is refused by %s: %d %s", kind, at.path, got.Status, got.Body)
			}
		}
		if own >= 0 {
			p.System.Must(t, 422, "POST", p.path+"/user/otp/inspect", fields{"code": extended})
		}
	}
}

func TestInspectionTakesExtendedCodesOnly(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	inspect := p.path + "/user/otp/inspect"
	code, extended := p.generate(t, "challenge", "")
	for range 6 { // a short code costs no guess here
		p.System.Must(t, 422, "POST", inspect, fields{"code": code})
	}
	for _, wrong := range []any{fields{"code": extended + "x"}, fields{"code": ""}, fields{}} {
		p.System.Must(t, 422, "POST", inspect, wrong)
	}
	if got := p.System.Must(t, 200, "POST", inspect, fields{"code": extended}); got.Fields(t)["password_set"] != false {
		t.Errorf("inspected as %s", got.Body)
	}
	p.System.Must(t, 200, "POST", p.path+"/user/otp/verify", fields{"code": code, "userID": p.id})
}

func TestAnAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	for name, kind := range map[string]string{"otp": "challenge", "authentication-code": "authentication"} {
		code, extended := p.generate(t, kind, "")
		var right atomic.Int64
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				body := fields{"code": extended}
				if i%2 == 0 {
					body = fields{"code": code, "userID": p.id}
				}
				if p.System.Call(t, "POST", p.path+"/user/"+name+"/verify", body).Status == 200 {
					right.Add(1)
				}
			})
		}
		group.Wait()
		if right.Load() != 1 {
			t.Errorf("%d of 20 answers with one code for %s counted", right.Load(), kind)
		}
	}
}

// The guesses at the codes of one mailbox are one budget, whatever the codes are for.
func TestGuessesAtAllPurposesAreOneBudget(t *testing.T) {
	t.Parallel()
	p := newPerson(t, fields{"limits": fields{"code_guesses_per_day": 5}})
	reset, link := p.generate(t, "reset_password", "")
	challenge, answer := p.generate(t, "challenge", "")
	for i := range 5 {
		wrong := "00000" + string(rune('0'+i))
		if wrong == challenge {
			wrong = "999999"
		}
		p.System.Must(t, 422, "POST", p.path+"/user/otp/verify", fields{"code": wrong, "userID": p.id})
	}
	p.System.Must(t, 401, "POST", p.path+"/user/password/reset/confirm", fields{"code": reset, "userID": p.id, "new_password": systemtest.Password})
	p.System.Must(t, 422, "POST", p.path+"/user/otp/verify", fields{"code": challenge, "userID": p.id})
	// A code that nobody can guess costs none.
	p.System.Must(t, 200, "POST", p.path+"/user/otp/verify", fields{"code": answer})
	p.System.Must(t, 204, "POST", p.path+"/user/password/reset/confirm", fields{"code": link, "new_password": systemtest.Password})
}

func TestOnlyActiveUsersAnswer(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	for _, status := range []string{"new", "inactive", "deleted"} {
		email := systemtest.Address(status)
		of := p
		of.id = p.newUser(t, status, email)
		for kind, path := range map[string]string{"challenge": "/user/otp/verify", "authentication": "/user/authentication-code/verify"} {
			_, extended := of.generate(t, kind, "")
			p.System.Must(t, 422, "POST", p.path+path, fields{"code": extended})
		}
		p.System.Must(t, 204, "POST", p.path+"/user/otp/request", fields{"address": email})
		p.Admin.Must(t, 422, "POST", p.path+"/users/"+of.id+"/otp/request", fields{"address": email})
		p.product.AwaitEmptyOutbox(t)
		if mails := p.product.Inbox.Mails(t, email); len(mails) > 0 {
			t.Errorf("a user who is %s got a mail: %s", status, mails[0].Text)
		}
	}
}
