package registration_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/api"
)

// A code that a back end generates for an administrator's user without an address is not made for
// the address of a stranger's registration.
func TestAGeneratedCodeIsNotForAStrangersAddress(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	name, mine := "root-"+systemtest.Unique(), systemtest.Address("stranger")
	id := s.tenant.Admin.Must(t, 201, "POST", s.path()+"/users", fields{
		"status": "new", "identifiers": []fields{{"identifier": name, "type": "uid"}},
	}).Text(t, "id")
	generate := s.path() + "/users/" + id + "/code/generate"
	s.tenant.System.Must(t, 422, "POST", generate, fields{"type": "activation"})
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": name, "otp_address": mine, "password": strangersPassword,
	})
	s.tenant.System.Must(t, 422, "POST", generate, fields{"type": "activation"})
	s.tenant.System.Must(t, 422, "POST", generate, fields{"type": "activation", "address": mine})
}

// An administrator's user has an address that is neither an identifier nor verified. A stranger's
// registration of that address prevents neither the invitation nor the activation.
func TestAnUnprovedIdentifierBlocksNoInvitation(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"before the invitation", "after the invitation"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			name := "bob-" + systemtest.Unique()
			id := s.tenant.Admin.Must(t, 201, "POST", s.path()+"/users", fields{
				"status": "new", "identifiers": []fields{{"identifier": name, "type": "uid"}},
				"verifiable_addresses": []fields{{"address": s.email, "type": "email"}},
			}).Text(t, "id")
			invite := s.path() + "/users/" + id + "/activation/send?mode=invitation"
			if order == "before the invitation" {
				s.register(t, strangersPassword)
				s.product.AwaitEmptyOutbox(t)
				if got := s.tenant.Admin.Call(t, "POST", invite, nil); got.Status != 204 {
					t.Errorf("the administrator's invitation: %d %s", got.Status, got.Body)
				}
				return
			}
			s.tenant.Admin.Must(t, 204, "POST", invite, nil)
			code := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 1)).Query().Get("code")
			s.register(t, strangersPassword)
			s.product.AwaitEmptyOutbox(t)
			if got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{
				"code": code, "password": ownersPassword,
			}); got.Status != 201 {
				t.Errorf("the invitee: %d %s", got.Status, got.Body)
			}
		})
	}
}

// Resends by user name count among the mailboxes that a source reaches.
func TestResendsByUserNameCountAsMailboxes(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"limits": fields{"source_mailboxes_per_hour": 1}})
	var mailed int
	var addresses []string
	for i := range 4 {
		address, name := systemtest.Address("owner"), fmt.Sprintf("owner%d", i)
		addresses = append(addresses, address)
		tenant.NewUser(t, pool, "active", address, fields{
			"identifiers": []fields{
				{"identifier": address, "type": "email"}, {"identifier": name, "type": "uid"},
			},
		})
		r := httptest.NewRequest(
			http.MethodPost, "/api/identity/"+tenant.ID+"/public/pools/"+pool+"/activation/send",
			nil,
		)
		r.RemoteAddr = "192.0.2.7:1"
		r.Header.Set("Content-Type", "application/json")
		if _, err := product.Functions["registration"](
			t.Context(), api.Event(r, fmt.Appendf(nil, `{"address": %q}`, name), "id"),
		); err != nil {
			t.Fatal(err)
		}
	}
	product.AwaitEmptyOutbox(t)
	for _, address := range addresses {
		mailed += len(product.Inbox.Mails(t, address))
	}
	if mailed != 1 {
		t.Errorf("one source caused mails to %d mailboxes; 1 is allowed", mailed)
	}
}

// A user whom an administrator has changed while unproved is kept after the registration has
// expired.
func TestAUserWhomAnAdministratorWorkedOnStays(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.register(t, ownersPassword)
	newestMail(t, s.product, s.email, 1)
	id := findUser(t, s.tenant, s.pool, s.email)["id"].(string)
	s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{
		"metadata": fields{"role": "member"},
	})
	s.product.Clock.Advance(49 * time.Hour)
	s.tenant.RenewTokens(t)
	expired := s.product.Expire(t)
	s.product.Stream(t.Context(), systemtest.StreamEvent("REMOVE", expired...))
	s.product.AwaitEmptyOutbox(t)
	got := s.tenant.Admin.Call(t, "GET", s.path()+"/users/"+id, nil)
	if got.Status != 200 {
		t.Errorf("%d expired, the user: %d", len(expired), got.Status)
	}
}

// If a stranger's unproved user has given way to an administrator's user, the stranger's ticket
// does not work any more.
func TestTheTicketOfAUserWhoGaveWayIsWorthNothing(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	name, mine := "root-"+systemtest.Unique(), systemtest.Address("stranger")
	ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": name, "otp_address": mine, "password": strangersPassword,
	}).Text(t, "ticket")
	code := systemtest.CodeIn(t, newestMail(t, s.product, mine, 1))
	old := findUser(t, s.tenant, s.pool, name)["id"].(string)
	s.tenant.Admin.Must(t, 201, "POST", s.path()+"/users", fields{
		"status": "new", "identifiers": []fields{{"identifier": name, "type": "uid"}},
	})
	if got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{
		"ticket": ticket, "code": code,
	}); got.Status != 422 {
		t.Errorf("old ticket and code: %d", got.Status)
	}
	// An administrator makes a user under the old id, with another name.
	s.tenant.Admin.Must(t, 201, "POST", s.path()+"/users", fields{
		"id": old, "status": "new", "identifiers": []fields{{"identifier": name + "2", "type": "uid"}},
	})
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"ticket": ticket})
	s.product.AwaitEmptyOutbox(t)
	for _, m := range s.product.Inbox.Mails(t, mine)[1:] {
		if m.Subject != "The name you chose for Partners is taken" {
			t.Errorf(
				"the stranger's old registration gets %q for the user who has the old id now",
				m.Subject,
			)
		}
	}
}

// A registration of a user name can be completed with a mail that was asked for again by that name.
func TestAResendByUserNameCanBeRedeemed(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"link", "code"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			name := "gil-" + systemtest.Unique()
			ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register?code_type_in_message="+form, fields{
				"identifier": name, "otp_address": s.email, "password": ownersPassword,
			}).Text(t, "ticket")
			newestMail(t, s.product, s.email, 1)
			s.product.Clock.Advance(2 * time.Minute)
			s.tenant.Public.Must(
				t, 202, "POST", s.path()+"/activation/send?code_type_in_message="+form,
				fields{"address": name},
			)
			m := newestMail(t, s.product, s.email, 2)
			body := fields{"ticket": ticket}
			if form == "code" {
				body["code"] = systemtest.CodeIn(t, m)
			} else {
				body = fields{
					"code":     systemtest.LinkIn(t, m).Query().Get("code"),
					"password": "the owner's new password",
				}
			}
			s.tenant.Public.Must(t, 201, "POST", s.path()+"/activate", body)
			if got := findUser(t, s.tenant, s.pool, name); got["status"] != "active" {
				t.Errorf("the user is %v", got)
			}
		})
	}
}
