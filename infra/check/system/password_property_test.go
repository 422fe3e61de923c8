package system_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/password"
)

// Whatever sequence of resets, changes, states, expiry, deletion and making anew a user meets, only its owner
// sets a password: with the code that is valid, or with the present password. And the owner always can.
func TestOnlyTheOwnerSetsAPassword(t *testing.T) {
	product := systemtest.New(t)
	tenant, made := product.NewTenant(t), map[string]bool{} // an administrator makes the users active
	rapid.Check(t, func(rt *rapid.T) {
		s := &passwordHistory{
			t: t, product: product, tenant: tenant, email: systemtest.Address("owner"), id: systemtest.Unique(), made: made,
		}
		made[s.id] = true
		s.pool = "/pools/" + tenant.NewPool(t, fields{
			"password_policy": fields{"min_length": 8, "not_used_since": rapid.IntRange(0, 3).Draw(rt, "not_used_since")},
		})
		s.create()
		steps := map[string]func(){
			"a code is mailed": s.makeCode, "the owner resets": s.reset, "the owner changes": s.change,
			"a stranger has dead codes": s.useDeadCodes, "a stranger has a code for something else": s.useOtherCode,
			"a stranger guesses": s.guess, "a stranger has an earlier password": s.useEarlier,
			"state: valid": s.setState("valid"), "state: must be changed": s.setState("must_be_changed"),
			"state: must be reset": s.setState("must_be_reset"),
			"inactive":             s.setStatus("inactive"), "active": s.setStatus("active"), "new": s.setStatus("new"),
			"an hour passes": s.wait, "deleted and made anew": s.recreate,
		}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names(steps)), 4, 12).Draw(rt, "steps") {
			product.Clock.Advance(2 * time.Minute) // wrong passwords make the next one wait
			tenant.RenewTokens(t)
			steps[name]()
			s.check(rt, name)
		}
		tenant.RenewTokens(t)
		s.setStatus("active")()
		s.makeCode()
		if s.reset(); !s.isSet {
			rt.Fatalf("the owner cannot reset the password any more")
		}
		s.check(rt, "the end")
	})
}

// passwordHistory is a user, and what has happened to its password.
type passwordHistory struct {
	t                     *testing.T
	product               *systemtest.Product
	tenant                *systemtest.Tenant
	pool, email, id       string
	status, state         string
	password              string   // the present one
	earlier               []string // those before it
	short, extended       string   // the code that is valid, or ""
	deadShort, deadExtend []string // those that are not
	isSet                 bool     // whether the last step has set a password
	made                  map[string]bool
	n                     int
}

func (s *passwordHistory) create() {
	s.status, s.state, s.password = "active", "valid", s.fresh()
	s.tenant.NewUser(s.t, s.pool[len("/pools/"):], "active", s.email, fields{
		"id": s.id, "credentials": []fields{{"type": "password", "password": s.password}},
		"verifiable_addresses": []fields{{"address": s.email, "type": "email", "verified": true, "status": "active"}},
	})
}

func (s *passwordHistory) path() string { return s.pool + "/users/" + s.id }

// fresh returns a password that nobody has had.
func (s *passwordHistory) fresh() string {
	s.n++
	return fmt.Sprintf("an owner's password, number %d", s.n)
}

const strangers = "what a stranger has chosen"

// kill marks the code as one that is not valid any more.
func (s *passwordHistory) kill() {
	if s.extended != "" {
		s.deadShort, s.deadExtend = append(s.deadShort, s.short), append(s.deadExtend, s.extended)
	}
	s.short, s.extended = "", ""
}

func (s *passwordHistory) makeCode() {
	s.kill()
	made := s.tenant.System.Must(s.t, 201, "POST", s.path()+"/code/generate", fields{"type": "reset_password"})
	s.short, s.extended = made.Text(s.t, "code"), made.Text(s.t, "extended_code")
}

// set records that the owner has a new password, which kills all codes.
func (s *passwordHistory) set(password string) {
	s.earlier = append(s.earlier, s.password)
	s.password, s.state, s.isSet = password, "valid", true
	s.kill()
}

