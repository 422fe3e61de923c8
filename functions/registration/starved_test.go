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

// starve has a stranger use up the mails with a code to the mailbox of s within five minutes, by
// registrations that are not its owner's, and the owner register too late for a mail. register
// makes the stranger's registration of a number and returns its ticket.
func starve(t *testing.T, register func(s *siege, i int) (ticket string)) *siege {
	t.Helper()
	s := peace(t, nil)
	for i := range 5 {
		s.stranger = register(s, i)
		s.product.Inbox.Await(t, s.email, i+1)
		s.product.Clock.Advance(time.Minute)
	}
	s.owner = s.register(t, ownersPassword)
	s.product.AwaitEmptyOutbox(t)
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 5 {
		t.Fatalf("%d mails in five minutes", n)
	}
	return s
}

// A stranger can choose for which user names and pools the mails to a mailbox are, and in what form, but a code in the
// latest of them proves the mailbox to the owner's registration, once.
func TestAnyMailToAMailboxProvesItToItsOwner(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"code", "link"} {
		for _, way := range []string{"other user names", "another pool", "the same name with other addresses in between"} {
			t.Run(way+", by "+form, func(t *testing.T) {
				t.Parallel()
				other := ""
				s := starve(t, func(s *siege, i int) string {
					pool, body := s.pool, fields{"identifier": s.email, "password": strangersPassword}
					switch way {
					case "another pool":
						if other == "" {
							other = s.tenant.NewPool(t, fields{"id": "shop"})
						}
						pool = other
					default:
						body = fields{"identifier": fmt.Sprint("name", i), "otp_address": s.email, "password": strangersPassword}
					}
					path := "/pools/" + pool + "/register?code_type_in_message=" + form
					return s.tenant.Public.Must(t, 201, "POST", path, body).Text(t, "ticket")
				})
				if way == "the same name with other addresses in between" { // which push the code out of those of the name
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
				s.activate(t, 201, fields{"ticket": s.owner, "code": code})
				verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
				if name := byKey(t, s.tenant, s.pool, s.email)["payload"].(fields)["name"]; name != ownersPassword {
					t.Errorf("the payload is of %v", name)
				}
				pool := s.pool
				if other != "" {
					pool = other
				}
				s.tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{"ticket": s.stranger, "code": code})
				if form == "link" {
					s.tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{
						"code": code, "password": strangersPassword,
					})
				}
			})
		}
	}
}

// A user who gives way to whoever proves the address can be the one whom the redeemed code was made for.
func TestTheUserOfAMailedCodeGivesWay(t *testing.T) {
	t.Parallel()
	s := peace(t, nil)
	s.stranger = s.register(t, strangersPassword)
	code := systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, 1)[0])
	s.owner = s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": "gil", "otp_address": s.email, "password": ownersPassword, "payload": fields{"name": ownersPassword},
	}).Text(t, "ticket")
	s.product.AwaitEmptyOutbox(t)
	s.activate(t, 201, fields{"ticket": s.owner, "code": code})
	s.mustBeTheOwners(t, code)
	if one, two := byKey(t, s.tenant, s.pool, "gil")["id"], byKey(t, s.tenant, s.pool, s.email)["id"]; one != two {
		t.Errorf("the name is of %v and the address of %v", one, two)
	}
}

// A code that its own registration has used proves the mailbox to no other, and one that has proved
// it to another is of no use to its own.
func TestAMailedCodeIsRedeemedOnce(t *testing.T) {
	t.Parallel()
	other := ""
	s := starve(t, func(s *siege, i int) string {
		if other == "" {
			other = "/pools/" + s.tenant.NewPool(t, nil)
		}
		return s.tenant.Public.Must(t, 201, "POST", other+"/register", fields{
			"identifier": fmt.Sprint("name", i), "otp_address": s.email, "password": strangersPassword,
		}).Text(t, "ticket")
	})
	mails := s.product.Inbox.Mails(t, s.email)
	s.tenant.Public.Must(t, 201, "POST", other+"/activate", fields{
		"ticket": s.stranger, "code": systemtest.CodeIn(t, mails[4]),
	})
	s.activate(t, 422, fields{"ticket": s.owner, "code": systemtest.CodeIn(t, mails[4])})
	s.activate(t, 422, fields{"ticket": s.owner, "code": systemtest.CodeIn(t, mails[2])}) // neither of the last two
	s.activate(t, 201, fields{"ticket": s.owner, "code": systemtest.CodeIn(t, mails[3])})
}

