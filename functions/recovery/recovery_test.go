package recovery_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// Somebody who has forgotten the password sets another one, with the code or the link of a mail, and is
// told by mail. The codes are used up.
func TestSomebodyForgotThePassword(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	t.Run("with a code", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, product, nil)
		code := s.newCode(t, 1)
		body := fields{"code": code, "identifier": s.email, "new_password": newPassword}
		for name, refused := range map[string]fields{
			"another code":     {"code": systemtest.WrongCode(code), "identifier": s.email, "new_password": newPassword},
			"no user":          {"code": code, "new_password": newPassword},
			"somebody else":    {"code": code, "identifier": systemtest.Address("eve"), "new_password": newPassword},
			"no user name":     {"code": code, "identifier": "\x00", "new_password": newPassword},
			"no code":          {"code": "x", "identifier": s.email, "new_password": newPassword},
			"a code of others": {"code": s.newLinkOfOther(t), "identifier": s.email, "new_password": newPassword},
		} {
			if got := s.confirm(t, refused); got.Status != 401 || got.Text(t, "error_code") != "wrong_proof" ||
				got.Text(t, "error") != "the user or the code is wrong" {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
		s.checkPassword(t, oldPassword, newPassword)
		if got := s.confirm(t, body); got.Status != 204 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		s.checkPassword(t, newPassword, oldPassword)
		if got := s.confirm(t, body); got.Status != 401 {
			t.Errorf("the code is used up, but answered %d", got.Status)
		}
		if mails := s.product.Inbox.Await(t, s.email, 2); mails[1].Subject != "Your password for Partners was set" {
			t.Errorf("the notice is %q", mails[1].Subject)
		}
	})
	t.Run("with a link, at the published path", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, product, nil)
		link := s.newLink(t, 1)
		path := product.BaseURL + "/" + s.tenant.ID + "/default/identity/public" + s.path() + "/reset-password/confirm"
		for _, c := range []struct {
			body   fields
			status int
		}{
			{fields{"code": link + "x", "new_password": newPassword}, 401},
			{fields{"code": link, "new_password": "short"}, 422},
			{fields{"code": link, "new_password": newPassword}, 204},
			{fields{"code": link, "new_password": newPassword}, 401},
		} {
			r := s.tenant.Public.Request(t, "POST", "", c.body)
			r.URL, _ = r.URL.Parse(path)
			if got := systemtest.Send(t, r); got.Status != c.status {
				t.Errorf("%v: %d %s", c.body, got.Status, got.Body)
			}
		}
		s.checkPassword(t, newPassword, oldPassword)
	})
	t.Run("too late", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, systemtest.New(t), nil)
		code := s.newCode(t, 1)
		product := s.product
		product.Clock.Advance(25 * time.Hour)
		s.tenant.RenewTokens(t)
		got := s.confirm(t, fields{"code": code, "identifier": s.email, "new_password": newPassword})
		if got.Status != 401 || got.Text(t, "error_code") != "wrong_proof" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}

// newLinkOfOther returns the extended code of another user of the pool.
func (s *setup) newLinkOfOther(t *testing.T) string {
	t.Helper()
	other := *s
	other.email = systemtest.Address("bob")
	other.newUser(t, "active", other.email)
	return other.newLink(t, 1)
}

// What is wrong with a request is told with the name of the field. Nothing is spent.
func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), fields{"password_policy": fields{"min_length": 8, "not_used_since": 1}})
	code, email := s.newCode(t, 1), s.email
	for _, c := range []struct {
		name, path string
		body       fields
		pointers   []string
	}{
		{"no address", "/password/reset/request", fields{}, []string{"/address"}},
		{"a user name", "/password/reset/request", fields{"address": "ann"}, []string{"/address"}},
		{"what cannot get mail", "/password/reset/request", fields{"address": "änn@example.com"}, []string{"/address"}},
		{"another language", "/password/reset/request?lang=xx", fields{"address": email}, []string{"lang"}},
		{"another form", "/password/reset/request?code_type_in_message=x", fields{"address": email}, []string{"code_type_in_message"}},
		{"an unknown member", "/password/reset/request", fields{"address": email, "user": "x"}, []string{"/user"}},
		{"nothing", "/password/reset/confirm", fields{}, []string{"/code", "/new_password"}},
		{
			"a short password", "/password/reset/confirm",
			fields{"code": code, "identifier": email, "new_password": "short"},
			[]string{"/new_password"},
		},
		{
			"the password that was forgotten", "/password/reset/confirm",
			fields{"code": code, "identifier": email, "new_password": oldPassword},
			[]string{"/new_password"},
		},
		{"no proof", "/address-verification/confirm", fields{}, []string{"/code", "/address"}},
		{"no address that is proved", "/address-verification/confirm", fields{"code": "x", "address": "\x00"}, []string{"/address"}},
	} {
		got := s.tenant.Public.Call(t, "POST", s.path()+c.path, c.body)
		details, _ := got.Fields(t)["details"].(fields)
		violations, _ := details["violations"].([]any)
		if got.Status != 422 || len(violations) != len(c.pointers) {
			t.Errorf("%s: %d %s", c.name, got.Status, got.Body)
			continue
		}
		for i, v := range violations {
			if v.(fields)["pointer"] != c.pointers[i] {
				t.Errorf("%s: %v, want %s", c.name, v, c.pointers[i])
			}
		}
	}
	for range 6 { // more often than a code bears guesses
		s.confirm(t, fields{"code": code, "identifier": email, "new_password": "short"})
	}
	if got := s.confirm(t, fields{"code": code, "identifier": email, "new_password": newPassword}); got.Status != 204 {
		t.Errorf("the code does not work any more: %d %s", got.Status, got.Body)
	}
}

