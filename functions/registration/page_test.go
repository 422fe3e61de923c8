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

// guest is a visitor of a pool's pages.
type guest struct {
	visitor
	product *systemtest.Product
	tenant  *systemtest.Tenant
	pool    string
}

// newGuest visits a new pool with the settings, whose users' payload has the schema if one is given.
func newGuest(t *testing.T, settings fields, schema ...fields) *guest {
	t.Helper()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, document := range schema {
		settings["payload_schema_id"] = tenant.Admin.Must(t, 201, "POST", "/schemas", fields{"name": "Payload", "schema": document}).Text(t, "id")
	}
	return &guest{visitor{base: product.BaseURL}, product, tenant, tenant.NewPool(t, settings)}
}

// at is the path of a page of the pool.
func (g *guest) at(page string) string { return "/" + g.tenant.ID + "/pools/" + g.pool + "/" + page }

// signUp sends the form of the registration page and ends on the page for the code.
func (g *guest) signUp(t *testing.T, email string, more ...string) systemtest.Response {
	t.Helper()
	got := g.call(t, g.at("register"), append([]string{"identifier", email, "password", systemtest.Password}, more...)...)
	return g.follow(t, g.at("register"), got)
}

func TestSomebodySignsUpOnThePages(t *testing.T) {
	t.Parallel()
	g, email := newGuest(t, nil), systemtest.Address("ann")
	if got := g.call(t, g.at("register?return_to=https://app.example.com/in")); got.Status != 200 || !contains(got.Body, `id="identifier"`) {
		t.Fatalf("%d %s", got.Status, shown(got))
	}
	path := g.at("register?return_to=https://app.example.com/in")
	page := g.follow(t, path, g.call(t, path, "identifier", email, "password", systemtest.Password, "/given_name", "Ann"))
	if !contains(page.Body, email) || !contains(page.Body, `autocomplete="one-time-code"`) {
		t.Fatalf("the page for the code: %s", shown(page))
	}
	email = systemtest.Address("ann") // the address was wrong
	g.signUp(t, email, "/given_name", "Ann")
	if again := g.call(t, g.at("register")); !contains(again.Body, `value="`+email+`"`) || !contains(again.Body, `value="Ann"`) || contains(again.Body, systemtest.Password) {
		t.Errorf("the form does not show what was typed, or shows the password: %s", shown(again))
	}
	code := systemtest.CodeIn(t, g.product.Inbox.Await(t, email, 1)[0])
	if got := g.call(t, g.at("register/code"), "code", systemtest.WrongCode(code)); got.Status != 422 || !contains(got.Body, "This code is not right") {
		t.Errorf("a wrong code: %d %s", got.Status, shown(got))
	}
	done := g.follow(t, g.at("register/code"), g.call(t, g.at("register/code"), "code", code))
	for _, want := range []string{`role="status"`, "Your account is active.", `href="https://app.example.com/in"`} {
		if !contains(done.Body, want) {
			t.Errorf("the last page lacks %s: %s", want, shown(done))
		}
	}
	if back := g.call(t, g.at("register/code")); back.Status != 303 {
		t.Errorf("back at the page for the code: %d", back.Status)
	}
	if again := g.call(t, g.at("register")); contains(again.Body, email) {
		t.Error("the form still shows what was typed")
	}
	verify(t, g.tenant, g.pool, email, systemtest.Password, 200)
	if payload := byKey(t, g.tenant, g.pool, email)["payload"].(fields); payload["given_name"] != "Ann" || len(payload) != 1 {
		t.Errorf("payload: %v", payload)
	}
}

