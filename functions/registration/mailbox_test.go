package registration_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/api"
)

// Mails are limited by mailbox, so different user names, spellings and pools do not cause more of
// them.
func TestTheMailsToAMailboxAreCountedTogether(t *testing.T) {
	t.Parallel()
	s := newSetup(t, fields{"identifier_case_insensitive": false})
	other := s.tenant.NewPool(t, nil)
	var calls sync.WaitGroup
	for i := range 20 {
		local, domain, _ := strings.Cut(s.email, "@")
		spelled := []string{local[:1], strings.ToUpper(local[:1])}[i%2] + local[1:] + "@" + domain
		for _, register := range []func(){
			func() {
				s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
					"identifier": "name" + systemtest.Unique(), "otp_address": s.email,
				})
			},
			func() {
				s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
					"identifier": spelled,
				})
			},
			func() {
				s.tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/register", fields{
					"identifier": spelled,
				})
			},
		} {
			calls.Go(register)
		}
	}
	calls.Wait()
	s.product.AwaitEmptyOutbox(t)
	if mails := len(s.product.Inbox.Mails(t, s.email)); mails != 1 { // of all spellings
		t.Errorf("60 registrations at once cause %d mails to a mailbox", mails)
	}
}

// The mails that strangers cause do not count against an administrator's invitations, nor the other
// way round.
func TestStrangersSpendNoMailOfAnAdministrator(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	id := s.tenant.NewUser(t, s.pool, "new", s.email, nil)
	for i := range 5 {
		s.register(t, strangersPassword)
		s.product.Inbox.Await(t, s.email, i+1)
		s.product.Clock.Advance(time.Minute)
	}
	s.register(t, strangersPassword)
	s.tenant.Admin.Must(t, 204, "POST", s.path()+"/users/"+id+"/activation/send", nil)
	s.product.Inbox.Await(t, s.email, 6)
	s.tenant.Admin.Must(t, 429, "POST", s.path()+"/users/"+id+"/activation/send", nil)
}

// Concurrent invitations to one mailbox cause one mail.
func TestInvitationsAtOnceAreOne(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	id := s.tenant.NewUser(t, s.pool, "new", s.email, nil)
	var calls sync.WaitGroup
	var statuses [20]int
	for i := range statuses {
		calls.Go(func() {
			statuses[i] = s.tenant.Admin.Call(
				t, "POST", s.path()+"/users/"+id+"/activation/send?mode=invitation", nil,
			).Status
		})
	}
	calls.Wait()
	s.product.AwaitEmptyOutbox(t)
	slices.Sort(statuses[:])
	mails := len(s.product.Inbox.Mails(t, s.email))
	if statuses[0] != 204 || statuses[1] != 429 || statuses[19] != 429 || mails != 1 {
		t.Errorf("%d mails; the answers are %v", mails, statuses)
	}
}

// A guess is paid for before its code is compared, also if user names or pools share the mailbox.
// Only a right code is answered with code_expired, so with an expired code the test counts the
// comparisons. A code allows five guesses, and a mailbox twenty a day. The guesses come with
// different tickets, since of guesses that are the same all may be compared.
func TestGuessesAreCountedForTheMailbox(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		daily, wasted int // guesses allowed a day, and wrong ones made before in the other pool
		allowed       int64
	}{
		{"a fresh mailbox", 20, 0, 5},
		{"a mailbox with three guesses left", 5, 2, 3},
		{"a mailbox with none left", 20, 20, 0},
		{"a mailbox that was guessed at", 20, 5, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			product := systemtest.New(t)
			tenant, address := product.NewTenant(t), systemtest.Address("hal")
			limits := fields{"code_guesses_per_day": c.daily}
			pool := tenant.NewPool(t, fields{
				"limits": limits, "otp_settings": fields{"activation": fields{"ttl": "10m"}},
			})
			other := tenant.NewPool(t, fields{"limits": limits})
			elsewhere := tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/register", fields{
				"identifier": "hal", "otp_address": address,
			}).Text(t, "ticket")
			product.Inbox.Await(t, address, 1)
			for i := range c.wasted {
				tenant.Public.Must(t, 422, "POST", "/pools/"+other+"/activate", fields{
					"ticket": elsewhere, "code": fmt.Sprintf("%d%dx", i, i),
				})
			}
			product.Clock.Advance(time.Minute)
			var tickets []string
			for range 40 {
				tickets = append(tickets, tenant.Public.Must(
					t, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=code",
					fields{"identifier": address},
				).Text(t, "ticket"))
			}
			product.AwaitEmptyOutbox(t)
			m := product.Inbox.Await(t, address, 2)[1]
			if c.allowed == 0 {
				if !strings.Contains(m.Text, "http") {
					t.Errorf(
						"a code is sent that can't be used, or that strangers may kill:\n%s",
						m.Text,
					)
				}
				return
			}
			code := systemtest.CodeIn(t, m)
			product.Clock.Advance(11 * time.Minute)
			var compared atomic.Int64
			var calls sync.WaitGroup
			for _, ticket := range tickets {
				calls.Go(func() {
					got := tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{
						"ticket": ticket, "code": code,
					})
					if got.Text(t, "error_code") == "code_expired" {
						compared.Add(1)
					}
				})
			}
			calls.Wait()
			if compared.Load() != c.allowed {
				t.Errorf("%d of 40 guesses at once were compared, want %d", compared.Load(), c.allowed)
			}
		})
	}
}

