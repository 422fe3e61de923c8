package registration_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"identitypools/infra/check/systemtest"
)

// invitationCode creates a user and returns the code of the mail that invites that user.
func (b *poolBrowser) invitationCode(t *testing.T, email string, user fields) string {
	t.Helper()
	id := b.tenant.NewUser(t, b.pool, "new", email, user)
	b.tenant.Admin.Must(t, 204, "POST",
		"/pools/"+b.pool+"/users/"+id+"/activation/send?mode=invitation&code_type_in_message=code", nil)
	return systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
}

// hiddenIn returns the names and values of the hidden fields of a page, in turn.
func hiddenIn(page []byte) (pairs []string) {
	for tokens := html.NewTokenizer(strings.NewReader(string(page))); tokens.Next() != html.ErrorToken; {
		values := map[string]string{}
		token := tokens.Token()
		for _, a := range token.Attr {
			values[a.Key] = a.Val
		}
		if token.Data == "input" && values["type"] == "hidden" {
			pairs = append(pairs, values["name"], values["value"])
		}
	}
	return pairs
}

// Somebody who was invited with a code, in a pool that is closed to others, types it, sees what it does, and
// chooses a password, as on the page of a link. To look costs no guess, and a double click changes nothing.
func TestAnInvitationByCodeIsTaken(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, fields{
		"public_registration_allowed": false, "sign_in_url": "https://app.example.com/start?a=1&b=2",
	})
	email, page := systemtest.Address("ann"), b.at("activate/code?lang=en")
	code := b.invitationCode(t, email, nil)
	if got := b.call(t, page); got.Status != 200 || !contains(got.Body, `autocomplete="one-time-code"`) {
		t.Fatalf("%d %s", got.Status, mainContent(got))
	}
	for range 6 { // more often than guesses are allowed
		got := b.call(t, page, "identifier", email, "code", code)
		if got.Status != 200 || !contains(got.Body, "You are invited to <bdi>Partners</bdi>") ||
			!contains(got.Body, `autocomplete="username" value="`+email+`"`) ||
			countPasswordFields(t, "a code that was typed", got.Body) != 1 {
			t.Fatalf("what the code does: %d %s", got.Status, mainContent(got))
		}
	}
	form := hiddenIn(b.call(t, page, "identifier", email, "code", code).Body)
	for password, says := range map[string]string{"": "Enter a password", "short": "at least 8 characters"} {
		if got := b.call(t, page, append(form, "password", password)...); got.Status != 422 ||
			!contains(got.Body, says) || !contains(got.Body, "You are invited") {
			t.Errorf("the password %q: %d %s", password, got.Status, mainContent(got))
		}
	}
	for range 2 {
		done := b.follow(t, page, b.call(t, page, append(form, "password", systemtest.Password)...))
		if !contains(done.Body, "Your account is active.") ||
			!contains(done.Body, `href="https://app.example.com/start?a=1&amp;b=2" rel="noreferrer">Continue to Partners`) {
			t.Errorf("activated: %s", mainContent(done))
		}
	}
	verify(t, b.tenant, b.pool, email, systemtest.Password, 200)
	other := browser{base: b.base}
	if got := other.call(t, page, append(form[:len(form)-1], "another", "password", systemtest.Password)...); got.Status != 422 {
		t.Errorf("somebody else repeats it: %d", got.Status)
	}
}

// What is wrong with a code that is typed is told in the same words whoever is meant, and after five tries
// the page says what to do. A user without an address as a name types the user name.
func TestATypedCodeThatIsNotRight(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, nil)
	email, page := systemtest.Address("ann"), b.at("activate/code")
	code := b.invitationCode(t, email, nil)
	say := func(got systemtest.Response) string {
		return strings.NewReplacer(email, "…", systemtest.WrongCode(code), "…", "nobody@example.com", "…").Replace(mainContent(got))
	}
	stranger := say(b.call(t, page, "identifier", "nobody@example.com", "code", systemtest.WrongCode(code)))
	known := say(b.call(t, page, "identifier", email, "code", systemtest.WrongCode(code)))
	if stranger != known || !strings.Contains(known, "The name or the code is not right.") {
		t.Errorf("of nobody: %s\nof somebody: %s", stranger, known)
	}
	for _, c := range []struct{ name, code, says string }{
		{"", code, "Enter your email address or your user name"},
		{email, " ", "Enter the code from the email"},
	} {
		if got := b.call(t, page, "identifier", c.name, "code", c.code); got.Status != 422 || !contains(got.Body, c.says) {
			t.Errorf("%+v: %d %s", c, got.Status, mainContent(got))
		}
	}
	got := b.call(t, page, "identifier", email, "code", systemtest.WrongCode(code), "tries", "4")
	if !contains(got.Body, "After five wrong tries a code no longer works") || !contains(got.Body, `name="tries" value="5"`) {
		t.Errorf("the fifth try: %s", mainContent(got))
	}
	if got := b.call(t, page, "identifier", email, "code", code); got.Status != 200 {
		t.Errorf("the right code: %d %s", got.Status, mainContent(got))
	}
	b.product.Clock.Advance(25 * time.Hour)
	if got := b.call(t, page, "identifier", email, "code", code); got.Status != 422 ||
		!contains(got.Body, "That code has expired. Ask for a new email.") {
		t.Errorf("a day later: %d %s", got.Status, mainContent(got))
	}
}

