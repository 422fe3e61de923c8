package factors_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"identitypools/infra/check/systemtest"
)

// reset gives the user an app with a secret, with a new code.
func (p *person) reset(t *testing.T, status int, secret string) systemtest.Response {
	t.Helper()
	_, code := p.newCode(t, "reset_totp")
	return p.System.Must(t, status, "POST", "/pools/"+p.pool+"/user/totp/reset/complete",
		fields{"code": code, "new_totp_secret": secret})
}

// flow is one of the two ways to set something with a code that is mailed.
type flow struct {
	request, complete, purpose, credential string
	body                                   fields // what is set
	other                                  fields // something else that could be set
}

func flows() []flow {
	return []flow{
		{
			"totp/reset/request", "totp/reset/complete", "reset_totp", "totp",
			fields{"new_totp_secret": firstSecret},
			fields{"new_totp_secret": secondSecret},
		},
		{
			"webauthn/add/request", "webauthn/add/complete", "enroll_webauthn", "webauthn",
			fields{"new_web_authn": newPasskey("a")},
			fields{"new_web_authn": newPasskey("o")},
		},
	}
}

// with returns a body with further members.
func with(body fields, more fields) fields {
	all := maps.Clone(body)
	maps.Copy(all, more)
	return all
}

// A code that is mailed sets an app or adds a passkey, once, however the user is named.
func TestAMailedCodeSetsAFactor(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, f := range flows() {
		p := newPerson(t, product, tenant, nil)
		for i, named := range []fields{{"address": p.email}, {"identifier": p.email}, {"userID": p.id}, {}} {
			set := maps.Clone(f.body)
			if f.credential == "webauthn" {
				set["new_web_authn"] = newPasskey(string(rune('a' + i)))
			}
			p.System.Must(t, 204, "POST", "/pools/"+p.pool+"/user/"+f.request, fields{"address": p.email})
			code, extended := p.newCode(t, f.purpose)
			if len(named) == 0 {
				code = extended
			}
			complete := "/pools/" + p.pool + "/user/" + f.complete
			p.System.Must(t, 401, "POST", complete, with(set, with(named, fields{"code": systemtest.WrongCode("123456")})))
			p.System.Must(t, 204, "POST", complete, with(set, with(named, fields{"code": code})))
			if f.credential == "totp" && len(p.credentials(t, "totp")) != 1 || f.credential == "webauthn" && len(p.passkeys(t)) != i+1 {
				t.Errorf("%s by %v leaves %+v", f.complete, named, p.credentials(t, f.credential))
			}
			p.System.Must(t, 204, "POST", complete, with(set, with(named, fields{"code": code}))) // a double click
			if got := p.System.Call(t, "POST", complete, with(f.other, with(named, fields{"code": code}))); got.Status != 401 {
				t.Errorf("%d %v: %d %+v", i, named, got.Status, p.passkeys(t))
			}
		}
	}
}

// The mail that is asked for has the code.
func TestTheMailHasTheCode(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, f := range flows() {
		p := newPerson(t, product, tenant, nil)
		p.System.Must(t, 204, "POST", "/pools/"+p.pool+"/user/"+f.request+"?code_type_in_message=code", fields{"address": p.email})
		code := systemtest.CodeIn(t, product.Inbox.Await(t, p.email, 1)[0])
		p.System.Must(t, 204, "POST", "/pools/"+p.pool+"/user/"+f.complete, with(f.body, fields{"code": code, "address": p.email}))
	}
}

// The owner is told by mail of everything that changes how they sign in (ASVS 6.3.7).
func TestTheOwnerIsTold(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	p := newTOTPUser(t, product, product.NewTenant(t))
	p.change(t, 204, shown(t, firstSecret, product.Clock.Now()), secondSecret)
	p.reset(t, 204, firstSecret)
	p.give(t, 204, newPasskey("a"))
	p.System.Must(t, 204, "PUT", p.path+"/webauthn/"+p.passkeys(t)[0].ID+"/name", fields{"name": "x"}) // tells nobody
	p.System.Must(t, 204, "DELETE", p.path+"/webauthn/"+p.passkeys(t)[0].ID, nil)
	var told []string
	for _, m := range product.Inbox.Await(t, p.email, 4) {
		told = append(told, m.Subject)
	}
	slices.Sort(told)
	if got := strings.Join(told, "; "); got != "A passkey was added to your account with Partners; A passkey was removed from your account with Partners; An authenticator app was set up for your account with Partners; An authenticator app was set up for your account with Partners" {
		t.Errorf("the owner is told %s", got)
	}
}