// If a code is right and the request has another fault, the guess is refunded, once. A repeat that
// has not paid gets no refund.
func TestARefundIsOnlyOfWhatWasPaid(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]func(int) []string{
		"without keys": func(int) []string { return nil },
		"under one key": func(int) []string {
			return []string{"Idempotency-Key", "one-key-for-all-of-these-requests-here"}
		},
		"each under a key": func(i int) []string {
			return []string{"Idempotency-Key", fmt.Sprintf("another-key-for-each-of-them-%08d", i)}
		},
		"in parallel, under one key": func(int) []string {
			return []string{"Idempotency-Key", "one-key-for-all-of-these-requests-here"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			s.ownerTicket = s.register(t, ownersPassword)
			code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
			for range 3 {
				s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": systemtest.WrongCode(code)})
			}
			spent := func() string { return s.product.Mailboxes(t, s.tenant.ID)[0]["spent"] }
			if got := spent(); got != "3" {
				t.Fatalf("%s guesses are spent", got)
			}
			var calls sync.WaitGroup
			for i := range 20 {
				call := func() {
					got := s.tenant.Public.Call(
						t, "POST", s.path()+"/activate",
						fields{"ticket": s.ownerTicket, "code": code, "password": "short"},
						keys(i)...,
					)
					if got.Status != 422 {
						t.Errorf("answers %d", got.Status)
					}
				}
				if strings.HasPrefix(name, "in parallel") {
					calls.Go(call)
				} else {
					call()
				}
			}
			calls.Wait()
			if got := spent(); got < "3" ||
				len(got) == 1 && got > "5" && !strings.HasPrefix(name, "in parallel") {
				t.Errorf("after the refunds %s guesses are spent", got)
			}
		})
	}
}

// At most five registrations wait for a mailbox, in all pools together. When there are more, the
// oldest is not completed any more. Its ticket and a code still prove the mailbox, together with a
// new password.
func TestTheOldestRegistrationGivesWay(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	other := s.tenant.NewPool(t, nil)
	s.ownerTicket = s.register(t, ownersPassword)
	code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
	for i := range 5 {
		pool := []string{s.pool, other}[i%2]
		s.tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
			"identifier": s.email, "password": strangersPassword,
		})
	}
	s.product.AwaitEmptyOutbox(t)
	s.activate(t, 422, fields{"ticket": s.ownerTicket, "code": code})
	s.activate(t, 201, fields{
		"ticket": s.ownerTicket, "code": code, "password": "another password of the owner",
	})
	verify(t, s.tenant, s.pool, s.email, "another password of the owner", 200)
}

// What the courier does for a message does not grow with the number of registrations that wait, so
// one stranger does not slow down others.
func TestWorkForAMessageIsBounded(t *testing.T) {
	t.Parallel()
	meter := &systemtest.Meter{}
	product := systemtest.New(t, noCourier, systemtest.WithMiddleware(meter.Watch))
	tenant, address := product.NewTenant(t), systemtest.Address("hal")
	pool := tenant.NewPool(t, nil)
	payload := fields{"name": strings.Repeat("x", 60<<10)}
	cost := func(registrations int) systemtest.Cost {
		var calls sync.WaitGroup
		for range registrations {
			calls.Go(func() {
				tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
					"identifier": address, "payload": payload,
				})
			})
		}
		calls.Wait()
		event := product.OutboxEvent(t)
		meter.Collect()
		event.Records = event.Records[:1]
		if failed := product.Stream(t.Context(), event); len(failed) > 0 {
			t.Fatalf("failed: %v", failed)
		}
		return meter.Collect()
	}
	first := cost(1)
	product.Clock.Advance(2 * time.Minute)
	tenant.RenewTokens(t)
	if later := cost(30); later.Read > first.Read || later.RoundTrips > first.RoundTrips {
		t.Errorf("a message costs %+v, and %+v once 30 registrations wait", first, later)
	}
}

