package registration_test

import (
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// submission is something that somebody submits to activate: how it is submitted, and the status of
// the answer if it succeeds.
type submission struct {
	status int
	submit func(*testing.T) systemtest.Response
}

// submissions returns the ways to activate. Each of them is in a pool of its own, with a user who
// can be activated. The browsers of the pages keep no cookie of an answer, like one whose second click
// comes before the first answer.
func submissions() map[string]func(*testing.T, *poolBrowser) submission {
	register := func(t *testing.T, b *poolBrowser) (ticket, code string) {
		t.Helper()
		email := systemtest.Address("ann")
		ticket = b.tenant.Public.Must(t, 201, "POST", "/pools/"+b.pool+"/register", fields{
			"identifier": email, "password": systemtest.Password,
		}).Text(t, "ticket")
		return ticket, systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
	}
	public := func(b *poolBrowser, body fields) submission {
		return submission{201, func(t *testing.T) systemtest.Response {
			t.Helper()
			return b.tenant.Public.Call(t, "POST", "/pools/"+b.pool+"/activate", body)
		}}
	}
	form := func(b *poolBrowser, page string, pairs ...string) submission {
		return submission{303, func(t *testing.T) systemtest.Response {
			t.Helper()
			again := b.browser
			return again.call(t, page, pairs...)
		}}
	}
	return map[string]func(*testing.T, *poolBrowser) submission{
		"a ticket": func(t *testing.T, b *poolBrowser) submission {
			ticket, code := register(t, b)
			return public(b, fields{"ticket": ticket, "code": code})
		},
		"a link": func(t *testing.T, b *poolBrowser) submission {
			code := b.invitation(t, nil).Query().Get("code")
			return public(b, fields{"code": code, "password": systemtest.Password})
		},
		"the page for the code": func(t *testing.T, b *poolBrowser) submission {
			email := systemtest.Address("ann")
			b.signUp(t, email)
			code := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
			return form(b, b.at("register/code"), "code", code)
		},
		"the page of a link": func(t *testing.T, b *poolBrowser) submission {
			return form(b, b.at("activate"), linkForm(t, b, b.invitation(t, nil))...)
		},
		"the page of a link, in the browser of the registration": func(t *testing.T, b *poolBrowser) submission {
			email := systemtest.Address("ann")
			b.signUp(t, email)
			b.product.Inbox.Await(t, email, 1)
			b.product.Clock.Advance(2 * time.Minute)
			b.tenant.Public.Must(t, 202, "POST", "/pools/"+b.pool+"/activation/send?code_type_in_message=link",
				fields{"address": email})
			link := systemtest.LinkIn(t, b.product.Inbox.Await(t, email, 2)[1])
			return form(b, b.at("activate"), linkForm(t, b, link)...)
		},
	}
}

// linkForm opens a link and returns what its form submits, with a password.
func linkForm(t *testing.T, b *poolBrowser, link *url.URL) []string {
	t.Helper()
	page := b.call(t, link.RequestURI())
	id := regexp.MustCompile(`name="form" value="([^"]+)"`).FindSubmatch(page.Body)
	if id == nil {
		t.Fatalf("the form has no id: %s", page.Body)
	}
	return []string{"code", link.Query().Get("code"), "form", string(id[1]), "password", systemtest.Password}
}

// same reports whether two answers are alike. The cookies are sealed, so they differ.
func same(a, b systemtest.Response) bool {
	return a.Status == b.Status && string(a.Body) == string(b.Body) &&
		a.Header.Get("Location") == b.Header.Get("Location") &&
		(a.Header.Get("Set-Cookie") == "") == (b.Header.Get("Set-Cookie") == "")
}

// A code that is submitted again at once, as by a double click, is answered as the first time. The
// repeats write nothing and spend no guess.
func TestACodeIsSubmittedAgain(t *testing.T) {
	t.Parallel()
	for name, prepare := range submissions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newPoolBrowser(t, nil)
			s := prepare(t, b)
			first := s.submit(t)
			b.product.AwaitEmptyOutbox(t)
			items, box := b.product.CountItems(t, "USER", "MESSAGE#"), b.product.Mailboxes(t, b.tenant.ID)[0]
			for range 3 {
				if again := s.submit(t); first.Status != s.status || !same(again, first) {
					t.Fatalf("first %d %s %s, again %d %s %s", first.Status, first.Header, first.Body,
						again.Status, again.Header, again.Body)
				}
			}
			after := b.product.Mailboxes(t, b.tenant.ID)[0]
			if after["guesses"] != box["guesses"] || after["spent"] != box["spent"] {
				t.Errorf("the mailbox was %v, and is %v", box, after)
			}
			if got := b.product.CountItems(t, "USER", "MESSAGE#"); got != items {
				t.Errorf("%d items before the repeats, %d after them", items, got)
			}
			b.product.Clock.Advance(10 * time.Minute)
			if got := s.submit(t); got.Status != 422 {
				t.Errorf("ten minutes later %d %s", got.Status, got.Body)
			}
		})
	}
}