// Of many tickets of as many pools that come with one code at the same time, one is redeemed.
func TestOneOfManyTicketsRedeemsAMailedCode(t *testing.T) {
	t.Parallel()
	const tries = 20
	s := peace(t, nil)
	s.registerName(t, "first", "link")
	code := systemtest.LinkIn(t, s.product.Inbox.Await(t, s.email, 1)[0]).Query().Get("code")
	tickets := map[string]string{s.path(): ""} // by pool; "" for the link alone
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

// A mailed code survives five guesses with whatever tickets, and expires.
func TestAMailedCodeDies(t *testing.T) {
	t.Parallel()
	register := func(s *siege, i int) string {
		return s.registerName(t, fmt.Sprint("name", i), "code")
	}
	t.Run("by guesses", func(t *testing.T) {
		t.Parallel()
		s := starve(t, register)
		code := systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4])
		for range 5 {
			s.activate(t, 422, fields{"ticket": s.owner, "code": systemtest.WrongCode(code)})
		}
		s.activate(t, 422, fields{"ticket": s.owner, "code": code})
	})
	t.Run("by the guesses of a day", func(t *testing.T) {
		t.Parallel()
		s := peace(t, fields{"limits": fields{"code_guesses_per_day": 5}})
		s.stranger = register(s, 0)
		s.product.Inbox.Await(t, s.email, 1)
		for range 2 {
			s.activate(t, 422, fields{"ticket": s.stranger, "code": "no code"})
		}
		s.product.Clock.Advance(time.Minute)
		register(s, 1)
		code := systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, 2)[1]) // which bears the guesses 3 to 7
		s.owner = s.register(t, ownersPassword)
		s.product.AwaitEmptyOutbox(t)
		for range 3 {
			s.activate(t, 422, fields{"ticket": s.owner, "code": systemtest.WrongCode(code)})
		}
		s.activate(t, 422, fields{"ticket": s.owner, "code": code})
	})
	t.Run("by time", func(t *testing.T) {
		t.Parallel()
		other := ""
		s := starve(t, func(s *siege, _ int) string {
			if other == "" {
				other = "/pools/" + s.tenant.NewPool(t, fields{"otp_settings": fields{"activation": fields{"ttl": "10m"}}})
			}
			return s.tenant.Public.Must(t, 201, "POST", other+"/register", fields{"identifier": s.email}).Text(t, "ticket")
		})
		code := systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4])
		s.product.Clock.Advance(10 * time.Minute)
		got := s.tenant.Public.Must(t, 422, "POST", s.path()+"/activate", fields{"ticket": s.owner, "code": code})
		if got.Text(t, "error_code") != "code_expired" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}

// Notices, which prove nothing, don't use up the mails with a code to a mailbox, and there are no more of them.
func TestNoticesLeaveTheMailsWithACodeAlone(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"to the owner", "about another's name"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := peace(t, nil)
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

// Whoever has a ticket can give the whole link of a mail for its code, as it is copied from the mail.
func TestALinkStandsForItsCode(t *testing.T) {
	t.Parallel()
	s := starve(t, func(s *siege, i int) string {
		return s.registerName(t, fmt.Sprint("name", i), "link")
	})
	link := systemtest.LinkIn(t, s.product.Inbox.Mails(t, s.email)[4])
	link.RawQuery += "&return_to=" + url.QueryEscape("https://example.com")
	s.activate(t, 201, fields{"ticket": s.owner, "code": " " + link.String() + "\n"})
}

// However much is counted of a mailbox, its item is within the 1 KB that one write unit pays for.
func TestTheItemOfAMailboxCostsOneWriteUnit(t *testing.T) {
	t.Parallel()
	s := peace(t, fields{"limits": fields{"mails_per_hour": 10, "mail_pause": "10s"}})
	id := s.tenant.NewUser(t, s.pool, "new", s.email, nil)
	s.tenant.NewUser(t, s.pool, "active", systemtest.Address("other"), fields{
		"identifiers": []fields{{"identifier": "ann", "type": "uid"}},
	})
	for i := range 10 {
		s.tenant.Admin.Must(t, 204, "POST", s.path()+"/users/"+id+"/activation/send", nil)
		s.registerName(t, fmt.Sprint("name", i), "code")
		s.stranger = s.registerName(t, "ann", "code")
		s.product.AwaitEmptyOutbox(t)
		s.product.Clock.Advance(10 * time.Second)
	}
	s.activate(t, 422, fields{"ticket": s.stranger, "code": "000000"})
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 30 {
		t.Errorf("%d mails", n)
	}
	for _, it := range s.product.Mailboxes(t, s.tenant.ID) {
		bytes := 0
		for name, value := range it {
			bytes += len(name)
			if strings.Trim(value, "0123456789") == "" {
				bytes += len(value)/2 + 2 // a number: two digits a byte, and one or two more
			} else {
				bytes += len(value)
			}
		}
		if bytes > 1024 || len(it) < 3*10+2*2+5 {
			t.Errorf("%d attributes take %d bytes: %v", len(it), bytes, it)
		}
	}
}

// A stranger's guesses kill short codes, so after five at a mailbox its mails carry links, whatever
// each pool allows; and a registration whose own code is dead of guesses is completed by another's
// mail.
func TestGuessesKeepNobodyOut(t *testing.T) {
	t.Parallel()
	guess := func(t *testing.T, s *siege, n int) {
		for range n {
			s.activate(t, 422, fields{"ticket": s.stranger, "code": "no code"})
		}
	}
	t.Run("at the codes of all mails of an hour", func(t *testing.T) {
		t.Parallel()
		s := starve(t, func(s *siege, i int) string {
			return s.registerName(t, fmt.Sprint("name", i), "code")
		})
		guess(t, s, 5)
		s.activate(t, 422, fields{"ticket": s.owner, "code": systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4])})
		s.product.Clock.Advance(56 * time.Minute)
		s.tenant.RenewTokens(t)
		s.registerName(t, "name5", "code")
		link := systemtest.LinkIn(t, s.product.Inbox.Await(t, s.email, 6)[5])
		s.activate(t, 201, fields{"ticket": s.owner, "code": link.String(), "password": ownersPassword})
	})
	t.Run("at one's own code", func(t *testing.T) {
		t.Parallel()
		s := peace(t, nil)
		s.owner = s.register(t, ownersPassword)
		newest(t, s.product, s.email, 1)
		s.stranger = s.registerName(t, "name", "code")
		s.product.AwaitEmptyOutbox(t)
		guess(t, s, 5)
		s.product.Clock.Advance(time.Minute)
		s.registerName(t, "name2", "code")
		link := systemtest.LinkIn(t, newest(t, s.product, s.email, 2))
		s.activate(t, 201, fields{"ticket": s.owner, "code": link.String()})
	})
	t.Run("in a pool that allows more", func(t *testing.T) {
		t.Parallel()
		s := peace(t, nil)
		lax := "/pools/" + s.tenant.NewPool(t, fields{"limits": fields{"code_guesses_per_day": 100}})
		ticket := s.tenant.Public.Must(t, 201, "POST", lax+"/register", fields{"identifier": s.email}).Text(t, "ticket")
		newest(t, s.product, s.email, 1)
		for range 20 {
			s.tenant.Public.Must(t, 422, "POST", lax+"/activate", fields{"ticket": ticket, "code": "no code"})
		}
		s.product.Clock.Advance(time.Minute)
		s.tenant.Public.Must(t, 201, "POST", lax+"/register", fields{"identifier": "name", "otp_address": s.email})
		link := systemtest.LinkIn(t, newest(t, s.product, s.email, 2))
		s.owner = s.register(t, ownersPassword)
		s.product.AwaitEmptyOutbox(t)
		s.activate(t, 201, fields{"ticket": s.owner, "code": link.String()})
	})
}