func (s *passwordHistory) reset() {
	s.isSet = false
	next, code := s.fresh(), s.extended
	if code == "" {
		return
	}
	want := 401
	if s.status == "active" {
		want = 204
	}
	s.tenant.System.Must(s.t, want, "POST", s.pool+"/user/password/reset/confirm", fields{"code": code, "new_password": next})
	if want == 204 {
		s.set(next)
	}
}

func (s *passwordHistory) change() {
	next := s.fresh()
	got := s.tenant.System.Call(s.t, "POST", s.path()+"/change-password", fields{"old_password": s.password, "new_password": next})
	mayChange := s.status == "active" && s.state != "must_be_reset"
	switch {
	case got.Status == 204 && mayChange:
		s.set(next)
	case got.Status == 204, got.Status != 401 && got.Status != 429:
		s.t.Fatalf("a change of a user who is %s, with a password that is %s, answers %d %s", s.status, s.state, got.Status, got.Body)
	case got.Status == 401 && mayChange:
		s.t.Fatal("the owner's password is refused")
	}
}

// refused sends a reset with the stranger's password, which must be refused.
func (s *passwordHistory) refused(body fields) {
	body["new_password"] = strangers
	s.tenant.System.Must(s.t, 401, "POST", s.pool+"/user/password/reset/complete", body)
}

func (s *passwordHistory) useDeadCodes() {
	for _, code := range s.deadExtend {
		s.refused(fields{"code": code})
	}
	if n := len(s.deadShort); n > 0 && s.deadShort[n-1] != s.short {
		s.refused(fields{"code": s.deadShort[n-1], "address": s.email})
	}
}

func (s *passwordHistory) useOtherCode() {
	made := s.tenant.System.Must(s.t, 201, "POST", s.path()+"/code/generate", fields{"type": "challenge"})
	s.refused(fields{"code": made.Text(s.t, "extended_code")})
	if code := made.Text(s.t, "code"); code != s.short {
		s.refused(fields{"code": code, "userID": s.id})
	}
}

func (s *passwordHistory) guess() {
	wrong := "000000"
	if s.short != "" {
		wrong = systemtest.WrongCode(s.short)
	}
	s.refused(fields{"code": wrong, "identifier": s.email})
}

func (s *passwordHistory) useEarlier() {
	for _, earlier := range s.earlier[max(0, len(s.earlier)-1):] {
		got := s.tenant.System.Call(s.t, "POST", s.path()+"/change-password", fields{"old_password": earlier, "new_password": strangers})
		if got.Status != 401 && got.Status != 429 {
			s.t.Fatalf("an earlier password is answered with %d %s", got.Status, got.Body)
		}
	}
}

func (s *passwordHistory) setState(state string) func() {
	return func() {
		s.tenant.Admin.Must(s.t, 204, "PUT", s.path()+"/password/state", fields{"state": state})
		s.state = state
	}
}

func (s *passwordHistory) setStatus(status string) func() {
	return func() {
		s.tenant.Admin.Must(s.t, 200, "PUT", s.path(), fields{"status": status})
		if status != s.status {
			s.kill()
		}
		s.status = status
	}
}

func (s *passwordHistory) wait() {
	s.product.Clock.Advance(time.Hour)
	s.kill()
}

func (s *passwordHistory) recreate() {
	s.tenant.Admin.Must(s.t, 204, "DELETE", s.path(), nil)
	s.kill()
	s.earlier = append(s.earlier, s.password)
	s.create()
}

// check checks that the stored password is the owner's.
func (s *passwordHistory) check(rt *rapid.T, step string) {
	items := s.product.Stored(s.t, "USERS#"+s.tenant.ID+"#"+s.pool[len("/pools/"):])
	if len(items) != 1 {
		rt.Fatalf("after %q there are %d users", step, len(items))
	}
	result, err := password.NewHasher().Verify(s.t.Context(), items[0]["hash_phc"], s.password)
	if err != nil || !result.OK {
		rt.Fatalf("after %q the password is not the owner's: %v", step, err)
	}
	for _, broken := range s.product.BrokenInvariants(s.t, s.tenant.ID, s.made) {
		rt.Fatalf("after %q: %s", step, broken)
	}
}