// V3.2.1, V3.3.1 to V3.3.4, V3.4.3 to V3.4.6, V6.2.6, V6.2.7, V14.2.3, V14.3.2, V14.3.3: a page may have a code in its address, so it is not kept, not framed, and
// names nobody where it came from; it loads nothing but the pool's logo and runs nothing but its own script, which are allowed by their hashes. Its cookie is for this host
// over TLS alone, and no script sees it. The field for a password is one that browsers hide and fill in.
func TestPagesGiveNothingAway(t *testing.T) {
	t.Parallel()
	g := newGuest(t, fields{"badge_color": "#0a7", "branding": fields{"logo_url": "https://static.example.com/logo.svg"}})
	for way, got := range map[string]systemtest.Response{
		"the form":           g.call(t, g.at("register")),
		"the form, refused":  g.call(t, g.at("register"), "identifier", "nobody"),
		"a link":             g.call(t, g.at("activate?code="+url.QueryEscape("a/b+c"))),
		"a link, submitted":  g.call(t, g.at("activate"), "code", "wrong"),
		"no registration":    g.call(t, g.at("register/code")),
		"the page of a code": g.signUp(t, systemtest.Address("eve")),
		"nothing here":       g.call(t, "/"+g.tenant.ID+"/pools/nothing/register"),
	} {
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
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
		if policy, want := got.Header.Get("Content-Security-Policy"), policyOf(t, got.Body, images); policy != want {
			t.Errorf("%s: the policy is\n%s, not\n%s", way, policy, want)
		}
		if passwords := inspect(t, way, got.Body); passwords != strings.Count(way, "the form") {
			t.Errorf("%s: %d fields for a password", way, passwords)
		}
	}
	set := g.call(t, g.at("register"), "identifier", systemtest.Address("eve"), "password", systemtest.Password).Header.Get("Set-Cookie")
	name, rest, _ := strings.Cut(set, "=")
	value, attributes, _ := strings.Cut(rest, "; ")
	if name != "__Host-registration" || attributes != "Path=/; HttpOnly; Secure; SameSite=Strict" || len(set) > 4096 {
		t.Errorf("the cookie is %s with %s", name, attributes)
	}
	if decoded, _ := base64.RawURLEncoding.DecodeString(value); strings.Contains(string(decoded), "eve") {
		t.Error("the cookie can be read")
	}
}

