package registration_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

// A browser registers, reads the code in the mail, and activates with the ticket and the code.
func TestABrowserSignsUp(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email := systemtest.Address("ann")

	registered := tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
		"identifier": email, "password": systemtest.Password, "payload": fields{"given_name": "Ann"},
	})
	if _, told := registered.Fields(t)["id"]; told {
		t.Errorf("the public is told a user id: %s", registered.Body)
	}
	ticket := registered.Text(t, "ticket")
	code := systemtest.CodeIn(t, product.Inbox.Await(t, email, 1)[0])

	refused := tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": systemtest.WrongCode(code),
	})
	if got := refused.Text(t, "error_code"); got != "invalid_code" {
		t.Errorf("error code %q", got)
	}
	if got := tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": code,
	}).Text(t, "status"); got != "active" {
		t.Errorf("status %q", got)
	}
	product.Clock.Advance(11 * time.Minute) // until then a repeat gets the first answer
	again := tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": code,
	})
	if string(again.Body) != string(refused.Body) {
		t.Errorf("a spent code (%s) is told from a wrong one (%s)", again.Body, refused.Body)
	}
	verify(t, tenant, pool, email, systemtest.Password, 200)
	user := findUser(t, tenant, pool, email)
	if name := user["payload"].(fields)["given_name"]; name != "Ann" {
		t.Errorf("payload %v", user["payload"])
	}
	if address := user["verifiable_addresses"].([]any)[0].(fields); address["verified"] != true {
		t.Errorf("address is not verified: %v", address)
	}
}

// A back end registers somebody and activates with the code of the link. Opening the link changes
// nothing.
func TestABackEndRegistersAndTheLinkActivates(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email := systemtest.Address("ben")

	id := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/register", fields{
		"identifier": "ben-" + systemtest.Unique(), "otp_address": email,
		"password": systemtest.Password,
	}).Text(t, "id")
	link := systemtest.LinkIn(t, product.Inbox.Await(t, email, 1)[0])
	for _, method := range []string{"HEAD", "GET", "GET"} { // mail scanners open links
		request, err := http.NewRequestWithContext(t.Context(), method, link.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := systemtest.Send(t, request); got.Status != 200 && method == "GET" {
			t.Errorf("%s of the link answers %d", method, got.Status)
		}
	}
	if status := tenant.System.Must(
		t, 200, "GET", "/pools/"+pool+"/users/"+id, nil,
	).Text(t, "status"); status != "new" {
		t.Fatalf("opening the link made the user %s", status)
	}
	user := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/activate", fields{
		"code": link.Query().Get("code"),
	}).Fields(t)
	if user["status"] != "active" || user["id"] != id {
		t.Errorf("activated user: %v", user)
	}
	if n := len(user["identifiers"].([]any)); n != 2 {
		t.Errorf("%d identifiers, want the given one and the proved address", n)
	}
	verify(t, tenant, pool, email, systemtest.Password, 200)
}

// The page of a link activates when its form is sent.
func TestThePageOfALinkActivatesOnPost(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"name": `<b>"Partners"</b>`})
	email := systemtest.Address("cy")
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=link", fields{
		"identifier": email, "password": systemtest.Password,
	})
	link := systemtest.LinkIn(t, product.Inbox.Await(t, email, 1)[0])

	for _, c := range []struct {
		name, password string
		status         int
	}{
		{"a password that is too short", "short", 422},
		{"none, where one waits that may be a stranger's", "", 422},
		{"one of their own", "the owner's own password", 303},
		{"the same link again", systemtest.Password, 422},
	} {
		got := postForm(t, link.String(), "code", link.Query().Get("code"), "password", c.password)
		if got.Status != c.status {
			t.Errorf("%s answers %d, want %d", c.name, got.Status, c.status)
		}
		if contains(got.Body, "<b>") {
			t.Errorf("%s: the pool's name is not escaped", c.name)
		}
	}
	verify(t, tenant, pool, email, systemtest.Password, 401)
	verify(t, tenant, pool, email, "the owner's own password", 200)
}

