package registration_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// A stranger can choose the user names and pools that the mails to a mailbox are about, and their
// form. Still, the code in the latest mail proves the mailbox for the owner's registration, once.
func TestAnyMailToAMailboxProvesItToItsOwner(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"code", "link"} {
		for _, way := range []string{
			"other user names", "another pool", "the same name with other addresses in between",
		} {
			t.Run(way+", by "+form, func(t *testing.T) {
				t.Parallel()
				other := ""
				s := exhaustMails(t, func(s *setup, i int) string {
					pool, body := s.pool, fields{"identifier": s.email, "password": strangersPassword}
					switch way {
					case "another pool":
						if other == "" {
							other = s.tenant.NewPool(t, fields{"id": "shop"})
						}
						pool = other
					default:
						body = fields{
							"identifier": fmt.Sprint("name", i), "otp_address": s.email,
							"password": strangersPassword,
						}
					}
					path := "/pools/" + pool + "/register?code_type_in_message=" + form
					return s.tenant.Public.Must(t, 201, "POST", path, body).Text(t, "ticket")
				})
				// The codes of the other addresses replace the code among those of the user name.
				if way == "the same name with other addresses in between" {
					for range 6 {
						s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
							"identifier": "name4", "otp_address": systemtest.Address("stranger"),
						})
					}
					s.product.AwaitEmptyOutbox(t)
				}
				m := s.product.Inbox.Mails(t, s.email)[4]
				code := ""
				if form == "code" {
					code = systemtest.CodeIn(t, m)
				} else {
					code = systemtest.LinkIn(t, m).Query().Get("code")
				}
				s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
				verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
				if name := findUser(
					t, s.tenant, s.pool, s.email,
				)["payload"].(fields)["name"]; name != ownersPassword {
					t.Errorf("the payload is of %v", name)
				}
				pool := s.pool
				if other != "" {
					pool = other
				}
				s.tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{
					"ticket": s.strangerTicket, "code": code,
				})
				if form == "link" {
					s.tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{
						"code": code, "password": strangersPassword,
					})
				}
			})
		}
	}
}

// The user who gives way to whoever proves the address may be the one that the redeemed code was
// made for.
func TestTheUserOfAMailedCodeGivesWay(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.strangerTicket = s.register(t, strangersPassword)
	code := systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, 1)[0])
	s.ownerTicket = s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": "gil", "otp_address": s.email, "password": ownersPassword,
		"payload": fields{"name": ownersPassword},
	}).Text(t, "ticket")
	s.product.AwaitEmptyOutbox(t)
	s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
	s.mustBelongToOwner(t, code)
	one := findUser(t, s.tenant, s.pool, "gil")["id"]
	two := findUser(t, s.tenant, s.pool, s.email)["id"]
	if one != two {
		t.Errorf("the name is of %v and the address of %v", one, two)
	}
}

// A code that its own registration has used proves the mailbox for no other one, and the other way
// round.
func TestAMailedCodeIsRedeemedOnce(t *testing.T) {
	t.Parallel()
	other := ""
	s := exhaustMails(t, func(s *setup, i int) string {
		if other == "" {
			other = "/pools/" + s.tenant.NewPool(t, nil)
		}
		return s.tenant.Public.Must(t, 201, "POST", other+"/register", fields{
			"identifier": fmt.Sprint("name", i), "otp_address": s.email, "password": strangersPassword,
		}).Text(t, "ticket")
	})
	mails := s.product.Inbox.Mails(t, s.email)
	s.tenant.Public.Must(t, 201, "POST", other+"/activate", fields{
		"ticket": s.strangerTicket, "code": systemtest.CodeIn(t, mails[4]),
	})
	s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": systemtest.CodeIn(t, mails[4])})
	// This code is older than the last two.
	s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": systemtest.CodeIn(t, mails[2])})
	s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": systemtest.CodeIn(t, mails[3])})
}