// Twenty people who type at once spend no more than the guesses of a code, and one of them activates the user.
func TestTypedCodesAtOnce(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, fields{"limits": fields{"code_guesses_per_day": 100}}) // more than a code allows
	page := b.at("activate/code")
	at := func(call func(i int, by browser)) {
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() { call(i, browser{base: b.base}) })
		}
		callers.Wait()
	}
	email := systemtest.Address("ann")
	code := b.invitationCode(t, email, nil)
	at(func(i int, by browser) {
		wrong := fmt.Sprintf("%0*d", len(code), i)
		if got := by.call(t, page, "identifier", email, "code", wrong); wrong != code && got.Status != 422 {
			t.Errorf("%s: %d", wrong, got.Status)
		}
	})
	if got := b.call(t, page, "identifier", email, "code", code); got.Status != 422 {
		t.Errorf("the right code after twenty wrong ones: %d %s", got.Status, mainContent(got))
	}
	other := systemtest.Address("ben")
	form := hiddenIn(b.call(t, page, "identifier", other, "code", b.invitationCode(t, other, nil)).Body)
	password := func(i int) string { return fmt.Sprintf("%s %d", systemtest.Password, i) }
	var activated, winner atomic.Int32
	at(func(i int, by browser) {
		mine := slices.Concat(form[:len(form)-1], []string{systemtest.Unique(), "password", password(i)})
		if got := by.call(t, page, mine...); got.Status == 303 {
			activated.Add(1)
			winner.Store(int32(i))
		}
	})
	if activated.Load() != 1 {
		t.Errorf("%d have activated the user", activated.Load())
	}
	verify(t, b.tenant, b.pool, other, password(int(winner.Load())), 200)
}

// A link that is right and too old is recognized at once. Another one goes to the same address, which need
// not be typed, and works.
func TestALinkThatHasExpired(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, nil)
	link := b.invitation(t, nil)
	b.product.Clock.Advance(24*time.Hour + time.Minute)
	got := b.call(t, link.RequestURI())
	if got.Status != 200 || !contains(got.Body, "This link has expired") || contains(got.Body, `name="address"`) {
		t.Fatalf("%d %s", got.Status, mainContent(got))
	}
	_, rest, _ := strings.Cut(string(got.Body), "We can send a new email to <bdi>")
	email, _, _ := strings.Cut(rest, "<")
	if got := b.call(t, link.RequestURI(), "code", link.Query().Get("code"), "password", systemtest.Password); got.Status != 422 ||
		!contains(got.Body, "This link has expired") {
		t.Errorf("it still works: %d %s", got.Status, mainContent(got))
	}
	sent := b.call(t, link.RequestURI(), "code", link.Query().Get("code"), "do", "resend")
	if sent.Status != 200 || !contains(sent.Body, `role="status"`) || !contains(sent.Body, email) {
		t.Errorf("%d %s", sent.Status, mainContent(sent))
	}
	again := systemtest.LinkIn(t, b.product.Inbox.Await(t, email, 2)[1])
	if got := b.call(t, again.RequestURI()); got.Status != 200 || countPasswordFields(t, "the new link", got.Body) != 1 {
		t.Errorf("the new link: %d %s", got.Status, mainContent(got))
	}
	closed := newPoolBrowser(t, fields{"public_registration_allowed": false})
	link = closed.invitation(t, nil)
	closed.product.Clock.Advance(24*time.Hour + time.Minute)
	if got := closed.call(t, link.RequestURI()); !contains(got.Body, "ask the people who invited you") ||
		contains(got.Body, "<form") {
		t.Errorf("where strangers can't ask for mails: %s", mainContent(got))
	}
}