// A registration that breaks a rule is refused with the reason, on both trees.
func TestRegistrationIsRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	closed := tenant.NewPool(t, fields{"public_registration_allowed": false})
	open := tenant.NewPool(t, nil)
	email := systemtest.Address("dan")
	for _, c := range []struct {
		name, pool string
		body       any
		status     int
		code, at   string
	}{
		{
			"while the pool does not allow it", closed,
			fields{"identifier": email},
			403,
			"registration_disabled", "",
		},
		{
			"while the pool does not allow it, whatever the body", closed, "{", 403,
			"registration_disabled", "",
		},
		{"in a pool that does not exist", "nowhere", fields{"identifier": email}, 404, "not_found", ""},
		{"without an identifier", open, fields{}, 422, "invalid", "/identifier"},
		{"with a broken address", open, fields{"identifier": "dan@"}, 422, "invalid", "/identifier"},
		{
			"with a line break in the address", open,
			fields{"identifier": "dan@example.com\r\nBcc: x@example.com"},
			422, "invalid",
			"/identifier",
		},
		{
			"with a name and nowhere to send the code", open,
			fields{"identifier": "dan"},
			422,
			"invalid", "/identifier",
		},
		{
			"with an address of the identifier's type", open,
			fields{"identifier": email, "otp_address": "x@example.com"},
			422, "invalid",
			"/otp_address",
		},
		{
			"with a password that is too short", open,
			fields{"identifier": email, "password": "short"},
			422, "invalid", "/password",
		},
		{
			"with a common password", open,
			fields{"identifier": email, "password": "Password123"},
			422, "invalid", "/password",
		},
		{
			"with a payload against the schema", open,
			fields{"identifier": email, "payload": fields{"given_name": 1}},
			422, "invalid",
			"/payload/given_name",
		},
		{
			"with an unknown field", open,
			fields{"identifier": email, "admin": true},
			422,
			"invalid", "/admin",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]systemtest.Response{
				"public": tenant.Public.Call(t, "POST", "/pools/"+c.pool+"/register", c.body),
				"system": tenant.System.Call(t, "POST", "/pools/"+c.pool+"/user/register", c.body),
			}
			for tree, got := range answers {
				status, code := c.status, c.code
				if tree == "public" && c.pool == closed { // looks as if it did not exist
					status, code = 404, "not_found"
				}
				if got.Status != status || got.Text(t, "error_code") != code {
					t.Errorf("%s answers %d %s", tree, got.Status, got.Body)
				}
				if c.at != "" && !contains(got.Body, `"pointer":"`+c.at+`"`) {
					t.Errorf("%s does not name %s: %s", tree, c.at, got.Body)
				}
			}
		})
	}
}

// "The owner of a taken address gets a notice", and nothing of the stranger's becomes the owner's.
// A test in infra/check/system checks that the answers are alike, and one in functions/courier that
// notices are limited.
func TestTheOwnerOfATakenAddressIsTold(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, status := range []string{"active", "inactive"} {
		email := systemtest.Address("eve")
		tenant.NewUser(t, pool, status, email, nil)
		tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
			"identifier": email, "password": systemtest.Password,
		})
		subject := product.Inbox.Await(t, email, 1)[0].Subject
		if subject != "You already have an account with Partners" {
			t.Errorf("an owner who is %s gets %q", status, subject)
		}
		verify(t, tenant, pool, email, systemtest.Password, 401)
	}
}

// "Nobody is registered by somebody else": whoever proves the address gets their own password and
// payload, and nothing of a stranger's.
func TestAStrangerWhoRegistersFirstGainsNothing(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email := systemtest.Address("fay")
	register := func(password string) string {
		return tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
			"identifier": email, "password": password, "payload": fields{"name": password},
		}).Text(t, "ticket")
	}
	before := register("the stranger's first password")
	product.Inbox.Await(t, email, 1)
	product.Clock.Advance(2 * time.Minute)
	owners := register("the owner's own password")
	code := systemtest.CodeIn(t, product.Inbox.Await(t, email, 2)[1])
	product.Clock.Advance(2 * time.Minute)
	after := register("the stranger's last password")
	product.Inbox.Await(t, email, 3)

	for name, ticket := range map[string]string{"the first": before, "the last": after} {
		if got := tenant.Public.Call(t, "POST", "/pools/"+pool+"/activate", fields{
			"ticket": ticket, "code": code,
		}); got.Status != 422 {
			t.Errorf("%s ticket of the stranger and the owner's code answer %d", name, got.Status)
		}
	}
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": owners, "code": code,
	})
	verify(t, tenant, pool, email, "the owner's own password", 200)
	verify(t, tenant, pool, email, "the stranger's last password", 401)
	if name := findUser(
		t, tenant, pool, email,
	)["payload"].(fields)["name"]; name != "the owner's own password" {
		t.Errorf("payload of the stranger: %v", name)
	}
	for _, m := range product.Inbox.Mails(t, email) {
		if m.Subject != "Confirm your address for Partners" {
			continue
		}
		for _, ticket := range []string{before, after, owners} {
			if got := tenant.Public.Call(t, "POST", "/pools/"+pool+"/activate", fields{
				"ticket": ticket, "code": systemtest.CodeIn(t, m),
			}); got.Status != 422 {
				t.Errorf("after activation a code still answers %d", got.Status)
			}
		}
	}
}