// Of many concurrent requests that present one code with tickets of different pools, one redeems
// it.
func TestOneOfManyTicketsRedeemsAMailedCode(t *testing.T) {
	t.Parallel()
	const tries = 20
	s := newSetup(t, nil)
	s.registerName(t, "first", "link")
	code := systemtest.LinkIn(t, s.product.Inbox.Await(t, s.email, 1)[0]).Query().Get("code")
	tickets := map[string]string{s.path(): ""} // by pool; "" is for the link without a ticket
	for range tries {
		pool := "/pools/" + s.tenant.NewPool(t, nil)
		tickets[pool] = s.tenant.Public.Must(t, 201, "POST", pool+"/register", fields{
			"identifier": s.email,
		}).Text(t, "ticket")
	}
	s.product.AwaitEmptyOutbox(t)
	var (
		calls sync.WaitGroup
		won   atomic.Int64
	)
	for pool, ticket := range tickets {
		calls.Go(func() {
			body := fields{"ticket": ticket, "code": code, "password": ownersPassword}
			switch got := s.tenant.Public.Call(t, "POST", pool+"/activate", body); got.Status {
			case 201:
				won.Add(1)
			case 422, 503:
			default:
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	calls.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of %d tickets have redeemed one code", won.Load(), tries)
	}
}

// A mailed code dies after five guesses with any tickets, and when it expires.
func TestAMailedCodeDies(t *testing.T) {
	t.Parallel()
	register := func(s *setup, i int) string {
		return s.registerName(t, fmt.Sprint("name", i), "code")
	}
	t.Run("by guesses", func(t *testing.T) {
		t.Parallel()
		s := exhaustMails(t, register)
		code := systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4])
		for range 5 {
			s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": systemtest.WrongCode(code)})
		}
		s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": code})
	})
	t.Run("by the guesses of a day", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, fields{"limits": fields{"code_guesses_per_day": 5}})
		s.strangerTicket = register(s, 0)
		s.product.Inbox.Await(t, s.email, 1)
		for range 2 {
			s.activate(t, 422, fields{"ticket": s.strangerTicket, "code": "no code"})
		}
		s.product.Clock.Advance(time.Minute)
		register(s, 1)
		// The code allows the mailbox's guesses 3 to 7.
		code := systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, 2)[1])
		s.ownerTicket = s.register(t, ownersPassword)
		s.product.AwaitEmptyOutbox(t)
		for range 3 {
			s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": systemtest.WrongCode(code)})
		}
		s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": code})
	})
	t.Run("by time", func(t *testing.T) {
		t.Parallel()
		other := ""
		s := exhaustMails(t, func(s *setup, _ int) string {
			if other == "" {
				other = "/pools/" + s.tenant.NewPool(t, fields{
					"otp_settings": fields{"activation": fields{"ttl": "10m"}},
				})
			}
			return s.tenant.Public.Must(t, 201, "POST", other+"/register", fields{
				"identifier": s.email,
			}).Text(t, "ticket")
		})
		code := systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4])
		s.product.Clock.Advance(10 * time.Minute)
		got := s.tenant.Public.Must(t, 422, "POST", s.path()+"/activate", fields{
			"ticket": s.ownerTicket, "code": code,
		})
		if got.Text(t, "error_code") != "code_expired" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}

// Notices, which prove nothing, have a limit of their own and do not count against the mails with a
// code.
func TestNoticesLeaveTheMailsWithACodeAlone(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"to the owner", "about another's name"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			body, other := fields{"identifier": "ann", "otp_address": s.email}, s.tenant.NewPool(t, nil)
			if way == "to the owner" {
				s.tenant.NewUser(t, other, "active", s.email, nil)
				body = fields{"identifier": s.email}
			} else {
				s.tenant.NewUser(t, other, "active", systemtest.Address("other"), fields{
					"identifiers": []fields{{"identifier": "ann", "type": "uid"}},
				})
			}
			for i := range 8 {
				s.tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/register", body)
				s.product.AwaitEmptyOutbox(t)
				if n := len(s.product.Inbox.Mails(t, s.email)); n != min(i+1, 5) {
					t.Fatalf("%d notices after %d registrations", n, i+1)
				}
				s.product.Clock.Advance(time.Minute)
			}
			ticket := s.register(t, ownersPassword)
			code := systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, 6)[5])
			s.activate(t, 201, fields{"ticket": ticket, "code": code})
		})
	}
}

// Whoever has a ticket can present the whole link of a mail instead of its code, because people
// copy it from the mail.
func TestALinkStandsForItsCode(t *testing.T) {
	t.Parallel()
	s := exhaustMails(t, func(s *setup, i int) string {
		return s.registerName(t, fmt.Sprint("name", i), "link")
	})
	link := systemtest.LinkIn(t, s.product.Inbox.Mails(t, s.email)[4])
	link.RawQuery += "&return_to=" + url.QueryEscape("https://example.com")
	s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": " " + link.String() + "\n"})
}

// The item of a mailbox always fits into the 1 KB that one write unit pays for.
func TestTheItemOfAMailboxCostsOneWriteUnit(t *testing.T) {
	t.Parallel()
	s := newSetup(t, fields{"limits": fields{"mails_per_hour": 10, "mail_pause": "10s"}})
	id := s.tenant.NewUser(t, s.pool, "new", s.email, nil)
	s.tenant.NewUser(t, s.pool, "active", systemtest.Address("other"), fields{
		"identifiers": []fields{{"identifier": "ann", "type": "uid"}},
	})
	for i := range 10 {
		s.tenant.Admin.Must(t, 204, "POST", s.path()+"/users/"+id+"/activation/send", nil)
		s.registerName(t, fmt.Sprint("name", i), "code")
		s.strangerTicket = s.registerName(t, "ann", "code")
		s.product.AwaitEmptyOutbox(t)
		s.product.Clock.Advance(10 * time.Second)
	}
	s.activate(t, 422, fields{"ticket": s.strangerTicket, "code": "000000"})
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 30 {
		t.Errorf("%d mails", n)
	}
	for _, it := range s.product.Mailboxes(t, s.tenant.ID) {
		bytes := 0
		for name, value := range it {
			bytes += len(name)
			if strings.Trim(value, "0123456789") == "" {
				bytes += len(value)/2 + 2 // a number takes a byte for two digits and one or two more
			} else {
				bytes += len(value)
			}
		}
		if bytes > 1024 || len(it) < 3*10+2*2+5 {
			t.Errorf("%d attributes take %d bytes: %v", len(it), bytes, it)
		}
	}
}

