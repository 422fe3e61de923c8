package registration_test

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/work"
)

// scarcePool is a pool that has spent half of its mails of an hour, so that it asks for proofs of
// work.
type scarcePool struct {
	product *systemtest.Product
	tenant  *systemtest.Tenant
	pool    string
	ticket  string // of the registration that spent the mails
}

// newScarcePool starts a product with such a pool. The test has to call the courier.
func newScarcePool(t *testing.T, options ...func(*system.Config)) *scarcePool {
	t.Helper()
	s := &scarcePool{product: systemtest.New(t, append(options, noCourier)...)}
	now := s.product.Clock.Now()
	// The budgets of an hour and a day begin now.
	s.product.Clock.Advance(now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now))
	s.tenant = s.product.NewTenant(t)
	s.pool = s.newPool(t, "pool_mails_per_hour")
	s.ticket = s.spendHalf(t, s.pool)
	return s
}

// newPool returns the id of a new pool in which a limit allows two mails.
func (s *scarcePool) newPool(t *testing.T, limit string) string {
	t.Helper()
	return s.tenant.NewPool(t, fields{"limits": fields{limit: 2}})
}

// spendHalf makes a pool send one mail, and returns the ticket of its registration.
func (s *scarcePool) spendHalf(t *testing.T, pool string) (ticket string) {
	t.Helper()
	ticket = s.register(t, pool, "")
	s.send(t)
	s.product.ExpireCaches()
	return ticket
}

// send lets the courier process the messages that are in the outbox now.
func (s *scarcePool) send(t *testing.T) {
	t.Helper()
	if failed := s.product.Stream(t.Context(), s.product.OutboxEvent(t)); len(failed) > 0 {
		t.Fatalf("failed: %v", failed)
	}
}

// register registers a new address with the solution of a challenge, and returns the ticket.
func (s *scarcePool) register(t *testing.T, pool, solution string) (ticket string) {
	t.Helper()
	return s.tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
		"identifier": systemtest.Address("hal"), "altcha": solution,
	}).Text(t, "ticket")
}

// challenge returns the challenge that the API asks a client to solve, or nil if it asks for none.
func (s *scarcePool) challenge(t *testing.T, pool string) *work.Challenge {
	t.Helper()
	var form struct {
		Work *work.Challenge `json:"proof_of_work"`
	}
	if err := json.Unmarshal(
		s.tenant.Public.Must(t, 200, "GET", "/pools/"+pool, nil).Body, &form,
	); err != nil {
		t.Fatal(err)
	}
	return form.Work
}

// solution returns the solution of a challenge of a pool.
func (s *scarcePool) solution(t *testing.T, pool string) string {
	t.Helper()
	c := s.challenge(t, pool)
	if c == nil {
		t.Fatal("the API asks for no work")
	}
	solved, ok := c.Solve()
	if !ok {
		t.Fatalf("%+v has no solution", c)
	}
	return solved
}

// countWork returns how many messages wait in the outbox, and for how many of them work was done.
func (s *scarcePool) countWork(t *testing.T) (worked, all int) {
	t.Helper()
	for _, m := range s.product.Stored(t, "MESSAGE#") {
		if all++; strings.Contains(m["doc"], `"share":"whole"`) {
			worked++
		}
	}
	return worked, all
}

var challengeInPage = regexp.MustCompile(`<input type="hidden" name="altcha" data-challenge="([^"]*)">`)

// pagesWithChallenge opens the pages on which people ask for mails, and returns the paths of those
// that have a challenge.
func (s *scarcePool) pagesWithChallenge(t *testing.T) (paths []string) {
	t.Helper()
	v := browser{base: s.product.BaseURL + "/" + s.tenant.ID + "/pools/" + s.pool}
	v.follow(
		t, "/register",
		v.call(
			t, "/register", "identifier", systemtest.Address("hal"), "password",
			systemtest.Password,
		),
	)
	for _, page := range []string{"/register", "/register/code", "/activate?code=0"} {
		found := challengeInPage.FindSubmatch(v.call(t, page).Body)
		if found == nil {
			continue
		}
		var c work.Challenge
		if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &c); err != nil {
			t.Errorf("%s has the challenge %s: %v", page, found[1], err)
		}
		paths = append(paths, page)
	}
	return paths
}

