package passwords_test

import (
	"fmt"
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

const verifyPath = "/user/password/verify"

// guessedUser is an active user whose password many guess at. The clock of its product moves only with
// advance, so that waits are exact.
type guessedUser struct {
	product         *systemtest.Product
	tenant          *systemtest.Tenant
	pool, email, id string
}

func newGuessedUser(t *testing.T) *guessedUser {
	t.Helper()
	d := &guessedUser{email: systemtest.Address("owner")}
	d.product = systemtest.New(t, func(c *system.Config) { c.Quiet = true })
	d.product.Clock.Stop()
	d.tenant = d.product.NewTenant(t)
	d.pool = "/pools/" + d.tenant.NewPool(t, nil)
	d.id = d.user(t, d.email, nil)
	return d
}

func (d *guessedUser) user(t *testing.T, email string, more fields) string {
	t.Helper()
	user := fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}}
	maps.Copy(user, more)
	return d.tenant.NewUser(t, d.pool[len("/pools/"):], "active", email, user)
}

// advance moves the clock forward and gets new tokens.
func (d *guessedUser) advance(t *testing.T, by time.Duration) {
	t.Helper()
	d.product.Clock.Advance(by)
	if by >= time.Minute {
		d.tenant.RenewTokens(t)
	}
}

// try makes a back end verify a password. The headers are names and values in turn.
func (d *guessedUser) try(t *testing.T, identifier, password string, headers ...string) systemtest.Response {
	t.Helper()
	return d.tenant.System.Call(t, "POST", d.pool+verifyPath,
		fields{"identifier": identifier, "password": password}, headers...)
}

// tryUntilCompared is like try, and repeats a call that came while too many others were compared. If
// their results count as failures, the clock does not move and repeats are refused too.
func (d *guessedUser) tryUntilCompared(t *testing.T, password string, headers ...string) (r systemtest.Response) {
	t.Helper()
	for range 5 {
		if r = d.try(t, d.email, password, headers...); r.Status != 429 {
			break
		}
	}
	return r
}

// mustAnswer is like try, and fails the test if the status is not want.
func (d *guessedUser) mustAnswer(t *testing.T, want int, password string, headers ...string) systemtest.Response {
	t.Helper()
	got := d.try(t, d.email, password, headers...)
	if got.Status != want {
		t.Fatalf("%q with %q answers %d, want %d: %s", password, headers, got.Status, want, got.Body)
	}
	return got
}

// failUntilLimited gives different wrong passwords until the answer is 429.
func (d *guessedUser) failUntilLimited(t *testing.T, headers ...string) {
	t.Helper()
	for i := range 5 {
		d.mustAnswer(t, 401, "wrong password "+strconv.Itoa(i), headers...)
	}
	d.mustAnswer(t, 429, "wrong", headers...)
}

// callAtOnce makes n calls at the same time and counts their statuses, and the values of Retry-After in
// wait.
func callAtOnce(n int, call func(i int) systemtest.Response) (statuses map[int]int, wait map[string]int) {
	var (
		calls sync.WaitGroup
		mu    sync.Mutex
	)
	statuses, wait = map[int]int{}, map[string]int{}
	for i := range n {
		calls.Go(func() {
			got := call(i)
			mu.Lock()
			defer mu.Unlock()
			statuses[got.Status]++
			if got.Status == 429 {
				wait[got.Header.Get("Retry-After")]++
			}
		})
	}
	calls.Wait()
	return statuses, wait
}