// A source may cause mails to a limited number of mailboxes an hour. The limit is exact under
// concurrent requests. Further mails to the same mailboxes are allowed.
func TestASourceReachesFewMailboxes(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"limits": fields{"source_mailboxes_per_hour": 3}})
	call := func(path, body string) int {
		r := httptest.NewRequest(
			http.MethodPost, "/api/identity/"+tenant.ID+"/public/pools/"+pool+path, nil,
		)
		r.RemoteAddr = "192.0.2.7:1"
		r.Header.Set("Content-Type", "application/json")
		got, err := product.Functions["registration"](t.Context(), api.Event(r, []byte(body), "id"))
		if err != nil {
			t.Error(err)
		}
		return got.StatusCode
	}
	var (
		calls   sync.WaitGroup
		mu      sync.Mutex
		let     = map[string]bool{}
		refused int
	)
	for i := range 30 {
		address := fmt.Sprintf("person%d@example.com", i)
		path, body := "/register", fmt.Sprintf(`{"identifier": %q}`, address)
		if i%2 == 0 {
			path, body = "/activation/send", fmt.Sprintf(`{"address": %q}`, address)
		}
		calls.Go(func() {
			status := call(path, body)
			mu.Lock()
			defer mu.Unlock()
			if status == 429 {
				refused++
			} else {
				let[address] = true
			}
		})
	}
	calls.Wait()
	if len(let) != 3 || refused != 27 {
		t.Errorf("%d mailboxes, %d refused", len(let), refused)
	}
	for address := range let {
		if got := call(
			"/register", fmt.Sprintf(`{"identifier": %q}`, strings.ToUpper(address)),
		); got != 201 {
			t.Errorf("the same mailbox again: %d", got)
		}
	}
	product.Clock.Advance(time.Hour)
	if got := call("/register", `{"identifier": "late@example.com"}`); got != 201 {
		t.Errorf("an hour later: %d", got)
	}
}

// A process that still has a deleted pool in memory does not register anybody in the pool that was
// created under the same id.
func TestARegistrationIsOfThePoolThatThereIs(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]fields{
		"closed now": {"public_registration_allowed": false},
		"with another policy": {
			"public_registration_allowed": true, "password_policy": fields{"min_length": 64},
		},
		"changed, not made anew": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			// The function keeps the pool in memory from now on.
			s.tenant.Public.Must(t, 200, "GET", s.path(), nil)
			want := 422
			if settings == nil {
				s.tenant.Admin.Must(t, 200, "PUT", s.path(), fields{
					"name": "Partners", "public_registration_allowed": true,
					"password_policy": fields{"min_length": 64},
				})
			} else {
				s.tenant.Admin.Must(t, 204, "DELETE", s.path(), nil)
				s.product.AwaitEmptyOutbox(t)
				settings["id"], settings["name"] = s.pool, "Partners"
				s.tenant.Admin.Must(t, 201, "POST", "/pools", settings)
				if settings["public_registration_allowed"] == false {
					want = 404
				}
			}
			s.tenant.Public.Must(t, want, "POST", s.path()+"/register", fields{
				"identifier": s.email, "password": ownersPassword,
			})
			if users := s.tenant.Admin.Must(
				t, 200, "GET", s.path()+"/users", nil,
			).Fields(t)["users"].([]any); len(users) > 0 {
				t.Errorf("the pool has %v", users)
			}
		})
	}
}

// An absent payload counts as an empty one, so a schema that requires a property refuses it.
func TestAnAbsentPayloadIsChecked(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	schema := tenant.Admin.Must(t, 201, "POST", "/schemas", fields{"name": "People", "schema": fields{
		"type": "object", "properties": fields{"name": fields{"type": "string"}},
		"required": []string{"name"},
	}}).Text(t, "id")
	pool := tenant.NewPool(t, fields{"payload_schema_id": schema})
	for name, body := range map[string]fields{
		"absent": {}, "null": {"payload": nil}, "empty": {"payload": fields{}},
	} {
		body["identifier"] = systemtest.Address("hal")
		for tree, got := range map[string]systemtest.Response{
			"public": tenant.Public.Call(t, "POST", "/pools/"+pool+"/register", body),
			"system": tenant.System.Call(t, "POST", "/pools/"+pool+"/user/register", body),
		} {
			if got.Status != 422 || !contains(got.Body, `"pointer":"/payload`) {
				t.Errorf("%s, %s: %d %s", name, tree, got.Status, got.Body)
			}
		}
	}
}

// However many registrations of a user name wait, only a few of them are read to find the address
// that a message goes to.
func TestFewRegistrationsOfAUserAreRead(t *testing.T) {
	t.Parallel()
	meter := &systemtest.Meter{}
	product := systemtest.New(t, noCourier, systemtest.WithMiddleware(meter.Watch))
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	payload := fields{"name": strings.Repeat("x", 8<<10)}
	var id string
	send := func(want int) systemtest.Cost {
		meter.Collect()
		tenant.Admin.Must(t, want, "POST", "/pools/"+pool+"/users/"+id+"/activation/send", nil)
		return meter.Collect()
	}
	register := func() {
		id = tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/register", fields{
			"identifier": "hal", "otp_address": systemtest.Address("hal"), "payload": payload,
		}).Text(t, "id")
	}
	for range 10 {
		register()
	}
	ten := send(422) // the user has more than one address
	for range 20 {
		register()
	}
	if thirty := send(422); thirty.Read > ten.Read {
		t.Errorf(
			"a message costs %+v while ten registrations wait, and %+v while thirty do", ten,
			thirty,
		)
	}
}
