package registration_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"identitypools/infra/check/systemtest"
)

// Somebody signs up on the pages: with a wrong address first, then with the right one, a wrong code
// and the right code.
func TestSomebodySignsUpOnThePages(t *testing.T) {
	t.Parallel()
	b, email := newPoolBrowser(t, nil), systemtest.Address("ann")
	if got := b.call(t, b.at("register?return_to=https://app.example.com/in")); got.Status != 200 ||
		!contains(got.Body, `id="identifier"`) {
		t.Fatalf("%d %s", got.Status, mainContent(got))
	}
	path := b.at("register?return_to=https://app.example.com/in")
	page := b.follow(
		t, path,
		b.call(t, path, "identifier", email, "password", systemtest.Password, "/given_name", "Ann"),
	)
	if !contains(page.Body, email) || !contains(page.Body, `autocomplete="one-time-code"`) {
		t.Fatalf("the page for the code: %s", mainContent(page))
	}
	email = systemtest.Address("ann") // the address was wrong
	b.signUp(t, email, "/given_name", "Ann")
	if again := b.call(t, b.at("register")); !contains(again.Body, `value="`+email+`"`) ||
		!contains(again.Body, `value="Ann"`) || contains(again.Body, systemtest.Password) {
		t.Errorf("the form does not show what was typed, or shows the password: %s", mainContent(again))
	}
	code := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
	if got := b.call(
		t, b.at("register/code"), "code", systemtest.WrongCode(code),
	); got.Status != 422 || !contains(got.Body, "That code is not right") {
		t.Errorf("a wrong code: %d %s", got.Status, mainContent(got))
	}
	done := b.follow(t, b.at("register/code"), b.call(t, b.at("register/code"), "code", code))
	for _, want := range []string{
		`role="status"`, "Your account is active.", `href="https://app.example.com/in"`,
	} {
		if !contains(done.Body, want) {
			t.Errorf("the last page lacks %s: %s", want, mainContent(done))
		}
	}
	if back := b.call(t, b.at("register/code")); back.Status != 303 {
		t.Errorf("back at the page for the code: %d", back.Status)
	}
	if again := b.call(t, b.at("register")); contains(again.Body, email) {
		t.Error("the form still shows what was typed")
	}
	verify(t, b.tenant, b.pool, email, systemtest.Password, 200)
	payload := findUser(t, b.tenant, b.pool, email)["payload"].(fields)
	if payload["given_name"] != "Ann" || len(payload) != 1 {
		t.Errorf("payload: %v", payload)
	}
}

// V3.2.1, V3.3.1 to V3.3.4, V3.4.3 to V3.4.6, V6.2.6, V6.2.7, V14.2.3, V14.3.2, V14.3.3: the URL of
// a page may contain a code, so the page is not cached, cannot be framed, and sends no referrer to
// other sites. It loads nothing but the pool's logo and runs nothing but its own script; the policy
// allows the script and the styles by their hashes. Its cookie is sent only over TLS and to this
// host, and scripts cannot read it. Browsers hide and fill in the field for a password.
func TestPagesGiveNothingAway(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, fields{
		"badge_color": "#0a7",
		"branding":    fields{"logo_url": "https://static.example.com/logo.svg"},
	})
	for way, got := range map[string]systemtest.Response{
		"the form":           b.call(t, b.at("register")),
		"the form, refused":  b.call(t, b.at("register"), "identifier", "nobody"),
		"a link":             b.call(t, b.at("activate?code="+url.QueryEscape("a/b+c"))),
		"a link, submitted":  b.call(t, b.at("activate"), "code", "wrong"),
		"no registration":    b.call(t, b.at("register/code")),
		"the page of a code": b.signUp(t, systemtest.Address("eve")),
		"nothing here":       b.call(t, "/"+b.tenant.ID+"/pools/nothing/register"),
	} {
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
			"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Set-Cookie": "",
		} {
			if value := got.Header.Get(name); value != want {
				t.Errorf("%s: %s is %q, want %q", way, name, value, want)
			}
		}
		images := "data: https://static.example.com"
		if way == "nothing here" {
			images = "data:"
		}
		policy, want := got.Header.Get("Content-Security-Policy"), wantPolicy(t, got.Body, images)
		if policy != want {
			t.Errorf("%s: the policy is\n%s, not\n%s", way, policy, want)
		}
		passwords := countPasswordFields(t, way, got.Body)
		if passwords != strings.Count(way, "the form") {
			t.Errorf("%s: %d fields for a password", way, passwords)
		}
	}
	set := b.call(
		t, b.at("register"), "identifier", systemtest.Address("eve"), "password",
		systemtest.Password,
	).Header.Get("Set-Cookie")
	name, rest, _ := strings.Cut(set, "=")
	value, attributes, _ := strings.Cut(rest, "; ")
	if name != "__Host-registration" || attributes != "Path=/; HttpOnly; Secure; SameSite=Strict" ||
		len(set) > 4096 {
		t.Errorf("the cookie is %s with %s", name, attributes)
	}
	if decoded, _ := base64.RawURLEncoding.DecodeString(value); strings.Contains(string(decoded), "eve") {
		t.Error("the cookie can be read")
	}
}