// Each comparison is paid for before it is made, however many calls are made at once (63B §3.2.2,
// V6.3.1).
func TestGuessesMadeAtOnceAreNoMoreThanOneByOne(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	guess := func(identifier string) func(i int) systemtest.Response {
		return func(i int) systemtest.Response {
			return d.try(t, identifier, fmt.Sprintf("guess %d at %s", i, d.product.Clock.Now()))
		}
	}
	for name, identifier := range map[string]string{"known": d.email, "unknown": systemtest.Address("nobody")} {
		statuses, wait := callAtOnce(100, guess(identifier))
		// Who comes while the five are compared is told to wait until they stop counting, in 3 seconds.
		if statuses[401] != 5 || statuses[429] != 95 || wait["1"]+wait["3"] != 95 {
			t.Errorf("%s: 100 at once answer %v, Retry-After %v", name, statuses, wait)
		}
		for _, left := range []time.Duration{time.Second, 2 * time.Second} { // from five failures on, one at a time
			d.advance(t, left-time.Millisecond)
			if got := d.try(t, identifier, "too early"); got.Status != 429 || got.Header.Get("Retry-After") != "1" {
				t.Errorf("%s: a millisecond too early answers %d, Retry-After %s", name, got.Status,
					got.Header.Get("Retry-After"))
			}
			d.advance(t, time.Millisecond)
			if statuses, _ := callAtOnce(30, guess(identifier)); statuses[401] != 1 || statuses[429] != 29 {
				t.Errorf("%s: after the wait 30 at once answer %v", name, statuses)
			}
		}
	}
}

// Attempts that are under way keep nobody out for long, since they may be right.
func TestRightPasswordsAtOnceAreAllRight(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	for _, headers := range [][]string{nil, {"X-Device-Id", "phone"}, {"X-Device-Id", "phone"}} {
		statuses, _ := callAtOnce(20, func(int) systemtest.Response {
			return d.tryUntilCompared(t, systemtest.Password, headers...)
		})
		if statuses[200] != 20 {
			t.Errorf("20 at once with %q answer %v", headers, statuses)
		}
	}
}

// A repeat of a wrong password is not counted, also at the same time, and every other wrong password
// is.
func TestARepeatIsFreeAndNothingElse(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	if statuses, _ := callAtOnce(20, func(int) systemtest.Response {
		return d.tryUntilCompared(t, "the same wrong password")
	}); statuses[401] != 20 {
		t.Errorf("20 repeats at once answer %v", statuses)
	}
	statuses, _ := callAtOnce(30, func(i int) systemtest.Response {
		return d.try(t, d.email, "wrong password "+strconv.Itoa(i/3))
	})
	if statuses[429] == 0 {
		t.Errorf("ten passwords, three times each, answer %v", statuses)
	}
	d.advance(t, 15*time.Minute)
	d.mustAnswer(t, 200, systemtest.Password)
	d.failUntilLimited(t) // counting has started anew
}

// An attacker cannot keep out an owner whose device has proved itself, since the guesses of others do
// not count there. How much an attacker may guess is bounded.
func TestAnOwnerGetsInDuringAnAttack(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	other := *d.tenant.System
	other.ID, other.Secret = "other-client", systemtest.Unique()
	client := access.Client{Tenant: d.tenant.ID, ID: other.ID, Caller: access.System, Scopes: []string{api.ScopeSystem}}
	if err := d.product.EnsureClient(t.Context(), client, other.Secret); err != nil {
		t.Fatal(err)
	}
	d.mustAnswer(t, 200, systemtest.Password, "X-Device-Id", "owners-browser")
	d.advance(t, 5*time.Second)

	compared, tries, from := 0, 0, d.product.Clock.Now()
	for d.product.Clock.Now().Sub(from) <= time.Hour {
		got := d.try(t, d.email, "guess "+strconv.Itoa(tries), "X-Device-Id", "attackers-browser-"+strconv.Itoa(tries))
		tries++
		if got.Status == 401 {
			compared++
			continue
		}
		wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
		if got.Status != 429 || err != nil || wait < 1 || wait > 900 {
			t.Fatalf("a guess answers %d, Retry-After %q", got.Status, got.Header.Get("Retry-After"))
		}
		d.mustAnswer(t, 200, systemtest.Password, "X-Device-Id", "owners-browser")
		d.mustAnswer(t, 429, systemtest.Password)
		d.mustAnswer(t, 429, systemtest.Password, "X-Device-Id", "owners-other-browser")
		other.Token = other.FetchToken(t, d.tenant.ID, "system")
		body := fields{"identifier": d.email, "password": systemtest.Password}
		// it knows the name, and was not told it
		other.Must(t, 429, "POST", d.pool+verifyPath, body, "X-Device-Id", "owners-browser")
		d.advance(t, time.Duration(wait)*time.Second)
	}
	if compared != 17 { // five, ten after 1 to 512 seconds, two after 15 minutes each: docs/security.md says so
		t.Errorf("%d guesses were compared in an hour", compared)
	}
}