// If several registrations wait, a code that was asked for by address belongs to none of them, so a
// password must come with it.
func TestACodeOfNoRegistrationCarriesNoPassword(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email := systemtest.Address("gus")
	for i, password := range []string{"one good password", "another good password"} {
		tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
			"identifier": email, "password": password,
		})
		product.Inbox.Await(t, email, i+1)
		product.Clock.Advance(2 * time.Minute)
	}
	tenant.Public.Must(
		t, 202, "POST", "/pools/"+pool+"/activation/send?code_type_in_message=link",
		fields{"address": email},
	)
	code := systemtest.LinkIn(t, product.Inbox.Await(t, email, 3)[2]).Query().Get("code")
	got := tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{"code": code})
	if !contains(got.Body, `"pointer":"/password"`) {
		t.Errorf("without a password: %s", got.Body)
	}
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
		"code": code, "password": "a third good password",
	})
	verify(t, tenant, pool, email, "a third good password", 200)
	verify(t, tenant, pool, email, "one good password", 401)
}

// A ticket asks for another mail, within the limits of mails.
func TestATicketResendsWithinTheLimits(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email := systemtest.Address("hal")
	ticket := tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
		"identifier": email, "password": systemtest.Password,
	}).Text(t, "ticket")
	first := systemtest.CodeIn(t, product.Inbox.Await(t, email, 1)[0])
	resend := func(body fields) {
		t.Helper()
		tenant.Public.Must(t, 202, "POST", "/pools/"+pool+"/activation/send", body)
	}
	resend(fields{"ticket": ticket}) // within the pause, so nothing is sent
	product.Clock.Advance(61 * time.Second)
	resend(fields{"ticket": ticket})
	second := systemtest.CodeIn(t, product.Inbox.Await(t, email, 2)[1])
	resend(fields{"ticket": "garbage"})
	if got := tenant.Public.Call(t, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": first,
	}); first != second && got.Status != 422 {
		t.Errorf("the first code still answers %d after a new one (V6.5.1)", got.Status)
	}
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": second,
	})
	tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activation/send", fields{})
}

// The last page links to the URL of the mail's link, if that URL is allowed.
func TestAPageLinksOnlyToAllowedPlaces(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ivy")
	id := tenant.NewUser(t, pool, "new", email, nil)
	tenant.Admin.Must(
		t, 204, "POST",
		"/pools/"+pool+"/users/"+id+"/activation/send?post_activation_url=https://app.example.com/sign-in",
		nil,
	)
	link := systemtest.LinkIn(t, product.Inbox.Await(t, email, 1)[0])
	forged := strings.Replace(link.String(), "app.example.com", "evil.example.com", 1)
	if got := postForm(t, forged, "code", "x"); contains(got.Body, `"https://evil.example.com`) {
		t.Errorf("a forged link leads elsewhere: %s", got.Body)
	}
	got := postForm(t, link.String(), "code", link.Query().Get("code"), "password", systemtest.Password)
	v := browser{base: product.BaseURL}
	if page := v.follow(t, link.Path, got); got.Status != 303 ||
		!contains(page.Body, `href="https://app.example.com/sign-in"`) {
		t.Errorf("%d %v %s", got.Status, got.Header, page.Body)
	}
}

// The public form of a pool has what a sign-up page needs, and nothing else.
func TestTheFormOfAPool(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{
		"badge_color": "#224466",
		"branding": fields{
			"logo_url": "https://static.example.com/logo.svg", "reply_to": "help@example.com",
		},
	})
	form := tenant.Public.Must(t, 200, "GET", "/pools/"+pool, nil).Fields(t)
	if form["name"] != "Partners" || form["badge_color"] != "#224466" ||
		form["password_policy"].(fields)["min_length"] != 8.0 {
		t.Errorf("form: %v", form)
	}
	if want := (fields{
		"language": "en", "logo_url": "https://static.example.com/logo.svg",
	}); !reflect.DeepEqual(form["branding"], want) {
		t.Errorf("branding: %v", form["branding"])
	}
	codes := form["otp_settings"].(fields)
	if activation := codes["activation"].(fields); activation["length"] != 6.0 || activation["ttl"] != "24h0m0s" || len(codes) != 3 {
		t.Errorf("codes: %v", codes)
	}
	if want := (fields{"mail_pause": "1m0s"}); !reflect.DeepEqual(form["limits"], want) { // and no other limit
		t.Errorf("limits: %v", form["limits"])
	}
	if _, ok := form["payload_schema"].(fields)["properties"]; !ok {
		t.Errorf("no payload schema: %v", form)
	}
	closed := tenant.NewPool(t, fields{"public_registration_allowed": false})
	tenant.Public.Must(t, 404, "GET", "/pools/"+closed, nil)
}
