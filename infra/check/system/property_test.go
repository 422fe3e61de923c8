package system_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

// TestMain limits the checks of a property, each of which makes dozens of calls and mails. The flag
// -rapid.checks sets another number.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "12") // the command line is read later and takes precedence
	os.Exit(parttest.Main(m))
}

// "No mix of wrong codes, expiry, resends and administrator changes can leave a user that can no
// longer be activated." After each step, the invariants of the table hold that docs/table.md lists.
func TestAnySequenceLeavesTheUserActivatableOrActive(t *testing.T) {
	product := systemtest.New(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := &addressHistory{
			t: t, product: product, tenant: product.NewTenant(t),
			email: systemtest.Address("story"),
		}
		s.pool = s.tenant.NewPool(t, nil)
		steps := map[string]func(){
			"register": s.register, "register with another password": s.register, "send": s.send,
			"wrong code": s.wrongCode, "right code": s.rightCode,
			"old code": s.oldCode, "let time pass": s.wait,
			"administrator: new": s.set("new"), "administrator: inactive": s.set("inactive"),
			"administrator: payload": s.payload,
		}
		s.register()
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names(steps)), 3, 12).Draw(rt, "steps") {
			s.tenant.RenewTokens(t)
			steps[name]()
			s.check(rt, name)
		}
		s.tenant.RenewTokens(t)
		s.mustBecomeActive(rt)
	})
}

// names returns the names of the steps, sorted.
func names(steps map[string]func()) []string {
	list := make([]string, 0, len(steps))
	for name := range steps {
		list = append(list, name)
	}
	return sorted(list)
}

// addressHistory is an address of a pool, and what has happened to it.
type addressHistory struct {
	t                      *testing.T
	product                *systemtest.Product
	tenant                 *systemtest.Tenant
	pool, email, id        string
	ticket, code, extended string
	password               string
	proved                 bool   // the user has presented a right code since it was made new
	used                   string // the code that made the user active, while it may be repeated
	n                      int
}

// register registers the address with a new password.
func (s *addressHistory) register() {
	s.n++
	s.password = systemtest.Password + strings.Repeat("!", s.n)
	body := fields{"identifier": s.email, "password": s.password, "payload": fields{"name": s.password}}
	s.ticket = s.tenant.Public.Must(s.t, 201, "POST", "/pools/"+s.pool+"/register", body).Text(
		s.t, "ticket",
	)
	s.id = s.tenant.System.Must(s.t, 200, "POST", "/pools/"+s.pool+"/users/by_key", fields{
		"identifier": s.email,
	}).Text(s.t, "id")
}

// path returns the path of the user in the API.
func (s *addressHistory) path() string { return "/pools/" + s.pool + "/users/" + s.id }

// status returns the user's status.
func (s *addressHistory) status() string {
	return s.tenant.Admin.Must(s.t, 200, "GET", s.path(), nil).Text(s.t, "status")
}

// send asks for a mail. It then generates a code on the system tree, which does not have to wait
// for the mail.
func (s *addressHistory) send() {
	s.tenant.Admin.Call(s.t, "POST", s.path()+"/activation/send", nil)
	if got := s.tenant.System.Call(s.t, "POST", s.path()+"/code/generate", fields{
		"type": "activation",
	}); got.Status == 201 {
		s.code, s.extended = got.Text(s.t, "code"), got.Text(s.t, "extended_code")
	}
}

// wrongCode presents a wrong code, which must be refused.
func (s *addressHistory) wrongCode() {
	wrong := "000000"
	if s.code != "" {
		wrong = systemtest.WrongCode(s.code)
	}
	if got := s.tenant.System.Call(s.t, "POST", s.path()+"/activate", fields{
		"code": wrong,
	}); got.Status != 422 {
		s.t.Fatalf("a wrong code answers %d %s", got.Status, got.Body)
	}
}

// rightCode presents the latest short code.
func (s *addressHistory) rightCode() { s.present(s.code) }

// oldCode presents the latest extended code.
func (s *addressHistory) oldCode() { s.present(s.extended) }

// present presents a code, if there is one. A code may only activate a user who is new. The one that made
// the user active may be presented again for some minutes, while nobody changes the user.
func (s *addressHistory) present(code string) {
	if code == "" {
		return
	}
	before := s.status()
	path := s.path() + "/activate"
	switch got := s.tenant.System.Call(s.t, "POST", path, fields{
		"code": code, "password": "a password given with the code",
	}); {
	case got.Status == 201 && before != "new" && code != s.used:
		s.t.Fatalf("a code made a user %s active", before)
	case got.Status == 201:
		s.proved, s.used = true, code
	case got.Status != 422:
		s.t.Fatalf("a code answers %d %s", got.Status, got.Body)
	}
}

// set returns a step in which an administrator changes the user's status.
func (s *addressHistory) set(status string) func() {
	return func() {
		s.tenant.Admin.Must(s.t, 200, "PUT", s.path(), fields{"status": status})
		s.proved, s.used = false, ""
	}
}

// payload changes the user's payload as an administrator.
func (s *addressHistory) payload() {
	s.tenant.Admin.Must(s.t, 200, "PUT", s.path(), fields{
		"payload": fields{"name": "by the administrator"},
	})
	s.used = ""
}

// wait lets more than a day pass, after which no code is valid, and none may be repeated.
func (s *addressHistory) wait() {
	s.product.Clock.Advance(26 * time.Hour)
	s.used = ""
}

// check checks the invariants of the table, and that the address has one user.
func (s *addressHistory) check(rt *rapid.T, step string) {
	for _, broken := range s.product.BrokenInvariants(s.t, s.tenant.ID, map[string]bool{
		s.id: s.proved,
	}) {
		rt.Fatalf("after %q: %s", step, broken)
	}
	if users := s.product.Stored(s.t, "USERS#"+s.tenant.ID+"#"); len(users) != 1 {
		rt.Fatalf("after %q one address has %d users", step, len(users))
	}
}

// mustBecomeActive activates the user, whatever state it is in.
func (s *addressHistory) mustBecomeActive(rt *rapid.T) {
	if s.status() == "inactive" {
		s.set("new")()
	}
	if s.status() == "active" {
		return
	}
	made := s.tenant.System.Must(s.t, 201, "POST", s.path()+"/code/generate", fields{
		"type": "activation",
	})
	got := s.tenant.System.Call(s.t, "POST", "/pools/"+s.pool+"/user/activate", fields{
		"code": made.Text(s.t, "extended_code"), "password": "a password at last",
	})
	if got.Status == 422 && strings.Contains(string(got.Body), "is set already") {
		got = s.tenant.System.Call(s.t, "POST", "/pools/"+s.pool+"/user/activate", fields{
			"code": made.Text(s.t, "extended_code"),
		})
	}
	if got.Status != 201 {
		rt.Fatalf("the user can't be activated any more: %d %s", got.Status, got.Body)
	}
}