// Twenty submissions at once of the same right code are all answered alike, and activate once.
func TestACodeIsSubmittedTwentyTimesAtOnce(t *testing.T) {
	t.Parallel()
	for name, prepare := range submissions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newPoolBrowser(t, nil)
			s := prepare(t, b)
			answers := make([]systemtest.Response, 20)
			var calls sync.WaitGroup
			for i := range answers {
				calls.Go(func() { answers[i] = s.submit(t) })
			}
			calls.Wait()
			for _, got := range answers {
				if got.Status != s.status || !same(got, answers[0]) {
					t.Errorf("answered %d %s %s", got.Status, got.Header, got.Body)
				}
			}
		})
	}
}

// A browser that has activated with a link may go back and submit the form again.
func TestABrowserGoesBackToALink(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, nil)
	form := linkForm(t, b, b.invitation(t, nil))
	first := b.call(t, b.at("activate"), form...)
	if again := b.call(t, b.at("activate"), form...); first.Status != 303 || !same(again, first) {
		t.Errorf("first %d, again %d %s", first.Status, again.Status, again.Body)
	}
	// A second tab of the browser has another form.
	form[3] = "the id of another form"
	if again := b.call(t, b.at("activate"), form...); !same(again, first) {
		t.Errorf("in another tab %d %s", again.Status, again.Body)
	}
}

// Whoever has only the code, the link, or another ticket repeats nothing.
func TestOthersRepeatNothing(t *testing.T) {
	t.Parallel()
	t.Run("another browser with the link", func(t *testing.T) {
		t.Parallel()
		b := newPoolBrowser(t, nil)
		link := b.invitation(t, nil)
		other := *b
		form, others := linkForm(t, b, link), linkForm(t, &other, link)
		b.call(t, b.at("activate"), form...)
		if got := other.call(t, link.RequestURI()); contains(got.Body, `name="password"`) {
			t.Errorf("another browser is shown %s", got.Body)
		}
		for _, submitted := range [][]string{others, others[:2], append(others[:2:2], others[4:]...)} {
			if got := other.call(t, b.at("activate"), submitted...); got.Status != 422 {
				t.Errorf("another browser is answered %d to %q", got.Status, submitted)
			}
		}
		other.tenant.Public.Must(t, 422, "POST", "/pools/"+b.pool+"/activate", fields{
			"code": link.Query().Get("code"), "password": systemtest.Password,
		})
	})
	t.Run("another browser, from a form without an id", func(t *testing.T) {
		t.Parallel()
		b := newPoolBrowser(t, nil)
		form := linkForm(t, b, b.invitation(t, nil))
		form, other := append(form[:2:2], form[4:]...), b.browser
		if got := b.call(t, b.at("activate"), form...); got.Status != 303 {
			t.Fatalf("answered %d", got.Status)
		}
		if got := other.call(t, b.at("activate"), form...); got.Status != 422 {
			t.Errorf("another browser is answered %d", got.Status)
		}
	})
	t.Run("another ticket", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, nil)
		s.ownerTicket = s.register(t, ownersPassword)
		code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
		s.strangerTicket = s.register(t, strangersPassword)
		s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
		spent := func() string { return s.product.Mailboxes(t, s.tenant.ID)[0]["spent"] }
		for i, body := range []fields{
			{"ticket": s.strangerTicket, "code": code},
			{"ticket": s.ownerTicket, "code": systemtest.WrongCode(code)},
		} {
			before := spent()
			s.activate(t, 422, body)
			if spent() == before {
				t.Errorf("attempt %d is not counted", i)
			}
		}
		s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
	})
}

// A code that was mailed for another user, and redeemed with a ticket, is repeated with the ticket.
func TestAMailedCodeIsSubmittedAgain(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.strangerTicket = s.registerName(t, "some-name", "code")
	code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
	s.ownerTicket = s.register(t, ownersPassword)
	s.product.AwaitEmptyOutbox(t)
	for range 2 {
		s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
		s.activate(t, 422, fields{"ticket": s.strangerTicket, "code": code})
	}
}
