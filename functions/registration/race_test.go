package registration_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// An administrator creates a user whose name an unproved user of a stranger has, while the stranger
// activates. One of the two succeeds, and the administrator's user never becomes the stranger's.
func TestCreateUserWhileTheStrangerActivates(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	for range 8 {
		name, mine := "root-"+systemtest.Unique(), systemtest.Address("stranger")
		ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
			"identifier": name, "otp_address": mine, "password": strangersPassword,
		}).Text(t, "ticket")
		code := systemtest.CodeIn(t, newestMail(t, s.product, mine, 1))
		var create, activate, again systemtest.Response
		var calls sync.WaitGroup
		calls.Go(func() {
			create = s.tenant.Admin.Call(t, "POST", s.path()+"/users", fields{
				"status": "new", "identifiers": []fields{{"identifier": name, "type": "uid"}},
				"metadata": fields{"role": "administrator"},
			})
		})
		calls.Go(func() {
			activate = s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{
				"ticket": ticket, "code": code,
			})
		})
		calls.Go(func() {
			again = s.tenant.Public.Call(t, "POST", s.path()+"/register", fields{
				"identifier": name, "otp_address": mine, "password": strangersPassword,
			})
		})
		calls.Wait()
		in := s.tenant.System.Call(t, "POST", s.path()+"/user/password/verify", fields{
			"identifier": name, "password": strangersPassword,
		})
		if create.Status == 201 && in.Status == 200 ||
			create.Status == 201 && activate.Status == 201 || again.Status >= 500 ||
			create.Status >= 500 {
			t.Errorf(
				"create %d, activate %d, register again %d, the stranger signs in: %d",
				create.Status, activate.Status, again.Status, in.Status,
			)
		}
	}
}

// A wrong guess that is repeated under one idempotency key counts once. A code that a new one
// replaces does not work any more.
func TestAGuessRepeatedUnderOneKey(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.strangerTicket = s.register(t, strangersPassword)
	code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
	key := systemtest.Secret()
	for range 30 {
		s.tenant.Public.Must(
			t, 422, "POST", s.path()+"/activate",
			fields{"ticket": s.strangerTicket, "code": systemtest.WrongCode(code)},
			"Idempotency-Key", key,
		)
	}
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
		"ticket": s.strangerTicket,
	})
	m := newestMail(t, s.product, s.email, 2)
	if got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{
		"ticket": s.strangerTicket, "code": code,
	}); got.Status != 422 {
		t.Errorf("the old code: %d", got.Status)
	}
	if strings.Contains(m.Text, "http") {
		t.Errorf("one wrong guess and its repeats have used up the guesses of a day:\n%s", m.Text)
	}
}