// Work is asked for while half of the mails of an hour or a day are spent, and at no other time.
func TestWorkIsAskedForWhileMailsAreScarce(t *testing.T) {
	t.Parallel()
	s := newScarcePool(t)
	daily := s.newPool(t, "pool_mails_per_day")
	s.spendHalf(t, daily)
	if s.challenge(t, s.pool) == nil {
		t.Error("the API asks for no work")
	}
	if got := s.pagesWithChallenge(t); len(got) != 3 {
		t.Errorf("only the pages %q ask for work", got)
	}
	if c := s.challenge(t, s.newPool(t, "pool_mails_per_hour")); c != nil {
		t.Errorf("a pool that has sent nothing asks for %+v", c)
	}
	s.product.Clock.Advance(time.Hour)
	s.tenant.RenewTokens(t)
	if c := s.challenge(t, s.pool); c != nil {
		t.Errorf("an hour later the API asks for %+v", c)
	}
	if s.challenge(t, daily) == nil {
		t.Error("an hour later the API asks for no work, though half of the mails of the day are spent")
	}
	if got := s.pagesWithChallenge(t); got != nil {
		t.Errorf("an hour later the pages %q ask for work", got)
	}
}

// A solution is recorded in the message, on each route and page on which people ask for mails,
// whether or not the address is known.
func TestWorkIsMarkedOnTheMessage(t *testing.T) {
	t.Parallel()
	s := newScarcePool(t)
	path := "/pools/" + s.pool
	known := systemtest.Address("known")
	s.tenant.NewUser(t, s.pool, "active", known, nil)
	post := func(path string, status int, body fields) func(t *testing.T, solution string) {
		return func(t *testing.T, solution string) {
			t.Helper()
			if body["altcha"] = solution; solution == "" {
				delete(body, "altcha")
			}
			s.tenant.Public.Must(t, status, "POST", path, body)
		}
	}
	page := func(path string, status int, pairs ...string) func(t *testing.T, solution string) {
		return func(t *testing.T, solution string) {
			t.Helper()
			v := browser{base: s.product.BaseURL + "/" + s.tenant.ID}
			if strings.HasSuffix(path, "/code") {
				v.cookie = s.codePageCookie(t)
			}
			if got := v.call(t, path, append(pairs, "altcha", solution)...); got.Status != status {
				t.Errorf("%d %s", got.Status, mainContent(got))
			}
		}
	}
	for name, ask := range map[string]func(t *testing.T, solution string){
		"register": post(path+"/register", 201, fields{
			"identifier": systemtest.Address("new"), "password": systemtest.Password,
		}),
		"register a known address": post(path+"/register", 201, fields{
			"identifier": known, "password": systemtest.Password,
		}),
		"resend by ticket":             post(path+"/activation/send", 202, fields{"ticket": s.ticket}),
		"resend by a ticket of nobody": post(path+"/activation/send", 202, fields{"ticket": "x"}),
		"resend by address":            post(path+"/activation/send", 202, fields{"address": known}),
		"resend by an unknown address": post(path+"/activation/send", 202, fields{
			"address": systemtest.Address("nobody"),
		}),
		"the form": page(
			path+"/register", 303, "identifier", systemtest.Address("page"), "password",
			systemtest.Password,
		),
		"a code is asked for anew": page(path+"/register/code", 303, "do", "resend"),
		"a link is asked for anew": page(path+"/activate", 200, "do", "resend", "address", known),
	} {
		for _, solution := range []string{"", s.solution(t, s.pool)} {
			workedBefore, before := s.countWork(t)
			ask(t, solution)
			worked, all := s.countWork(t)
			if all-before < 1 || (worked-workedBefore == 1) != (solution != "") {
				t.Errorf(
					"%s, with the solution %q: of %d more messages %d are marked", name, solution,
					all-before, worked-workedBefore,
				)
			}
		}
	}
}

// codePageCookie returns the cookie of somebody who has signed up on the page and may ask for
// another code.
func (s *scarcePool) codePageCookie(t *testing.T) (cookie string) {
	t.Helper()
	v := browser{base: s.product.BaseURL + "/" + s.tenant.ID + "/pools/" + s.pool}
	v.call(t, "/register", "identifier", systemtest.Address("code"), "password", systemtest.Password)
	s.product.Clock.Advance(time.Minute)
	return v.cookie
}