// A pool may leave resets to administrators. Whatever else is wrong with the request, that is told.
func TestAPoolMayForbidResets(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	for name, settings := range map[string]fields{
		"the pool forbids it": {"reset_credentials_settings": fields{"do_not_allow_users_to_self_reset_credentials": true}},
		"without passwords":   {"authentication_mechanisms": []string{"otp"}},
	} {
		tenant := product.NewTenant(t)
		pool := "/pools/" + tenant.NewPool(t, settings)
		for _, path := range []string{
			tenant.Public.URL(pool + "/password/reset/request"),
			tenant.Public.URL(pool + "/password/reset/confirm"),
			product.BaseURL + "/" + tenant.ID + "/default/identity/public" + pool + "/reset-password/confirm",
		} {
			r := tenant.Public.Request(t, "POST", "", fields{"unknown": 1})
			r.URL, _ = r.URL.Parse(path)
			if got := systemtest.Send(t, r); got.Status != 403 || got.Text(t, "error_code") != "reset_disabled" {
				t.Errorf("%s, %s: %d %s", name, path, got.Status, got.Body)
			}
		}
		for path, want := range map[string]int{
			pool + "/address-verification/confirm":        422, // is no reset
			"/pools/nothing/password/reset/request":       404,
			"/pools/nothing/address-verification/confirm": 404,
		} {
			tenant.Public.Must(t, want, "POST", path, fields{"code": "x", "address": "ann@example.com"})
		}
	}
}

// Of many who redeem one code at the same time, one sets a password.
func TestACodeSetsOnePassword(t *testing.T) {
	t.Parallel()
	const callers = 20
	product := systemtest.New(t)
	for name, body := range map[string]func(*setup) fields{
		"a code": func(s *setup) fields { return fields{"code": s.newCode(t, 1), "identifier": s.email} },
		"a link": func(s *setup) fields { return fields{"code": s.newLink(t, 1)} },
	} {
		s := newSetup(t, product, fields{"limits": fields{"code_guesses_per_day": 100}})
		given := body(s)
		statuses := inParallel(callers, func(int) int {
			return s.confirm(t, fields{
				"code": given["code"], "identifier": given["identifier"], "new_password": newPassword,
			}).Status
		})
		if statuses[204] != 1 || statuses[401] != callers-1 {
			t.Errorf("%s: %v", name, statuses)
		}
		s.checkPassword(t, newPassword, oldPassword)
	}
}

// inParallel calls do as often as said at the same time, and returns how often each status came.
func inParallel(callers int, do func(i int) int) map[int]int {
	statuses, lock, start, all := map[int]int{}, sync.Mutex{}, make(chan bool), sync.WaitGroup{}
	for i := range callers {
		all.Go(func() {
			<-start
			status := do(i)
			lock.Lock()
			defer lock.Unlock()
			statuses[status]++
		})
	}
	close(start)
	all.Wait()
	return statuses
}

// Whoever guesses at codes of somebody who exists, or of nobody, gets so many guesses and no more.
func TestGuessesAreLimited(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), fields{"limits": fields{
		"code_guesses_per_day": 5, "source_guesses_per_hour": 10,
	}})
	code := s.newCode(t, 1)
	for i := range 5 {
		wrong := string(rune('a'+i)) + code // each is another guess
		s.confirm(t, fields{"code": wrong, "identifier": s.email, "new_password": newPassword})
	}
	right := fields{"code": code, "identifier": s.email, "new_password": newPassword}
	if got := s.confirm(t, right); got.Status != 401 {
		t.Errorf("after five guesses the right code is answered %d", got.Status)
	}
	for range 4 {
		s.confirm(t, fields{"code": "1", "identifier": systemtest.Address("eve"), "new_password": newPassword})
	}
	if got := s.confirm(t, right); got.Status != 429 || got.Header.Get("Retry-After") == "" {
		t.Errorf("the source has guessed ten times, and is answered %d", got.Status)
	}
	s.checkPassword(t, oldPassword, newPassword)
}