// A user who gives way takes no code along that was mailed to somebody else's mailbox.
func TestWhoGivesWayTakesNoMailedCodeAlong(t *testing.T) {
	t.Parallel()
	s := peace(t, nil)
	s.registerName(t, "+15550123", "code")
	code := systemtest.CodeIn(t, newest(t, s.product, s.email, 1))
	s.owner = s.register(t, ownersPassword)
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
	s.activate(t, 201, fields{"ticket": s.owner, "code": code})
}

// In a pool that tells cases apart, a code that was mailed to strasse@… proves nothing of straße@….
func TestAFoldedAddressIsAnother(t *testing.T) {
	t.Parallel()
	s := peace(t, fields{"identifier_case_insensitive": false})
	mine := systemtest.Address("strasse")
	theirs := strings.Replace(mine, "strasse", "straße", 1)
	s.tenant.NewUser(t, s.pool, "new", theirs, nil)
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": mine})
	code := systemtest.CodeIn(t, newest(t, s.product, mine, 1))
	ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": theirs, "password": strangersPassword,
	}).Text(t, "ticket")
	s.product.AwaitEmptyOutbox(t)
	s.activate(t, 422, fields{"ticket": ticket, "code": code, "password": strangersPassword})
}

// Whoever follows the link of a stranger's registration in the browser that remembers their own completes their own.
func TestALinkCompletesTheRegistrationOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := peace(t, nil)
	for i := range 5 {
		s.registerName(t, fmt.Sprint("rude-name-", i), "link")
		newest(t, s.product, s.email, i+1)
		s.product.Clock.Advance(time.Minute)
	}
	v := visitor{base: s.product.BaseURL + "/" + s.tenant.ID + s.path()}
	v.follow(t, "/register", v.call(t, "/register", "identifier", s.email, "password", ownersPassword))
	s.product.AwaitEmptyOutbox(t)
	mails := s.product.Inbox.Mails(t, s.email)
	link := systemtest.LinkIn(t, mails[4])
	if got := v.call(t, "/activate?"+link.RawQuery); contains(got.Body, `type="password"`) {
		t.Error("the page asks for a password, though the registration has one")
	}
	if got := v.call(t, "/activate", "code", link.Query().Get("code")); got.Status != 303 {
		t.Fatalf("%d %s", got.Status, shown(got))
	}
	if ids := fmt.Sprint(byKey(t, s.tenant, s.pool, s.email)["identifiers"]); strings.Contains(ids, "rude-name") {
		t.Errorf("the owner is called %s", ids)
	}
	verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
}