// wantPolicy returns the Content-Security-Policy that allows the styles and the script of a page
// and no others.
func wantPolicy(t *testing.T, page []byte, images string) string {
	t.Helper()
	hashes := map[string][]string{}
	inline := regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`)
	for _, m := range inline.FindAllSubmatch(page, -1) {
		sum := sha256.Sum256(m[2])
		hashes[string(m[1])] = append(
			hashes[string(m[1])], "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'",
		)
	}
	if len(hashes["style"]) != 2 || len(hashes["script"]) != 1 {
		t.Errorf("%d styles, %d scripts", len(hashes["style"]), len(hashes["script"]))
	}
	return "default-src 'none'; style-src " + strings.Join(hashes["style"], " ") +
		"; script-src " + strings.Join(hashes["script"], " ") +
		"; img-src " + images + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// countPasswordFields returns the number of a page's fields for passwords. It also checks the
// elements of the page.
func countPasswordFields(t *testing.T, way string, page []byte) (passwords int) {
	t.Helper()
	for tokens := html.NewTokenizer(strings.NewReader(string(page))); tokens.Next() != html.ErrorToken; {
		token := tokens.Token()
		attributes := map[string]string{}
		for _, a := range token.Attr {
			attributes[a.Key] = a.Val
			if a.Key == "src" && token.Data != "img" || a.Key == "style" ||
				strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: <%s %s>", way, token.Data, a.Key)
			}
		}
		if token.Data == "input" && attributes["name"] == "password" {
			passwords++
			if attributes["type"] != "password" || attributes["autocomplete"] != "new-password" {
				t.Errorf("%s: the field of the password has %v", way, attributes)
			}
		}
	}
	return passwords
}

// V3.5.1: a form that another site makes a browser send is refused and has no effect.
func TestAFormFromElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	b, email := newPoolBrowser(t, nil), systemtest.Address("ann")
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"another site":                      {"Sec-Fetch-Site", "cross-site", 403},
		"another host of the same site":     {"Sec-Fetch-Site", "same-site", 403},
		"an old browser, on another site":   {"Origin", "https://evil.example.com", 403},
		"an old browser that doesn't say":   {"Origin", "null", 403},
		"an old browser, on the page":       {"Origin", b.base, 422},
		"the page":                          {"Sec-Fetch-Site", "same-origin", 422},
		"no browser, which has no cookie's": {"X-Nothing", "", 422},
	} {
		for _, page := range []string{"register", "activate"} {
			r, err := http.NewRequestWithContext(
				t.Context(), http.MethodPost, b.base+b.at(page),
				strings.NewReader(url.Values{"identifier": {email}, "password": {"short"}}.Encode()),
			)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(c.header, c.value)
			if got := sendOnce(t, r); got.Status != c.status {
				t.Errorf("%s, %s: %d, want %d", name, page, got.Status, c.status)
			}
		}
	}
}

// The page shows each fault beside its field and keeps what was typed.
func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, fields{
		"branding": fields{"texts": fields{"en": fields{
			"title": "Join <us>", "intro": "It is free.",
			"labels": fields{"code": "Customer no."},
		}}},
		"password_policy": fields{"min_length": 10, "digits": 2, "strength": "fair"},
	}, fields{
		"type": "object", "required": []string{"code", "plan", "terms", "agreed"},
		"additionalProperties": false, "properties": fields{
			"code": fields{"type": "string", "minLength": 3, "maxLength": 5},
			"plan": fields{"title": "Plan", "type": "string", "enum": []string{"basic", "pro"}},
			"age": fields{
				"type": "integer", "minimum": 18, "maximum": 120, "description": "Adults alone.",
			},
			"terms":  fields{"type": "boolean", "title": "Send me news"},
			"agreed": fields{"type": "string", "const": "2027-01", "title": "I agree to the terms"},
			"tags":   fields{"type": "array", "items": fields{"type": "string"}, "maxItems": 2},
			"address": fields{
				"type": "object", "required": []string{"country"},
				"properties": fields{"country": fields{"type": "string", "pattern": "^[A-Z]{2}$"}},
			},
			"secret": fields{"type": "string", "hidden": true},
		},
	})
	page := string(b.call(t, b.at("register")).Body)
	for _, want := range []string{
		"<h1>Join &lt;us&gt;</h1>", "<p>It is free.</p>",
		`<label for="payload-code">Customer no.</label>`,
		`name="/code" type="text" value="" dir="auto" minlength="3" maxlength="5" required`,
		`<option value="basic">basic</option><option value="pro">pro</option>`,
		`type="number" value="" min="18" max="120" step="1"`, `id="payload-age-hint">Adults alone.`,
		`<input type="checkbox" id="payload-terms" name="/terms" value="true">`,
		`<input type="checkbox" id="payload-agreed" name="/agreed" value="2027-01" required>`,
		`<textarea id="payload-tags"`, "<legend>Postal address  <span class=\"optional\">",
		`id="payload-address-country" name="/address/country"`,
		`data-rule="min_length" data-bound="10">At least 10 characters`,
		`data-rule="digits" data-bound="2"`, "Hard to guess",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if strings.Contains(page, "secret") || t.Failed() {
		t.Log(page)
	}
	good := fields{
		"identifier": systemtest.Address("ann"), "password": "kumquat 17 trees", "/code": "abc",
		"/plan": "pro", "/terms": "true", "/agreed": "2027-01",
	}
	for _, c := range []struct {
		name, field, value string
		says               map[string]string // texts that the page shows, by the id of the field
	}{
		{"no address", "identifier", "ann", map[string]string{"identifier": "Enter an email address"}},
		{
			"a user name for an address", "identifier", "+15550100",
			map[string]string{"identifier": "Enter an email address"},
		},
		{"no password", "password", "", map[string]string{"password": "Enter a password"}},
		{
			"a short password", "password", "kumquat",
			map[string]string{"password": "at least 10 characters"},
		},
		{
			"a common password", "password", "password12",
			map[string]string{"password": "Very many people use this password"},
		},
		{
			"a long password", "password", strings.Repeat("kumquat 17", 30),
			map[string]string{"password": "at most 256"},
		},
		{
			"a password of letters alone", "password", "kumquat trees",
			map[string]string{"password": "needs more digits: at least 2"},
		},
		{
			"nothing where something must be", "/code", " ",
			map[string]string{"payload-code": "Fill in “Customer no.”"},
		},
		{
			"too much", "/code", "abcdef",
			map[string]string{"payload-code": "Enter from 3 to 5 characters for “Customer no.”"},
		},
		{"no choice", "/plan", "", map[string]string{"payload-plan": "Choose an option for “Plan”"}},
		{
			"a choice that there isn't", "/plan", "gold",
			map[string]string{"payload-plan": "Choose an option for “Plan”"},
		},
		{
			"too small a number", "/age", "17",
			map[string]string{"payload-age": "Enter a whole number from 18 to 120 for “Age”"},
		},
		{
			"no number", "/age", "old",
			map[string]string{"payload-age": "Enter a whole number from 18 to 120 for “Age”"},
		},
		{
			"terms that are not agreed to", "/agreed", "",
			map[string]string{"payload-agreed": "You must accept the terms"},
		},
		{
			"too many lines", "/tags", "a\nb\n\nc",
			map[string]string{"payload-tags": "can’t be accepted"},
		},
		{
			"a wrong form, within a group", "/address/country", "x",
			map[string]string{"payload-address-country": "can’t be accepted"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := browser{base: b.base}
			var pairs []string
			for name, value := range good {
				if name == c.field {
					continue
				}
				pairs = append(pairs, name, value.(string))
			}
			got := v.call(t, b.at("register"), append(pairs, c.field, c.value)...)
			if got.Status != 422 {
				t.Fatalf("%d %s", got.Status, mainContent(got))
			}
			page := string(got.Body)
			for id, says := range c.says {
				problem := regexp.MustCompile(
					`<p class="error" id="` + id + `-error">([^<]*)</p>`,
				).FindStringSubmatch(page)
				if problem == nil || !strings.Contains(html.UnescapeString(problem[1]), says) {
					t.Errorf("%s-error says %q, want %q", id, problem, says)
				}
				field := regexp.MustCompile(
					`<(?:input|select|textarea) [^>]*id="` + id + `"[^>]*>`,
				).FindString(page)
				if !strings.Contains(field, ` aria-invalid="true"`) ||
					!strings.Contains(field, id+"-error") {
					t.Errorf("the field is %s", field)
				}
				if !strings.Contains(page, `<a href="#`+id+`">`) {
					t.Error("the summary does not lead to it")
				}
			}
			if strings.Contains(page, "kumquat") || strings.Contains(page, "password12") {
				t.Error("the page has the password")
			}
			if c.field != "identifier" &&
				!strings.Contains(page, `value="`+good["identifier"].(string)+`"`) ||
				strings.Count(page, `class="error"`) != len(c.says) {
				t.Errorf("what was typed is lost, or more is wrong: %s", mainContent(got))
			}
		})
	}
	got := b.call(t, b.at("register"), "identifier", "ann", "password", "", "/code", "a", "/age", "1")
	for _, id := range []string{
		"identifier", "password", "payload-code", "payload-plan", "payload-age", "payload-agreed",
	} {
		if !contains(got.Body, `<p class="error" id="`+id+`-error">`) {
			t.Errorf("of much that is wrong at once, %s is not told: %s", id, mainContent(got))
		}
	}
	email := systemtest.Address("ann")
	if got := b.call(t, b.at("register"), "identifier", email, "password", "kumquat 17 trees",
		"/code", "abc", "/plan", "pro", "/age", "18", "/terms", "true", "/agreed", "2027-01",
		"/tags", "a\r\nb", "/address/country", "PL", "/secret", "x"); got.Status != 303 {
		t.Fatalf("a form without a fault: %d %s", got.Status, mainContent(got))
	}
	lines := regexp.MustCompile(`<textarea id="payload-tags"[^>]*>a\r?\nb</textarea>`)
	if back := b.call(t, b.at("register")); !lines.Match(back.Body) {
		t.Errorf("of what was typed in lines some is lost: %s", mainContent(back))
	}
	b.follow(
		t, b.at("register/code"),
		b.call(
			t, b.at("register/code"), "code",
			systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0]),
		),
	)
	want := fields{
		"code": "abc", "plan": "pro", "age": 18.0, "terms": true, "agreed": "2027-01",
		"tags": []any{"a", "b"}, "address": fields{"country": "PL"},
	}
	if got := findUser(t, b.tenant, b.pool, email)["payload"]; !reflect.DeepEqual(got, want) {
		t.Errorf("the payload is %v, want %v", got, want)
	}
}

// Another code can be asked for after a minute. It replaces the first one.
func TestACodeIsSentAgain(t *testing.T) {
	t.Parallel()
	b, email := newPoolBrowser(t, fields{
		"otp_settings": fields{"activation": fields{"ttl": "1h"}},
	}), systemtest.Address("ann")
	b.signUp(t, email)
	first := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
	code := b.at("register/code")
	if got := b.call(t, code, "do", "resend"); got.Status != 429 ||
		!regexp.MustCompile(`You can send a new code in (60|5\d) s`).Match(got.Body) {
		t.Errorf("at once: %d %s", got.Status, mainContent(got))
	}
	b.product.Clock.Advance(61 * time.Second)
	page := b.follow(t, code, b.call(t, code, "do", "resend"))
	if !contains(page.Body, "A new email is on its way.") || !contains(page.Body, `data-wait="60"`) {
		t.Errorf("after a minute: %s", mainContent(page))
	}
	second := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 2)[1])
	if got := b.call(t, code, "code", first); first != second && got.Status != 422 {
		t.Errorf("the first code still works: %d", got.Status)
	}
	if got := b.call(t, code, "code", ""); got.Status != 422 ||
		!contains(got.Body, "Enter the code from the email") {
		t.Errorf("no code: %d %s", got.Status, mainContent(got))
	}
	b.product.Clock.Advance(time.Hour)
	if got := b.call(t, code, "code", second); got.Status != 422 ||
		!contains(got.Body, "That code has expired.") {
		t.Errorf("an hour later: %d %s", got.Status, mainContent(got))
	}
	b.product.Clock.Advance(23 * time.Hour)
	if got := b.call(t, code); got.Status != 200 || !contains(got.Body, "Start again") {
		t.Errorf("a registration of yesterday: %d %s", got.Status, mainContent(got))
	}
}

// The page of a link says what the link would do and asks for a password if there is none. If the
// link does not work, the page offers another one.
func TestALinkSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	b, email := newPoolBrowser(t, nil), systemtest.Address("ann")
	id := b.tenant.NewUser(t, b.pool, "new", email, nil)
	b.tenant.Admin.Must(
		t, 204, "POST", "/pools/"+b.pool+"/users/"+id+"/activation/send?mode=invitation", nil,
	)
	link := systemtest.LinkIn(t, b.product.Inbox.Await(t, email, 1)[0])
	if page := b.call(t, link.RequestURI()); !contains(page.Body, "You are invited to <bdi>Partners</bdi>") ||
		!contains(page.Body, email) || countPasswordFields(t, "an invitation", page.Body) != 1 {
		t.Errorf("an invitation: %s", mainContent(page))
	}
	for password, says := range map[string]string{
		"": "Enter a password", "short": "at least 8 characters",
	} {
		if got := b.call(
			t, link.RequestURI(), "code", link.Query().Get("code"), "password", password,
		); got.Status != 422 || !contains(got.Body, says) {
			t.Errorf("the password %q: %d %s", password, got.Status, mainContent(got))
		}
	}
	done := b.follow(
		t, b.at("activate"),
		b.call(t, link.RequestURI(), "code", link.Query().Get("code"), "password", systemtest.Password),
	)
	if !contains(done.Body, "Your account is active.") {
		t.Errorf("activated: %s", mainContent(done))
	}
	verify(t, b.tenant, b.pool, email, systemtest.Password, 200)
	used := b.call(t, link.RequestURI())
	if !contains(used.Body, "This link no longer works") ||
		!contains(used.Body, `value="resend"`) {
		t.Errorf("a used link: %s", mainContent(used))
	}
	if got := b.call(t, b.at("activate"), "do", "resend", "address", " "); got.Status != 422 ||
		!contains(got.Body, "Enter an email address") {
		t.Errorf("no address: %d %s", got.Status, mainContent(got))
	}
	late := systemtest.Address("late")
	b.tenant.Public.Must(t, 201, "POST", "/pools/"+b.pool+"/register", fields{
		"identifier": late, "password": systemtest.Password,
	})
	b.product.Inbox.Await(t, late, 1)
	b.product.Clock.Advance(2 * time.Minute)
	if got := b.call(t, b.at("activate"), "do", "resend", "address", late); got.Status != 200 ||
		!contains(got.Body, "a new email is on its way") {
		t.Errorf("a new mail: %d %s", got.Status, mainContent(got))
	}
	again := systemtest.LinkIn(t, b.product.Inbox.Await(t, late, 2)[1])
	page := b.call(t, again.RequestURI())
	if !contains(page.Body, "activates your account with <bdi>Partners</bdi>") ||
		countPasswordFields(t, "a link", page.Body) != 1 {
		t.Errorf("the new link: %s", mainContent(page))
	}
}

// If a source sends too many forms, the page keeps what was typed.
func TestAFormThatComesTooOften(t *testing.T) {
	t.Parallel()
	b, email := newPoolBrowser(t, fields{
		"limits": fields{"source_submissions_per_hour": 10},
	}), systemtest.Address("ann")
	for range 10 {
		b.signUp(t, email)
	}
	b.product.Clock.Advance(61 * time.Second)
	for path, form := range map[string][]string{
		b.at("register"): {
			"identifier", email, "password", systemtest.Password, "/given_name", "Ann",
		},
		b.at("register/code"): {"do", "resend"},
		b.at("activate"):      {"do", "resend", "address", email},
	} {
		got := b.call(t, path, form...)
		if got.Status != 429 || got.Header.Get("Retry-After") == "" ||
			!contains(got.Body, "Too many tries came from your network.") ||
			!contains(got.Body, "<form") {
			t.Errorf("%s: %d %s", path, got.Status, mainContent(got))
		}
		if path == b.at("register") &&
			(!contains(got.Body, `value="`+email+`"`) || !contains(got.Body, `value="Ann"`)) {
			t.Errorf("what was typed is lost: %s", mainContent(got))
		}
	}
}

// Pages that cannot be shown, and forms that cannot be accepted, are answered with a page that says
// so.
func TestPagesThatCanNotBe(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, fields{"public_registration_allowed": false})
	for _, c := range []struct {
		name, path string
		form       []string
		status     int
		says       string
	}{
		{"registration is switched off", b.at("register"), nil, 404, "Nothing is here"},
		{
			"registration is switched off, sent all the same", b.at("register"),
			[]string{"identifier", "ann@example.com"},
			404, "Nothing is here",
		},
		{
			"a pool that there isn't", "/" + b.tenant.ID + "/pools/nothing/register", nil, 404,
			"Nothing is here",
		},
		{
			"a link, where only administrators make users", b.at("activate?code=x"), nil, 200,
			"ask the people who invited you",
		},
		{"a code without a registration", b.at("register/code"), []string{"code", "123456"}, 303, ""},
		{
			"a form that is too large", b.at("register"),
			[]string{"identifier", strings.Repeat("a", 140<<10)},
			422, "That did not work",
		},
	} {
		got := b.call(t, c.path, c.form...)
		if got.Status != c.status || !contains(got.Body, c.says) {
			t.Errorf("%s: %d %s", c.name, got.Status, mainContent(got))
		}
	}
}

// The language of a page is that of its URL, else the browser's, else the pool's. The following
// pages and the mail have the same language.
func TestPagesSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, fields{"branding": fields{"language": "pl"}})
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "pl"},
		{"", "de-AT,de;q=0.9,en;q=0.1", "de"},
		{"", "ja,fr;q=0.5,en;q=0.4", "fr"},
		{"", "ja", "pl"},
		{"", "*", "pl"},
		{"", "de;q=x", "pl"},
		{"?lang=es", "de", "es"},
		{"?lang=xx", "de", "de"},
		{"?lang=" + url.QueryEscape(`"><script>`), "", "pl"},
	} {
		v := browser{base: b.base, language: c.accept}
		got := v.call(t, b.at("register"+c.query))
		if !contains(got.Body, `<html lang="`+c.want+`">`) ||
			got.Header.Get("Content-Language") != c.want {
			t.Errorf("%q, %q: %s", c.query, c.accept, got.Header.Get("Content-Language"))
		}
		if strings.Count(string(got.Body), "hreflang") != 4 {
			t.Errorf("%q: not four other languages", c.want)
		}
	}
	page := b.at("register?lang=de")
	answer := b.call(
		t, page, "identifier", systemtest.Address("ann"), "password", systemtest.Password)
	if next := b.follow(t, page, answer); !contains(next.Body, `<html lang="de">`) {
		t.Errorf("the next page: %s", mainContent(next))
	}
}
