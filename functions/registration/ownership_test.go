package registration_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// The tests of this file check three rules.
//
//   - Whoever proves the mailbox decides the password.
//   - A registration becomes the user's only if whoever proves the mailbox shows that the
//     registration is their own: by its ticket or, to a back end, because no other registration
//     waits for the address.
//   - No registration completes a user whom an administrator made or who has a password.

// A registration does not complete a user whom an administrator made: neither its password nor its
// payload become the user's.
func TestNoRegistrationCompletesAnInvitedUser(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"code", "link"} {
		for _, order := range []string{"the invitation comes first", "the registration comes first"} {
			t.Run(form+", "+order, func(t *testing.T) {
				t.Parallel()
				s := newSetup(t, nil)
				id := s.tenant.NewUser(t, s.pool, "new", s.email, fields{
					"metadata": fields{"role": "administrator"},
				})
				steps := []func(){
					func() {
						s.tenant.Admin.Must(
							t, 204, "POST",
							s.path()+"/users/"+id+"/activation/send?mode=invitation", nil,
						)
					},
					func() {
						s.strangerTicket = s.tenant.Public.Must(t, 201, "POST", s.path()+"/register?code_type_in_message="+form, fields{
							"identifier": s.email, "password": strangersPassword,
							"payload": fields{"name": "stranger"},
						}).Text(t, "ticket")
					},
				}
				if order == "the registration comes first" {
					steps[0], steps[1] = steps[1], steps[0]
				}
				for i, step := range steps {
					step()
					if m := newestMail(
						t, s.product, s.email, i+1,
					); m.Subject != "You are invited to Partners" {
						t.Errorf("mail %d says %q", i+1, m.Subject)
					}
				}
				m := newestMail(t, s.product, s.email, 2)
				body := fields{"code": ""}
				if strings.Contains(m.Text, "http") {
					body["code"] = systemtest.LinkIn(t, m).Query().Get("code")
				} else {
					body["code"], body["ticket"] = systemtest.CodeIn(t, m), s.strangerTicket
				}
				if body["ticket"] != nil {
					s.activate(t, 422, body) // a password is required even with the stranger's ticket
				}
				body["password"] = ownersPassword
				s.activate(t, 201, body)
				verify(t, s.tenant, s.pool, s.email, strangersPassword, 401)
				verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
				u := findUser(t, s.tenant, s.pool, s.email)
				if text := fmt.Sprint(u["payload"]); strings.Contains(text, "stranger") ||
					u["metadata"].(fields)["role"] != "administrator" {
					t.Errorf("the user is %v", u)
				}
			})
		}
	}
}

// Somebody who has the link of a mail and no ticket may be another than the one who registered.
// They choose the password, on the API as on the page.
func TestALinkAloneCompletesNothing(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register?code_type_in_message=link", fields{
		"identifier": s.email, "password": strangersPassword, "payload": fields{"name": "stranger"},
	})
	code := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 1)).Query().Get("code")
	if got := s.tenant.Public.Must(t, 422, "POST", s.path()+"/activate", fields{
		"code": code,
	}); !contains(got.Body, `"pointer":"/password"`) {
		t.Errorf("answers %s", got.Body)
	}
	s.activate(t, 201, fields{"code": code, "password": ownersPassword})
	verify(t, s.tenant, s.pool, s.email, strangersPassword, 401)
	verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
	if text := fmt.Sprint(
		findUser(t, s.tenant, s.pool, s.email)["payload"],
	); strings.Contains(text, "stranger") {
		t.Errorf("the payload is %s", text)
	}
}

// A password that an administrator has set is neither replaced by that of a registration nor lost.
func TestNoRegistrationReplacesThePasswordOfAnAdministrator(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.tenant.NewUser(t, s.pool, "new", s.email, fields{
		"credentials": []fields{{"type": "password", "password": ownersPassword}},
	})
	s.strangerTicket = s.register(t, strangersPassword)
	code := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 1)).Query().Get("code")
	s.activate(t, 422, fields{"code": code, "password": strangersPassword})
	s.activate(t, 201, fields{"ticket": s.strangerTicket, "code": code})
	verify(t, s.tenant, s.pool, s.email, strangersPassword, 401)
	verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
}