// The published client sends a refused request twice, which costs one guess.
func TestAGuessAtThePublishedPathIsSentTwice(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), fields{"limits": fields{"code_guesses_per_day": 5}})
	code := s.newCode(t, 1)
	path := s.product.BaseURL + "/" + s.tenant.ID + "/default/identity/public" + s.path() + "/reset-password/confirm"
	send := func(code string) int {
		r := s.tenant.Public.Request(t, "POST", "", fields{
			"code": code, "identifier": s.email, "new_password": newPassword,
		})
		r.URL, _ = r.URL.Parse(path)
		return systemtest.Send(t, r).Status
	}
	for i := range 4 {
		wrong := string(rune('a'+i)) + code
		if first, second := send(wrong), send(wrong); first != 401 || second != 401 {
			t.Fatalf("%d, %d", first, second)
		}
	}
	if got := send(code); got != 204 {
		t.Errorf("after four guesses, each twice, the right code is answered %d", got)
	}
}

// Requests for mails spend the budget of their source, whoever has the address.
func TestRequestsAreLimited(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), fields{"limits": fields{"source_submissions_per_hour": 10, "source_mailboxes_per_hour": 2}})
	s.ask(t, "", s.email)
	s.ask(t, "", systemtest.Address("eve"))
	got := s.tenant.Public.Call(t, "POST", s.path()+"/password/reset/request", fields{
		"address": systemtest.Address("mallory"),
	})
	if got.Status != 429 {
		t.Errorf("a third mailbox: %d %s", got.Status, got.Body)
	}
	for range 8 {
		s.tenant.Public.Call(t, "POST", s.path()+"/password/reset/request", fields{"address": s.email})
	}
	got = s.tenant.Public.Call(t, "POST", s.path()+"/password/reset/request", fields{"address": s.email})
	if got.Status != 429 || got.Header.Get("Retry-After") == "" {
		t.Errorf("an eleventh request: %d %s", got.Status, got.Body)
	}
}

// A mail is sent to the owner of an address alone: not to one that is inactive, and one who is new is
// invited to activate the account instead.
func TestWhoGetsAMail(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	inactive, fresh, nobody := systemtest.Address("ina"), systemtest.Address("fay"), systemtest.Address("nob")
	s.newUser(t, "inactive", inactive)
	s.newUser(t, "new", fresh)
	for _, address := range []string{s.email, inactive, fresh, nobody} {
		s.ask(t, "", address)
	}
	s.product.AwaitEmptyOutbox(t)
	for address, want := range map[string]string{
		s.email: "Choose a new password for Partners", inactive: "", nobody: "",
		fresh: "Your new link for Partners",
	} {
		subject := ""
		for _, m := range s.product.Inbox.Mails(t, address) {
			subject += m.Subject
		}
		if subject != want {
			t.Errorf("%s gets %q, want %q", address, subject, want)
		}
	}
}

// An address that was added to an account is proved by the code of the mail to it, once.
func TestAnAddressIsProved(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	second := systemtest.Address("second")
	code := s.unprovedAddress(t, second)
	confirm := func(code, address string) int {
		return s.tenant.Public.Call(t, "POST", s.path()+"/address-verification/confirm", fields{
			"code": code, "address": address,
		}).Status
	}
	for name, got := range map[string]int{
		"another code":    confirm(code[:len(code)-4]+"AAAA", second),
		"another address": confirm(code, s.email),
		"a short code":    confirm("123456", second),
	} {
		if got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, got)
		}
	}
	statuses := inParallel(20, func(int) int { return confirm(code, second) })
	if statuses[204] != 1 || statuses[422] != 19 {
		t.Errorf("twenty at once: %v", statuses)
	}
	s.checkVerified(t, second, true)
}

// unprovedAddress gives the user an unverified address, and returns the extended code that proves it.
func (s *setup) unprovedAddress(t *testing.T, address string) (code string) {
	t.Helper()
	email := systemtest.Address("ann")
	s.email = email
	s.user = s.tenant.NewUser(t, s.pool, "active", email, fields{
		"verifiable_addresses": []fields{{"type": "email", "address": address}},
		"credentials":          []fields{{"type": "password", "password": oldPassword}},
	})
	return s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+s.user+"/code/generate", fields{
		"type": "verify_address", "address": address,
	}).Text(t, "extended_code")
}

// checkVerified checks whether an address of the user is verified.
func (s *setup) checkVerified(t *testing.T, address string, want bool) {
	t.Helper()
	for _, a := range s.tenant.Admin.Must(t, 200, "GET", s.path()+"/users/"+s.user, nil).Fields(t)["verifiable_addresses"].([]any) {
		if of := a.(fields); of["address"] == address && of["verified"] != want {
			t.Errorf("%v", of)
		}
	}
}
