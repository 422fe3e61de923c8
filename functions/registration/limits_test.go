package registration_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/api"
)

// "An attacker can't keep an owner from activating for longer than a stated time." While guesses
// are left there is no delay, because a mail that the stranger caused also proves the address for
// the owner's own registration. When no guesses are left, the owner waits for the next mail, which
// is sent within an hour and has a link.
func TestAStrangerDelaysAnOwnerForAnHourAtMost(t *testing.T) {
	t.Parallel()
	t.Run("the mails are used up", func(t *testing.T) {
		t.Parallel()
		s := exhaustMailsByAddress(t)
		code := systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4])
		s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
		if name := findUser(
			t, s.tenant, s.pool, s.email,
		)["payload"].(fields)["name"]; name != ownersPassword {
			t.Errorf("the payload is of %v", name)
		}
		s.mustBelongToOwner(t, code)
	})
	t.Run("the mails and the guesses are used up", func(t *testing.T) {
		t.Parallel()
		s := exhaustMailsByAddress(t)
		code := systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[4])
		for range 20 {
			s.activate(t, 422, fields{"ticket": s.strangerTicket, "code": systemtest.WrongCode(code)})
		}
		s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": code})
		s.product.Clock.Advance(56 * time.Minute) // an hour after the first mail
		s.tenant.RenewTokens(t)
		s.strangerTicket = s.register(t, "the stranger's last password")
		link := systemtest.LinkIn(t, s.product.Inbox.Await(t, s.email, 6)[5])
		// Without a ticket it is unknown whose registration it is, so a password is missing.
		s.activate(t, 422, fields{"code": link.Query().Get("code")})
		page := s.product.BaseURL + link.RequestURI()
		if got := postForm(t, page, "code", link.Query().Get("code")); got.Status != 422 ||
			!contains(got.Body, "Enter a password") {
			t.Errorf("the page answers %d %s", got.Status, got.Body)
		}
		if got := postForm(
			t, page, "code", link.Query().Get("code"), "password", ownersPassword,
		); got.Status != 303 {
			t.Errorf("the page answers %d %s", got.Status, got.Body)
		}
		s.mustBelongToOwner(t, code)
	})
}

// 63B §3.2.2, "a budget a source as well, on public routes": the budget is exact under concurrent
// calls, is one source's alone, and starts again each hour.
func TestASourceHasABudget(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{
		"limits": fields{"source_guesses_per_hour": 10, "source_submissions_per_hour": 10},
	})
	call := func(source, path, body string) int {
		r := httptest.NewRequest(
			http.MethodPost, "/api/identity/"+tenant.ID+"/public/pools/"+pool+path, nil,
		)
		r.RemoteAddr = source
		r.Header.Set("Content-Type", "application/json")
		got, err := product.Functions["registration"](t.Context(), api.Event(r, []byte(body), "id"))
		if err != nil {
			t.Error(err)
		}
		if wait := got.Headers["Retry-After"]; got.StatusCode == 429 && (wait == "" || wait == "0") {
			t.Errorf("429 says to wait %q", wait)
		}
		return got.StatusCode
	}
	for _, c := range []struct {
		name, path, body string
		usual            int
	}{
		{"guesses", "/activate", `{"ticket": "none", "code": "123456"}`, 422},
		{"guesses at links", "/activate", `{"code": "123456"}`, 422},
		{"registrations", "/register", `{"identifier": "hal@example.com"}`, 201},
		{"resends", "/activation/send", `{"address": "ida@example.com"}`, 202},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, sources := range [][2]string{
				{"192.0.2.1:1", "192.0.2.2:1"}, {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1"},
			} {
				var (
					calls sync.WaitGroup
					mu    sync.Mutex
					seen  = map[int]int{}
				)
				for range 30 {
					calls.Go(func() {
						status := call(sources[0], c.path, c.body)
						mu.Lock()
						defer mu.Unlock()
						seen[status]++
					})
				}
				calls.Wait()
				if seen[c.usual] != 10 || seen[429] != 20 {
					t.Errorf("30 calls of one source: %v", seen)
				}
				if status := call(sources[1], c.path, c.body); status != c.usual {
					t.Errorf("another source is answered %d", status)
				}
			}
			if status := call("[2001:db8::ffff]:1", c.path, c.body); status != 429 {
				t.Errorf("another address of the same network is answered %d", status)
			}
			product.Clock.Advance(time.Hour)
			if status := call("192.0.2.1:1", c.path, c.body); status != c.usual {
				t.Errorf("an hour later: %d", status)
			}
			product.Clock.Advance(time.Hour)
		})
	}
	for _, it := range product.Items(t) {
		if strings.Contains(it["pk"], "192.0.2") || strings.Contains(it["pk"], "2001") {
			t.Errorf("an item names a source: %s", it["pk"])
		}
	}
}

// "Mail budgets a pool (an hour, a day)": above the budget, a request is answered as usual, and its
// mail is sent when the budget allows it. Mails that administrators ask for are not limited by it.
func TestAPoolHasABudgetOfMails(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{
		"limits": fields{"pool_mails_per_hour": 2, "pool_mails_per_day": 3},
	})
	path := "/pools/" + pool
	back := func() string {
		address := systemtest.Address("jo")
		tenant.System.Must(t, 201, "POST", path+"/user/register", fields{"identifier": address})
		return address
	}
	public := func() string {
		address := systemtest.Address("kim")
		tenant.Public.Must(t, 201, "POST", path+"/register", fields{
			"identifier": address, "password": systemtest.Password,
		})
		return address
	}
	product.Inbox.Await(t, public(), 1)
	product.Inbox.Await(t, back(), 1)
	late := []string{back(), back()} // one waits for the next hour, and one for the next day
	for range 3 {
		address := systemtest.Address("ann")
		id := tenant.NewUser(t, pool, "new", address, nil)
		tenant.Admin.Must(t, 204, "POST", path+"/users/"+id+"/activation/send", nil)
		product.Inbox.Await(t, address, 1)
	}
	arrived := func() (n int) {
		for _, address := range late {
			if len(product.Inbox.Mails(t, address)) > 0 { // a mail is sent at least once
				n++
			}
		}
		return n
	}
	for i, wait := range []time.Duration{time.Hour, 16 * time.Hour} {
		if n := arrived(); n != i {
			t.Errorf("%d of the late ones have arrived before hour %d", n, i)
		}
		product.Clock.Advance(wait)
		product.Tick(t)
		parttest.Until(t, "one more of the late ones", func() bool { return arrived() > i })
	}
	product.AwaitEmptyOutbox(t)
}