// Every user and code that are not right are answered alike, so that nobody learns who is registered; a
// request for a mail is never answered otherwise.
func TestNobodyLearnsWhoIsRegistered(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, f := range flows() {
		p := newPerson(t, product, tenant, nil)
		for _, address := range []string{p.email, systemtest.Address("nobody")} {
			p.System.Must(t, 204, "POST", "/pools/"+p.pool+"/user/"+f.request, fields{"address": address})
		}
		_, right := p.newCode(t, f.purpose)
		_, forOther := p.newCode(t, "challenge")
		other := newPerson(t, product, tenant, nil)
		complete := "/pools/" + p.pool + "/user/" + f.complete
		var first string
		for _, wrong := range []fields{
			{"code": "123456", "address": systemtest.Address("nobody")},
			{"code": "123456", "address": p.email},
			{"code": "123456", "userID": "nobody"},
			{"code": "123456"},
			{"code": "x", "identifier": "nobody"},
			{"code": forOther},
			{"code": right, "userID": other.id},
			{"code": right[:len(right)-1]},
		} {
			got := string(p.System.Must(t, 401, "POST", complete, with(f.body, wrong)).Body)
			if first == "" {
				first = got
			}
			if got != first || !strings.Contains(got, "wrong_proof") {
				t.Errorf("%v is answered %s, the first was %s", wrong, got, first)
			}
		}
		p.System.Must(t, 422, "POST", complete, f.body)
		p.System.Must(t, 422, "POST", complete, with(f.body, fields{"code": right, "identifier": p.email, "userID": p.id}))
		p.System.Must(t, 422, "POST", complete, fields{"code": right})
		p.System.Must(t, 204, "POST", complete, with(f.body, fields{"code": right}))
	}
}

// Of twenty who present one code for different things, one sets what they give.
func TestACodeSetsOneFactor(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	_, code := p.newCode(t, "enroll_webauthn")
	var (
		calls sync.WaitGroup
		added atomic.Int64
	)
	for i := range 20 {
		calls.Go(func() {
			got := p.System.Call(t, "POST", "/pools/"+p.pool+"/user/webauthn/add/complete",
				fields{"code": code, "new_web_authn": newPasskey(string(rune('a' + i)))})
			switch got.Status {
			case 204:
				added.Add(1)
			case 401:
			default:
				t.Errorf("answered %d %s", got.Status, got.Body)
			}
		})
	}
	calls.Wait()
	if added.Load() != 1 || len(p.passkeys(t)) != 1 {
		t.Errorf("%d were told that a passkey was added, and the user has %d", added.Load(), len(p.passkeys(t)))
	}
}

// Only an active user gets a factor by a code, and a new factor changes nothing else.
func TestAFactorChangesNothingElse(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	p := newPerson(t, product, tenant, fields{"credentials": []fields{
		{"type": "password", "password": systemtest.Password}, {"type": "webauthn", "webauthn_credentials": []fields{newPasskey("z")}},
	}})
	_, challenge := p.newCode(t, "challenge")
	p.reset(t, 204, firstSecret)
	p.give(t, 204, newPasskey("a"))
	p.reset(t, 204, secondSecret)
	if len(p.credentials(t, "password")) != 1 || len(p.credentials(t, "totp")) != 1 || len(p.passkeys(t)) != 2 {
		t.Errorf("the user has %+v", p.Admin.Must(t, 200, "GET", p.path, nil).Fields(t)["credentials"])
	}
	p.System.Must(t, 200, "POST", "/pools/"+p.pool+"/user/password/verify", fields{"userID": p.id, "password": systemtest.Password})
	if challenge == "" {
		t.Error("there was no code for a challenge")
	}
	p.Admin.Must(t, 200, "PUT", p.path, fields{"status": "new"})
	p.reset(t, 401, firstSecret)
	p.give(t, 401, newPasskey("b"))
}

// A right code in a request that has another fault costs no guess, however often it is presented.
func TestARightCodeForAKnownPasskeyCostsNothing(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	p.give(t, 204, newPasskey("a"))
	code := p.System.Must(t, 201, "POST", p.path+"/code/generate", fields{"type": "enroll_webauthn"}).Text(t, "code")
	add := func(status int, passkey fields) {
		t.Helper()
		p.System.Must(t, status, "POST", "/pools/"+p.pool+"/user/webauthn/add/complete",
			fields{"code": code, "userID": p.id, "new_web_authn": passkey})
	}
	for range 6 {
		add(409, newPasskey("a"))
	}
	add(204, newPasskey("b"))
}