// On the system tree, the registration counts as that of whoever presents the code if it is the
// only one that waits for the address. It does not if the code was sent again, because then it
// belongs to no registration.
func TestABackEndCompletesTheOnlyRegistration(t *testing.T) {
	t.Parallel()
	register := func(s *setup, password string) {
		body := fields{"identifier": s.email, "password": password}
		s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register?code_type_in_message=code", body)
	}
	resend := func(s *setup) {
		s.product.Clock.Advance(time.Minute)
		s.tenant.System.Must(
			t, 204, "POST",
			s.path()+"/users/"+findUser(
				t, s.tenant, s.pool, s.email,
			)["id"].(string)+"/activation/send?code_type_in_message=code",
			nil,
		)
	}
	for _, c := range []struct {
		name  string
		steps func(s *setup)
		mails int
		asks  bool
	}{
		{"it is the only one", func(s *setup) { register(s, ownersPassword) }, 1, false},
		{"the stranger came first and got the mail", func(s *setup) {
			s.strangerTicket = s.register(t, strangersPassword)
			register(s, ownersPassword)
		}, 1, true},
		{"the stranger came later", func(s *setup) {
			register(s, ownersPassword)
			s.strangerTicket = s.register(t, strangersPassword)
		}, 1, true},
		{"only the stranger registered, and the mail was asked for anew", func(s *setup) {
			s.strangerTicket = s.register(t, strangersPassword)
			newestMail(t, s.product, s.email, 1)
			resend(s)
		}, 2, true},
	} {
		for _, form := range []string{
			"by user id", "by extended code", "with a code of the back end's own",
		} {
			if form == "with a code of the back end's own" && c.mails == 2 {
				continue
			}
			t.Run(c.name+", "+form, func(t *testing.T) {
				t.Parallel()
				s := newSetup(t, nil)
				c.steps(s)
				m := newestMail(t, s.product, s.email, c.mails)
				s.product.AwaitEmptyOutbox(t)
				id := findUser(t, s.tenant, s.pool, s.email)["id"].(string)
				path, body := s.path()+"/users/"+id+"/activate", fields{"code": systemtest.CodeIn(t, m)}
				if form != "by user id" {
					made := s.tenant.System.Must(
						t, 201, "POST", s.path()+"/users/"+id+"/code/generate",
						fields{"type": "activation"},
					)
					body["code"] = made.Text(t, "code")
					if form == "by extended code" {
						path, body["code"] = s.path()+"/user/activate", made.Text(t, "extended_code")
					}
					if c.mails == 2 {
						return // a code that the back end generates is not sent again
					}
				}
				if c.asks {
					s.tenant.System.Must(t, 422, "POST", path, body)
					body["password"] = ownersPassword
				}
				s.tenant.System.Must(t, 201, "POST", path, body)
				verify(t, s.tenant, s.pool, s.email, strangersPassword, 401)
				verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
			})
		}
	}
}

// A stranger cannot push out the owner's registration and leave a single one of their own, which a
// back end would take for the owner's.
func TestARegistrationThatGaveWayIsNotForgotten(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	other := s.tenant.NewPool(t, nil)
	id := s.tenant.System.Must(
		t, 201, "POST", s.path()+"/user/register?send_activation_message=false",
		fields{"identifier": s.email, "password": ownersPassword},
	).Text(t, "id")
	s.strangerTicket = s.register(t, strangersPassword)
	for range 4 {
		s.tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/register", fields{"identifier": s.email})
	}
	code := s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+id+"/code/generate", fields{
		"type": "activation",
	}).Text(t, "code")
	body := fields{"code": code}
	s.tenant.System.Must(t, 422, "POST", s.path()+"/users/"+id+"/activate", body)
	body["password"] = ownersPassword
	s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+id+"/activate", body)
	verify(t, s.tenant, s.pool, s.email, strangersPassword, 401)
	verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
}

// Two user names wait for one address. The name does not tell which of the two redeems the code, so
// no registration is completed.
func TestARegistrationIsContestedByItsMailbox(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	register := func(name, password string) {
		s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register", fields{
			"identifier": name, "otp_address": s.email, "password": password,
		})
	}
	register("stranger", strangersPassword)
	first := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 1)).Query().Get("code")
	s.product.Clock.Advance(2 * time.Minute)
	register("owner", ownersPassword)
	second := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 2)).Query().Get("code")
	for _, code := range []string{first, second} {
		s.tenant.System.Must(t, 422, "POST", s.path()+"/user/activate", fields{"code": code})
		s.activate(t, 422, fields{"code": code})
	}
	s.activate(t, 201, fields{"code": second, "password": ownersPassword})
	verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
	verify(t, s.tenant, s.pool, "stranger", strangersPassword, 401)
}

