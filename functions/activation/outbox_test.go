package activation_test

import (
	"net/http"
	"slices"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// productWithCode is a product in which nobody takes messages out of the outbox, with a pool and a new
// user who has a code.
type productWithCode struct {
	*systemtest.Product
	tenant           *systemtest.Tenant
	pool, user, code string // the paths of pool and user
}

func newProductWithCode(t *testing.T) *productWithCode {
	t.Helper()
	s := &productWithCode{Product: systemtest.New(t, systemtest.WithMiddleware(
		systemtest.InjectFaults,
	), systemtest.WithoutPauses,
		func(c *system.Config) { c.Quiet = true })}
	s.tenant = s.NewTenant(t)
	pool := s.tenant.NewPool(t, nil)
	s.pool = "/pools/" + pool
	s.user = s.pool + "/users/" + s.tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil)
	s.code = s.tenant.System.Must(t, 201, "POST", s.user+"/code/generate", fields{"type": "activation"}).Text(t, "code")
	return s
}

// registered reports whether a registration waits for its mailbox. The item of the registration is
// stored before that and has no effect alone.
func (s *productWithCode) registered(t *testing.T) bool {
	return slices.ContainsFunc(s.Stored(t, "MAILBOX#"), func(it systemtest.Item) bool { return it["w1"] != "" })
}

// active reports whether the user is active.
func (s *productWithCode) active(t *testing.T) bool {
	return s.tenant.Admin.Must(t, 200, "GET", s.user, nil).Text(t, "status") == "active"
}

// killed reports whether the user's code is dead.
func (s *productWithCode) killed(t *testing.T) bool {
	return s.tenant.System.Call(t, "POST", s.user+"/activate", fields{"code": s.code}).Status ==
		http.StatusUnprocessableEntity
}

// A change and the message that it asks for are one transaction: whichever call to the table is the
// last that a process makes, either both are there afterwards or neither is.
func TestAChangeAndItsMessageAreOneTransaction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		function string
		request  func(*testing.T, *productWithCode) *http.Request
		changed  func(*productWithCode, *testing.T) bool
	}{
		"a registration and its code": {"registration", func(t *testing.T, s *productWithCode) *http.Request {
			return s.tenant.Public.Request(t, "POST", s.pool+"/register",
				fields{"identifier": systemtest.Address("bob"), "password": systemtest.Password})
		}, (*productWithCode).registered},
		"an activation and the notice of the password": {"activation", func(t *testing.T, s *productWithCode) *http.Request {
			return s.tenant.System.Request(t, "POST", s.user+"/activate",
				fields{"code": s.code, "password": systemtest.Password})
		}, (*productWithCode).active},
		"an invitation and the end of earlier codes": {"activation", func(t *testing.T, s *productWithCode) *http.Request {
			return s.tenant.Admin.Request(t, "POST", s.user+"/activation/send", nil)
		}, (*productWithCode).killed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outcomes := map[bool]bool{}
			for _, kind := range []systemtest.FaultKind{systemtest.Failed, systemtest.Lost} {
				for call, calls := 0, 1; call <= calls; call++ { // the last time, no call meets the fault
					s, f := newProductWithCode(t), &systemtest.Fault{Kind: kind, Reach: systemtest.Lasting, Call: call}
					got := s.InvokeFunction(f.Context(t.Context()), t, c.function, c.request(t, s))
					messages := len(s.Stored(t, "MESSAGE#"))
					changed := c.changed(s, t)
					if changed != (messages == 1) || messages > 1 {
						t.Errorf("call %d of %v %s: answered %d; it changed is %t, and there are %d messages",
							call, f.Calls(), kind, got.Status, changed, messages)
					}
					outcomes[changed] = true
					calls = max(calls, len(f.Calls()))
					if call > 20 {
						t.Fatal("the request makes more and more calls")
					}
				}
			}
			if !outcomes[true] || !outcomes[false] {
				t.Errorf("the change took effect or not: %v", outcomes)
			}
		})
	}
}