// A device that is known has failures of its own, which keep out nobody else.
func TestADeviceThatFailsWaitsAlone(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	for _, device := range []string{"phone", "laptop"} {
		d.mustAnswer(t, 200, systemtest.Password, "X-Device-Id", device)
	}
	d.failUntilLimited(t, "X-Device-Id", "phone")
	d.mustAnswer(t, 429, systemtest.Password, "X-Device-Id", "phone")
	d.mustAnswer(t, 200, systemtest.Password, "X-Device-Id", "laptop")
	d.mustAnswer(t, 200, systemtest.Password)
	d.advance(t, time.Second)
	d.mustAnswer(t, 200, systemtest.Password, "X-Device-Id", "phone")
	d.failUntilLimited(t, "X-Device-Id", "phone") // counting has started anew

	// It is known for its user alone, and what never had a right password is not known.
	somebody := systemtest.Address("somebody")
	d.user(t, somebody, nil)
	for i, headers := range [][]string{
		{"X-Device-Id", "laptop"}, {"X-Device-Id", "another"}, nil, {"X-Device-Id", "laptop"}, nil,
	} {
		if got := d.try(t, somebody, "wrong "+strconv.Itoa(i), headers...); got.Status != 401 {
			t.Errorf("failure %d answers %d", i, got.Status)
		}
	}
	if got := d.try(t, somebody, systemtest.Password, "X-Device-Id", "laptop"); got.Status != 429 {
		t.Errorf("another user's device has a budget of its own: %d", got.Status)
	}
}

func TestADeviceIsRememberedForNinetyDaysOfAbsence(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	d := newGuessedUser(t)
	isKnown := func(want int) {
		t.Helper()
		d.failUntilLimited(t)
		d.mustAnswer(t, want, systemtest.Password, "X-Device-Id", "phone")
		d.advance(t, day)
	}
	d.mustAnswer(t, 200, systemtest.Password, "X-Device-Id", "phone")
	d.advance(t, 80*day)
	isKnown(200)
	d.advance(t, 80*day) // it was renewed
	isKnown(200)
	d.advance(t, 90*day)
	isKnown(429)
}

func TestADeviceIsNamedInVisibleCharacters(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	long := fmt.Sprintf("%0128d", 0)
	for _, name := range []string{"a", long, "2001:db8::1", "~!\"#"} {
		d.mustAnswer(t, 200, systemtest.Password, "X-Device-Id", name)
	}
	for _, name := range []string{long + "0", "a b", "é", "\x80"} {
		for _, path := range []string{verifyPath, "/user/password/v2/verify"} {
			got := d.tenant.System.Must(t, 422, "POST", d.pool+path,
				fields{"identifier": d.email, "password": "x"}, "X-Device-Id", name)
			details, _ := got.Fields(t)["details"].(fields)
			violations, _ := details["violations"].([]any)
			if len(violations) != 1 || violations[0].(fields)["pointer"] != "X-Device-Id" {
				t.Errorf("%q answers %s", name, got.Body)
			}
		}
	}
}

// The user who is looked up where there is none does not exist, whatever ids users have.
func TestAnUnknownIdentifierIsNobodys(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	for _, id := range []string{"-", "~", "_", "...", "PASSWORD", "nobody"} {
		d.user(t, systemtest.Address("odd"), fields{"id": id})
		if got := d.tenant.System.Must(t, 200, "POST", d.pool+verifyPath, fields{
			"userID": id, "password": systemtest.Password,
		}).Text(t, "id"); got != id {
			t.Errorf("the password of %q is that of %q", id, got)
		}
	}
	unknown := fields{"identifier": systemtest.Address("nobody"), "password": systemtest.Password}
	d.tenant.System.Must(t, 401, "POST", d.pool+verifyPath, unknown)
	got := d.tenant.System.Must(t, 200, "POST", d.pool+"/user/password/v2/verify", unknown)
	if got.Text(t, "result") != "user_not_found" || got.Text(t, "id") != "" {
		t.Errorf("version 2 answers %s", got.Body)
	}
	d.tenant.System.Must(t, 422, "POST", d.pool+verifyPath,
		fields{"userID": "#nobody", "password": systemtest.Password})
}