// The given address gets a mail whether or not the phone number or the name that came with it is
// taken, and whoever has taken it.
func TestAMailComesWhetherOrNotTheNameIsTaken(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	owner := systemtest.Address("owner")
	s.tenant.NewUser(t, s.pool, "active", owner, fields{
		"identifiers": []fields{
			{"identifier": owner, "type": "email"}, {"identifier": "+15550100", "type": "mobile"},
		},
	})
	s.tenant.NewUser(t, s.pool, "new", owner, fields{
		"identifiers": []fields{{"identifier": "invited", "type": "uid"}},
	})
	for number, subject := range map[string]string{
		"+15550100": "The name you chose for Partners is taken",
		"invited":   "The name you chose for Partners is taken",
		"+15550101": "Confirm your address for Partners",
	} {
		mine := systemtest.Address("mine")
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
			"identifier": number, "otp_address": mine,
		})
		if m := newestMail(t, s.product, mine, 1); m.Subject != subject ||
			strings.Contains(m.Text, owner) {
			t.Errorf("%s: %q\n%s", number, m.Subject, m.Text)
		}
	}
	s.product.AwaitEmptyOutbox(t)
	if got := s.product.Inbox.Mails(t, owner); len(got) > 0 {
		t.Errorf("the owner gets %d mails about an address that is not theirs", len(got))
	}
}

// A stranger's registration of the address of an administrator's user does not hinder that user. A
// user who has proved nothing gives way to the invitation and to whoever proves the address.
func TestAStrangerDoesNotTakeTheAddressOfAnInvitedUser(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"before the invitation", "after the invitation"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			id := s.tenant.NewUser(t, s.pool, "new", "", fields{
				"identifiers":          []fields{{"identifier": "gil", "type": "uid"}},
				"verifiable_addresses": []fields{{"address": s.email, "type": "email"}},
			})
			if order == "before the invitation" {
				s.strangerTicket = s.register(t, strangersPassword)
				s.product.Inbox.Await(t, s.email, 1)
			}
			s.tenant.Admin.Must(
				t, 204, "POST", s.path()+"/users/"+id+"/activation/send?mode=invitation", nil,
			)
			mails := 1
			if order == "before the invitation" {
				mails = 2
			}
			invitation := newestMail(t, s.product, s.email, mails)
			if order == "after the invitation" {
				s.strangerTicket = s.register(t, strangersPassword)
			}
			link := systemtest.LinkIn(t, invitation).Query().Get("code")
			s.activate(t, 201, fields{"code": link, "password": ownersPassword})
			u := findUser(t, s.tenant, s.pool, s.email)
			if u["id"] != id || u["status"] != "active" {
				t.Errorf("the address finds %v", u)
			}
			verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
			s.product.AwaitEmptyOutbox(t)
			if broken := s.product.BrokenInvariants(
				t, s.tenant.ID, map[string]bool{id: true},
			); len(broken) > 0 {
				t.Errorf("broken: %v", broken)
			}
		})
	}
}

// If a stranger registers an address first, in another spelling, the user gets the spelling that
// the owner proved.
func TestTheStrangersSpellingDoesNotStay(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	// The spelling has full-width capitals and a line break.
	spelled := " \uff27\uff29\uff2c" + strings.TrimPrefix(s.email, "gil") + "\n"
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": strings.ToUpper(spelled), "password": strangersPassword,
	})
	s.product.Inbox.Await(t, s.email, 1)
	s.product.Clock.Advance(2 * time.Minute)
	s.ownerTicket = s.register(t, ownersPassword)
	s.activate(t, 201, fields{
		"ticket": s.ownerTicket, "code": systemtest.CodeIn(t, newestMail(t, s.product, s.email, 2)),
	})
	u := findUser(t, s.tenant, s.pool, s.email)
	for _, list := range []string{"identifiers", "verifiable_addresses"} {
		for _, entry := range u[list].([]any) {
			for _, name := range []string{"identifier", "address"} {
				if value, has := entry.(fields)[name]; has && value != s.email {
					t.Errorf("%s has %q", list, value)
				}
			}
		}
	}
}