// A group that may be left empty keeps nobody from signing up, whatever it requires of those who fill it in.
// The values of an enum are called as the schema or the pool calls them.
func TestGroupsAndChoices(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, fields{
		"branding": fields{
			"terms_url": "https://example.com/terms",
			"texts":     fields{"en": fields{"labels": fields{"size=l": "Large & roomy"}}},
		},
	}, fields{
		"type": "object", "required": []string{"terms"}, "properties": fields{
			"home": fields{"type": "object", "required": []string{"city", "owned"}, "properties": fields{
				"city": fields{"type": "string", "minLength": 1}, "owned": fields{"type": "boolean"}, "street": fields{"type": "string"},
			}},
			"size": fields{"type": "string", "enum": []string{"s", "l"}},
			"plan": fields{"type": "string", "oneOf": []fields{
				{"const": "free", "title": "Free of charge"}, {"const": "paid"},
			}},
			"terms": fields{"type": "string", "const": "1", "title": "I accept the terms"},
		},
	})
	page := string(b.call(t, b.at("register")).Body)
	for _, want := range []string{
		`name="/home/city" type="text" value="" dir="auto" minlength="1">`, `value="l">Large &amp; roomy<`, `value="s">s<`,
		`value="free">Free of charge<`, `value="paid">paid<`,
		`<a href="https://example.com/terms" target="_blank" rel="noreferrer">Terms of use</a>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the form lacks %s: %s", want, page[strings.Index(page, "<main"):])
		}
	}
	send := func(more ...string) systemtest.Response {
		return b.call(t, b.at("register"), append([]string{
			"identifier", systemtest.Address("ann"), "password", systemtest.Password, "/terms", "1", "/plan", "paid",
		}, more...)...)
	}
	for name, c := range map[string]struct {
		form   []string
		status int
		says   string
	}{
		"an empty group":           {[]string{"/home/city", "", "/home/street", " "}, 303, ""},
		"a group without the city": {[]string{"/home/street", "Elm"}, 422, "Fill in “City”"},
		"a group":                  {[]string{"/home/street", "Elm", "/home/city", "Łódź"}, 303, ""},
	} {
		if got := send(c.form...); got.Status != c.status || !contains(got.Body, c.says) {
			t.Errorf("%s: %d %s", name, got.Status, mainContent(got))
		}
	}
}

// Where people go on who are done is checked, and can be taken back.
func TestTheURLWherePeopleSignIn(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	put := func(url any, status int) systemtest.Response {
		return tenant.Admin.Must(t, status, "PUT", "/pools/"+pool, fields{"name": "Partners", "sign_in_url": url})
	}
	for _, good := range []string{
		"https://app.example.com", "https://app.example.com:8443/in?a=1#b", "http://localhost:3000/", "http://127.0.0.1:3000/in",
		"http://[::1]/", "https://app.example.com/" + strings.Repeat("a", 2000),
	} {
		if got := put(good, 200).Text(t, "sign_in_url"); got != good {
			t.Errorf("%q became %q", good, got)
		}
	}
	for _, bad := range []string{
		"app.example.com", "http://app.example.com", "javascript:alert(1)", "https://", "https://ann@app.example.com/", "//app.example.com/",
		"https://app.example.com/ b", "https://app.example.com\\@evil.example.com", "https://app.example.com/" + strings.Repeat("a", 2048),
		"http://localhost.example.com/",
	} {
		got := put(bad, 422)
		if pointers := systemtest.ViolationPointers(t, got); len(pointers) != 1 || pointers[0] != "/sign_in_url" {
			t.Errorf("%q: %s", bad, got.Body)
		}
	}
	kept := "https://app.example.com/" + strings.Repeat("a", 2000)
	tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool, fields{"name": "Partners", "public_registration_allowed": true})
	if got := tenant.Public.Must(t, 200, "GET", "/pools/"+pool, nil).Text(t, "sign_in_url"); got != kept {
		t.Errorf("sign-up pages of others are told %q", got)
	}
	if _, is := put("", 200).Fields(t)["sign_in_url"]; is {
		t.Error("it can't be taken back")
	}
}