// Guesses of a stranger kill short codes. Therefore, after five guesses at a mailbox, its mails
// have links, whatever each pool allows. A registration whose own code died from guesses is
// completed with the mail of another one.
func TestGuessesKeepNobodyOut(t *testing.T) {
	t.Parallel()
	guess := func(t *testing.T, s *setup, n int) {
		for range n {
			s.activate(t, 422, fields{"ticket": s.strangerTicket, "code": "no code"})
		}
	}
	t.Run("at the codes of all mails of an hour", func(t *testing.T) {
		t.Parallel()
		s := exhaustMails(t, func(s *setup, i int) string {
			return s.registerName(t, fmt.Sprint("name", i), "code")
		})
		guess(t, s, 5)
		s.activate(t, 422, fields{
			"ticket": s.ownerTicket,
			"code":   systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4]),
		})
		s.product.Clock.Advance(56 * time.Minute)
		s.tenant.RenewTokens(t)
		s.registerName(t, "name5", "code")
		link := systemtest.LinkIn(t, s.product.Inbox.Await(t, s.email, 6)[5])
		s.activate(t, 201, fields{
			"ticket": s.ownerTicket, "code": link.String(), "password": ownersPassword,
		})
	})
	t.Run("at one's own code", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, nil)
		s.ownerTicket = s.register(t, ownersPassword)
		newestMail(t, s.product, s.email, 1)
		s.strangerTicket = s.registerName(t, "name", "code")
		s.product.AwaitEmptyOutbox(t)
		guess(t, s, 5)
		s.product.Clock.Advance(time.Minute)
		s.registerName(t, "name2", "code")
		link := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 2))
		s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": link.String()})
	})
	t.Run("in a pool that allows more", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, nil)
		lax := "/pools/" + s.tenant.NewPool(t, fields{"limits": fields{"code_guesses_per_day": 100}})
		ticket := s.tenant.Public.Must(t, 201, "POST", lax+"/register", fields{
			"identifier": s.email,
		}).Text(t, "ticket")
		newestMail(t, s.product, s.email, 1)
		for range 20 {
			s.tenant.Public.Must(t, 422, "POST", lax+"/activate", fields{
				"ticket": ticket, "code": "no code",
			})
		}
		s.product.Clock.Advance(time.Minute)
		s.tenant.Public.Must(t, 201, "POST", lax+"/register", fields{
			"identifier": "name", "otp_address": s.email,
		})
		link := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 2))
		s.ownerTicket = s.register(t, ownersPassword)
		s.product.AwaitEmptyOutbox(t)
		s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": link.String()})
	})
}

// When a user gives way, a code that was mailed for that user to somebody else's mailbox still
// works.
func TestWhoGivesWayTakesNoMailedCodeAlong(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.registerName(t, "+15550123", "code")
	code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
	s.ownerTicket = s.register(t, ownersPassword)
	s.product.AwaitEmptyOutbox(t)
	// The stranger proves the number at a back end that sends text messages.
	id := s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register?send_activation_message=false", fields{
		"identifier": "bob", "otp_address": "+15550123", "password": strangersPassword,
	}).Text(t, "id")
	text := s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+id+"/code/generate", fields{
		"type": "activation",
	}).Text(t, "code")
	s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+id+"/activate", fields{
		"code": text, "password": strangersPassword,
	})
	s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
}

// If the browser remembers a registration, the link of a stranger's registration completes the
// remembered one.
func TestALinkCompletesTheRegistrationOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	for i := range 5 {
		s.registerName(t, fmt.Sprint("rude-name-", i), "link")
		newestMail(t, s.product, s.email, i+1)
		s.product.Clock.Advance(time.Minute)
	}
	v := browser{base: s.product.BaseURL + "/" + s.tenant.ID + s.path()}
	v.follow(t, "/register", v.call(t, "/register", "identifier", s.email, "password", ownersPassword))
	s.product.AwaitEmptyOutbox(t)
	mails := s.product.Inbox.Mails(t, s.email)
	link := systemtest.LinkIn(t, mails[4])
	if got := v.call(t, "/activate?"+link.RawQuery); contains(got.Body, `type="password"`) {
		t.Error("the page asks for a password, though the registration has one")
	}
	if got := v.call(t, "/activate", "code", link.Query().Get("code")); got.Status != 303 {
		t.Fatalf("%d %s", got.Status, mainContent(got))
	}
	if ids := fmt.Sprint(
		findUser(t, s.tenant, s.pool, s.email)["identifiers"],
	); strings.Contains(ids, "rude-name") {
		t.Errorf("the owner is called %s", ids)
	}
	verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
}