// A solution that is wrong, of another pool or already used counts as no work. No request is
// refused because of it.
func TestWhatIsNoWorkCountsAsNone(t *testing.T) {
	t.Parallel()
	s := newScarcePool(t)
	other := s.newPool(t, "pool_mails_per_hour")
	s.spendHalf(t, other)
	used := s.solution(t, s.pool)
	s.register(t, s.pool, used)
	forged := *s.challenge(t, s.pool)
	forged.Salt = strings.Replace(forged.Salt, "?", "0?", 1)
	for name, solution := range map[string]string{
		"none": "", "no base64": "!", "far too long": strings.Repeat("A", 100_000),
		"of another pool": s.solution(t, other), "used": used,
		"unsolved": work.Solution{
			Algorithm: forged.Algorithm, Challenge: forged.Challenge, Salt: forged.Salt,
			Signature: forged.Signature,
		}.Encode(),
	} {
		before, _ := s.countWork(t)
		s.register(t, s.pool, solution)
		s.tenant.Public.Must(t, 202, "POST", "/pools/"+s.pool+"/activation/send", fields{
			"ticket": s.ticket, "altcha": solution,
		})
		if worked, _ := s.countWork(t); worked != before {
			t.Errorf("%s counts as work", name)
		}
	}
	late := s.solution(t, s.pool)
	before, _ := s.countWork(t)
	s.product.Clock.Advance(20 * time.Minute)
	s.register(t, s.pool, late)
	if worked, _ := s.countWork(t); worked != before {
		t.Error("a solution that comes too late counts as work")
	}
	systemtest.CheckRefusal(
		t,
		s.tenant.System.Call(t, "POST", "/pools/"+s.pool+"/user/register", fields{
			"identifier": systemtest.Address("hal"), "altcha": used,
		}),
		422, "invalid", "/altcha",
	)
}

// Of many concurrent uses of a solution, one counts. A registration that is refused does not use up
// its solution.
func TestWorkCountsOnce(t *testing.T) {
	t.Parallel()
	s := newScarcePool(t)
	solution := s.solution(t, s.pool)
	s.tenant.Public.Must(t, 422, "POST", "/pools/"+s.pool+"/register", fields{
		"identifier": systemtest.Address("hal"), "password": "short", "altcha": solution,
	})
	var calls sync.WaitGroup
	for range 10 {
		calls.Go(func() { s.register(t, s.pool, solution) })
		calls.Go(func() {
			s.tenant.Public.Must(t, 202, "POST", "/pools/"+s.pool+"/activation/send", fields{
				"ticket": s.ticket, "altcha": solution,
			})
		})
	}
	calls.Wait()
	if worked, all := s.countWork(t); worked != 1 || all != 20 {
		t.Errorf("the work of one solution counts for %d of %d messages", worked, all)
	}
}

// Whichever call of a registration loses its answer, a repeat of the request counts as the same use
// of its solution.
func TestWorkIsNotLostToAFault(t *testing.T) {
	t.Parallel()
	s := newScarcePool(t, systemtest.WithMiddleware(systemtest.InjectFaults), systemtest.WithoutPauses)
	for _, reach := range []systemtest.Reach{systemtest.OnceBelow, systemtest.OnceAbove} {
		for n, calls := 0, 1; n < calls; n++ {
			body := fields{"identifier": systemtest.Address("hal"), "altcha": s.solution(t, s.pool)}
			key := "one-key-for-all-tries-of-this-" + systemtest.Unique()
			f := &systemtest.Fault{Kind: systemtest.Lost, Reach: reach, Call: n}
			workedBefore, before := s.countWork(t)
			got := s.product.InvokeFunction(
				f.Context(t.Context()), t, "registration",
				s.tenant.Public.Request(
					t, "POST", "/pools/"+s.pool+"/register", body, "Idempotency-Key", key,
				),
			)
			if got.Status == 503 {
				got = s.tenant.Public.Call(
					t, "POST", "/pools/"+s.pool+"/register", body, "Idempotency-Key", key,
				)
			}
			if worked, all := s.countWork(t); got.Status != 201 || worked != workedBefore+1 ||
				all != before+1 {
				t.Errorf(
					"call %d of %q, %s: %d, of %d messages more %d are marked", n, f.Calls(), reach,
					got.Status, all-before, worked-workedBefore,
				)
			}
			calls = len(f.Calls())
		}
	}
}