// policyOf is the policy that allows the styles and the script of a page, and no others.
func policyOf(t *testing.T, page []byte, images string) string {
	t.Helper()
	hashes := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`).FindAllSubmatch(page, -1) {
		sum := sha256.Sum256(m[2])
		hashes[string(m[1])] = append(hashes[string(m[1])], "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	if len(hashes["style"]) != 2 || len(hashes["script"]) != 1 {
		t.Errorf("%d styles, %d scripts", len(hashes["style"]), len(hashes["script"]))
	}
	return "default-src 'none'; style-src " + strings.Join(hashes["style"], " ") + "; script-src " + strings.Join(hashes["script"], " ") +
		"; img-src " + images + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// inspect looks at the elements of a page, and counts those for a password.
func inspect(t *testing.T, way string, page []byte) (passwords int) {
	t.Helper()
	for tokens := html.NewTokenizer(strings.NewReader(string(page))); tokens.Next() != html.ErrorToken; {
		token := tokens.Token()
		attributes := map[string]string{}
		for _, a := range token.Attr {
			attributes[a.Key] = a.Val
			if a.Key == "src" && token.Data != "img" || a.Key == "style" || strings.HasPrefix(a.Key, "on") {
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

// V3.5.1: a form that another site makes a browser send is refused, and does nothing.
func TestAFormFromElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	g, email := newGuest(t, nil), systemtest.Address("ann")
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"another site":                      {"Sec-Fetch-Site", "cross-site", 403},
		"another host of the same site":     {"Sec-Fetch-Site", "same-site", 403},
		"an old browser, on another site":   {"Origin", "https://evil.example.com", 403},
		"an old browser that doesn't say":   {"Origin", "null", 403},
		"an old browser, on the page":       {"Origin", g.base, 422},
		"the page":                          {"Sec-Fetch-Site", "same-origin", 422},
		"no browser, which has no cookie's": {"X-Nothing", "", 422},
	} {
		for _, page := range []string{"register", "activate"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.base+g.at(page), strings.NewReader(url.Values{"identifier": {email}, "password": {"short"}}.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(c.header, c.value)
			if got := once(t, r); got.Status != c.status {
				t.Errorf("%s, %s: %d, want %d", name, page, got.Status, c.status)
			}
		}
	}
}

func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	t.Parallel()
	g := newGuest(t, fields{
		"branding":        fields{"texts": fields{"en": fields{"title": "Join <us>", "intro": "It is free.", "labels": fields{"code": "Customer no."}}}},
		"password_policy": fields{"min_length": 10, "digits": 2, "strength": "fair"},
	}, fields{
		"type": "object", "required": []string{"code", "plan", "terms", "agreed"}, "additionalProperties": false, "properties": fields{
			"code":    fields{"type": "string", "minLength": 3, "maxLength": 5},
			"plan":    fields{"title": "Plan", "type": "string", "enum": []string{"basic", "pro"}},
			"age":     fields{"type": "integer", "minimum": 18, "maximum": 120, "description": "Adults alone."},
			"terms":   fields{"type": "boolean", "title": "Send me news"},
			"agreed":  fields{"type": "string", "const": "2027-01", "title": "I agree to the terms"},
			"tags":    fields{"type": "array", "items": fields{"type": "string"}, "maxItems": 2},
			"address": fields{"type": "object", "required": []string{"country"}, "properties": fields{"country": fields{"type": "string", "pattern": "^[A-Z]{2}$"}}},
			"secret":  fields{"type": "string", "hidden": true},
		},
	})
	page := string(g.call(t, g.at("register")).Body)
	for _, want := range []string{
		"<h1>Join &lt;us&gt;</h1>", "<p>It is free.</p>", `<label for="payload-code">Customer no.</label>`, `name="/code" type="text" value="" minlength="3" maxlength="5" required`,
		"<option>basic</option><option>pro</option>", `type="number" value="" min="18" max="120" step="1"`, `id="payload-age-hint">Adults alone.`, `<input type="checkbox" id="payload-terms" name="/terms" value="true">`, `<input type="checkbox" id="payload-agreed" name="/agreed" value="2027-01" required>`,
		`<textarea id="payload-tags"`, "<legend>Postal address</legend>", `id="payload-address-country" name="/address/country"`,
		`data-rule="min_length" data-bound="10">At least 10 characters`, `data-rule="digits" data-bound="2"`, "Hard to guess",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if strings.Contains(page, "secret") || t.Failed() {
		t.Log(page)
	}
	good := fields{"identifier": systemtest.Address("ann"), "password": "kumquat 17 trees", "/code": "abc", "/plan": "pro", "/terms": "true", "/agreed": "2027-01"}
	for _, c := range []struct {
		name, field, value string
		says               map[string]string // by the id of the field
	}{
		{"no address", "identifier", "ann", map[string]string{"identifier": "Enter an e-mail address"}},
		{"a user name for an address", "identifier", "+15550100", map[string]string{"identifier": "Enter an e-mail address"}},
		{"no password", "password", "", map[string]string{"password": "Enter a password."}},
		{"a short password", "password", "kumquat", map[string]string{"password": "at least 10 characters"}},
		{"a common password", "password", "password12", map[string]string{"password": "Very many people use this password"}},
		{"a long password", "password", strings.Repeat("kumquat 17", 30), map[string]string{"password": "at most 256"}},
		{"a password of letters alone", "password", "kumquat trees", map[string]string{"password": "needs more digits: at least 2"}},
		{"nothing where something must be", "/code", " ", map[string]string{"payload-code": "Please fill this in."}},
		{"too much", "/code", "abcdef", map[string]string{"payload-code": "The length must be from 3 to 5."}},
		{"no choice", "/plan", "", map[string]string{"payload-plan": "Please fill this in."}},
		{"a choice that there isn't", "/plan", "gold", map[string]string{"payload-plan": "Please choose one of the values."}},
		{"too small a number", "/age", "17", map[string]string{"payload-age": "Enter a number from 18 to 120."}},
		{"no number", "/age", "old", map[string]string{"payload-age": "Enter a number from 18 to 120."}},
		{"terms that are not agreed to", "/agreed", "", map[string]string{"payload-agreed": "Please fill this in."}},
		{"too many lines", "/tags", "a\nb\n\nc", map[string]string{"payload-tags": "can’t be accepted"}},
		{"a wrong form, within a group", "/address/country", "x", map[string]string{"payload-address-country": "can’t be accepted"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := visitor{base: g.base}
			var pairs []string
			for name, value := range good {
				if name == c.field {
					continue
				}
				pairs = append(pairs, name, value.(string))
			}
			got := v.call(t, g.at("register"), append(pairs, c.field, c.value)...)
			if got.Status != 422 {
				t.Fatalf("%d %s", got.Status, shown(got))
			}
			page := string(got.Body)
			for id, says := range c.says {
				problem := regexp.MustCompile(`<p class="error" id="` + id + `-error">([^<]*)</p>`).FindStringSubmatch(page)
				if problem == nil || !strings.Contains(html.UnescapeString(problem[1]), says) {
					t.Errorf("%s-error says %q, want %q", id, problem, says)
				}
				field := regexp.MustCompile(`<(?:input|select|textarea) [^>]*id="` + id + `"[^>]*>`).FindString(page)
				if !strings.Contains(field, ` autofocus aria-invalid="true"`) || !strings.Contains(field, id+"-error") {
					t.Errorf("the field is %s", field)
				}
				if !strings.Contains(page, `<a href="#`+id+`">`) {
					t.Error("the summary does not lead to it")
				}
			}
			if strings.Contains(page, "kumquat") || strings.Contains(page, "password12") {
				t.Error("the page has the password")
			}
			if c.field != "identifier" && !strings.Contains(page, `value="`+good["identifier"].(string)+`"`) || strings.Count(page, `class="error"`) != len(c.says) {
				t.Errorf("what was typed is lost, or more is wrong: %s", shown(got))
			}
		})
	}
	got := g.call(t, g.at("register"), "identifier", "ann", "password", "", "/code", "a", "/age", "1")
	for _, id := range []string{"identifier", "password", "payload-code", "payload-plan", "payload-age", "payload-agreed"} {
		if !contains(got.Body, `<p class="error" id="`+id+`-error">`) {
			t.Errorf("of much that is wrong at once, %s is not told: %s", id, shown(got))
		}
	}
	email := systemtest.Address("ann")
	if got := g.call(t, g.at("register"), "identifier", email, "password", "kumquat 17 trees", "/code", "abc", "/plan", "pro", "/age", "18",
		"/terms", "true", "/agreed", "2027-01", "/tags", "a\r\nb", "/address/country", "PL", "/secret", "x"); got.Status != 303 {
		t.Fatalf("a form without a fault: %d %s", got.Status, shown(got))
	}
	if back := g.call(t, g.at("register")); !regexp.MustCompile(`<textarea id="payload-tags"[^>]*>a\r?\nb</textarea>`).Match(back.Body) {
		t.Errorf("of what was typed in lines some is lost: %s", shown(back))
	}
	g.follow(t, g.at("register/code"), g.call(t, g.at("register/code"), "code", systemtest.CodeIn(t, g.product.Inbox.Await(t, email, 1)[0])))
	want := fields{"code": "abc", "plan": "pro", "age": 18.0, "terms": true, "agreed": "2027-01", "tags": []any{"a", "b"}, "address": fields{"country": "PL"}}
	if got := byKey(t, g.tenant, g.pool, email)["payload"]; !reflect.DeepEqual(got, want) {
		t.Errorf("the payload is %v, want %v", got, want)
	}
}

func TestACodeIsSentAgain(t *testing.T) {
	t.Parallel()
	g, email := newGuest(t, fields{"otp_settings": fields{"activation": fields{"ttl": "1h"}}}), systemtest.Address("ann")
	g.signUp(t, email)
	first := systemtest.CodeIn(t, g.product.Inbox.Await(t, email, 1)[0])
	code := g.at("register/code")
	if got := g.call(t, code, "do", "resend"); got.Status != 429 || !regexp.MustCompile(`A new code can be sent in (60|5\d) s\.`).Match(got.Body) {
		t.Errorf("at once: %d %s", got.Status, shown(got))
	}
	g.product.Clock.Advance(61 * time.Second)
	if page := g.follow(t, code, g.call(t, code, "do", "resend")); !contains(page.Body, "We have sent a new code.") || !contains(page.Body, `data-wait="60"`) {
		t.Errorf("after a minute: %s", shown(page))
	}
	second := systemtest.CodeIn(t, g.product.Inbox.Await(t, email, 2)[1])
	if got := g.call(t, code, "code", first); first != second && got.Status != 422 {
		t.Errorf("the first code still works: %d", got.Status)
	}
	if got := g.call(t, code, "code", ""); got.Status != 422 || !contains(got.Body, "Enter the code from the mail.") {
		t.Errorf("no code: %d %s", got.Status, shown(got))
	}
	g.product.Clock.Advance(time.Hour)
	if got := g.call(t, code, "code", second); got.Status != 422 || !contains(got.Body, "This code is too old.") {
		t.Errorf("an hour later: %d %s", got.Status, shown(got))
	}
	g.product.Clock.Advance(23 * time.Hour)
	if got := g.call(t, code); got.Status != 200 || !contains(got.Body, "Please start again") {
		t.Errorf("a registration of yesterday: %d %s", got.Status, shown(got))
	}
}

// A link says what it would do, asks for a password where there is none, and where it is no good any more helps to get another.
func TestALinkSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	g, email := newGuest(t, nil), systemtest.Address("ann")
	id := g.tenant.NewUser(t, g.pool, "new", email, nil)
	g.tenant.Admin.Must(t, 204, "POST", "/pools/"+g.pool+"/users/"+id+"/activation/send?mode=invitation", nil)
	link := systemtest.LinkIn(t, g.product.Inbox.Await(t, email, 1)[0])
	if page := g.call(t, link.RequestURI()); !contains(page.Body, "You are invited to Partners") || !contains(page.Body, email) || inspect(t, "an invitation", page.Body) != 1 {
		t.Errorf("an invitation: %s", shown(page))
	}
	for password, says := range map[string]string{"": "Enter a password.", "short": "at least 8 characters"} {
		if got := g.call(t, link.RequestURI(), "code", link.Query().Get("code"), "password", password); got.Status != 422 || !contains(got.Body, says) {
			t.Errorf("the password %q: %d %s", password, got.Status, shown(got))
		}
	}
	done := g.follow(t, g.at("activate"), g.call(t, link.RequestURI(), "code", link.Query().Get("code"), "password", systemtest.Password))
	if !contains(done.Body, "Your account is active.") {
		t.Errorf("activated: %s", shown(done))
	}
	verify(t, g.tenant, g.pool, email, systemtest.Password, 200)
	used := g.call(t, link.RequestURI())
	if !contains(used.Body, "This link does not work any more") || !contains(used.Body, `value="resend"`) {
		t.Errorf("a used link: %s", shown(used))
	}
	if got := g.call(t, g.at("activate"), "do", "resend", "address", " "); got.Status != 422 || !contains(got.Body, "Enter an e-mail address") {
		t.Errorf("no address: %d %s", got.Status, shown(got))
	}
	late := systemtest.Address("late")
	g.tenant.Public.Must(t, 201, "POST", "/pools/"+g.pool+"/register", fields{"identifier": late, "password": systemtest.Password})
	g.product.Inbox.Await(t, late, 1)
	g.product.Clock.Advance(2 * time.Minute)
	if got := g.call(t, g.at("activate"), "do", "resend", "address", late); got.Status != 200 || !contains(got.Body, "a new mail is on its way") {
		t.Errorf("a new mail: %d %s", got.Status, shown(got))
	}
	again := systemtest.LinkIn(t, g.product.Inbox.Await(t, late, 2)[1])
	if page := g.call(t, again.RequestURI()); !contains(page.Body, "your account with Partners becomes active") || inspect(t, "a link", page.Body) != 1 {
		t.Errorf("the new link: %s", shown(page))
	}
}

// What was typed stays where it was right and only came at a bad time.
func TestAFormThatComesTooOften(t *testing.T) {
	t.Parallel()
	g, email := newGuest(t, fields{"limits": fields{"source_submissions_per_hour": 10}}), systemtest.Address("ann")
	for range 10 {
		g.signUp(t, email)
	}
	g.product.Clock.Advance(61 * time.Second)
	for path, form := range map[string][]string{
		g.at("register"):      {"identifier", email, "password", systemtest.Password, "/given_name", "Ann"},
		g.at("register/code"): {"do", "resend"},
		g.at("activate"):      {"do", "resend", "address", email},
	} {
		got := g.call(t, path, form...)
		if got.Status != 429 || got.Header.Get("Retry-After") == "" || !contains(got.Body, "Too many tries came from your network.") || !contains(got.Body, "<form") {
			t.Errorf("%s: %d %s", path, got.Status, shown(got))
		}
		if path == g.at("register") && (!contains(got.Body, `value="`+email+`"`) || !contains(got.Body, `value="Ann"`)) {
			t.Errorf("what was typed is lost: %s", shown(got))
		}
	}
}

func TestPagesThatCanNotBe(t *testing.T) {
	t.Parallel()
	g := newGuest(t, fields{"public_registration_allowed": false})
	for _, c := range []struct {
		name, path string
		form       []string
		status     int
		says       string
	}{
		{"registration is switched off", g.at("register"), nil, 404, "Nothing is here"},
		{"registration is switched off, sent all the same", g.at("register"), []string{"identifier", "ann@example.com"}, 404, "Nothing is here"},
		{"a pool that there isn't", "/" + g.tenant.ID + "/pools/nothing/register", nil, 404, "Nothing is here"},
		{"a link, where only administrators make users", g.at("activate?code=x"), nil, 200, "ask those who invited you"},
		{"a code without a registration", g.at("register/code"), []string{"code", "123456"}, 303, ""},
		{"a form that is too large", g.at("register"), []string{"identifier", strings.Repeat("a", 140<<10)}, 422, "That did not work"},
	} {
		got := g.call(t, c.path, c.form...)
		if got.Status != c.status || !contains(got.Body, c.says) {
			t.Errorf("%s: %d %s", c.name, got.Status, shown(got))
		}
	}
}

// The language of a page is the one of its address, else the browser's, else the pool's; it stays while somebody goes on, and the mail has it too.
func TestPagesSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	g := newGuest(t, fields{"branding": fields{"language": "pl"}})
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
		v := visitor{base: g.base, language: c.accept}
		got := v.call(t, g.at("register"+c.query))
		if !contains(got.Body, `<html lang="`+c.want+`">`) || got.Header.Get("Content-Language") != c.want {
			t.Errorf("%q, %q: %s", c.query, c.accept, got.Header.Get("Content-Language"))
		}
		if strings.Count(string(got.Body), "hreflang") != 4 {
			t.Errorf("%q: not four other languages", c.want)
		}
	}
	page := g.at("register?lang=de")
	if next := g.follow(t, page, g.call(t, page, "identifier", systemtest.Address("ann"), "password", systemtest.Password)); !contains(next.Body, `<html lang="de">`) {
		t.Errorf("the next page: %s", shown(next))
	}
}
