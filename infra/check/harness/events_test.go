package harness_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/story"
	"identitypools/shared/access"
)

// eventTests are the events of all routes in the order of the route table. want is a part of the
// expected body; "…" stands for any text. Package story knows what has to be done before each
// event.
var eventTests = []struct {
	event  string
	status int
	want   string
}{
	{"admin.listPools", 200, `{"pools":[{"id":"partners","tenant_id":"default"}]}`},
	{
		"admin.createPool", 201,
		`{"id":"partners","name":"Partners","public_registration_allowed":true,"number_of_users":0}`,
	},
	{"admin.getPool", 200, `{"id":"partners","otp_settings":{"activation":{"length":6,"ttl":"12h0m0s"}}}`},
	{
		"admin.updatePool", 200,
		`{"id":"partners","payload_schema_id":"partner_profile","public_registration_allowed":false}`,
	},
	{"admin.deletePool", 204, ``},
	{
		"admin.checkPoolPermissions", 200,
		`{"manage_identity_pool_users":true,"manage_identity_pool_groups":false}`,
	},
	{"admin.listMailTexts", 200, `{"mails":[
		{"kind":"registration_code","language":"de","own":true},{"kind":"registration_link"},{"kind":"resend_code"},{"kind":"resend_link"},
		{"kind":"invitation_code"},{"kind":"invitation_link"},{"kind":"taken"},{"kind":"identifier_taken"},{"kind":"password_set","language":"de","own":false}]}`},
	{
		"admin.getMailText", 200,
		`{"kind":"registration_code","language":"de","subject":"{pool}: Ihr Code","own":true,"updated_at":"…"}`,
	},
	{
		"admin.updateMailText", 200,
		`{"kind":"registration_code","subject":"{pool}: Ihr Code","own":true,"variables":["pool","code","duration","until"]}`,
	},
	{"admin.deleteMailText", 204, ``},
	{"admin.previewMail", 200, `{"subject":"Partners: Ihr Code","text":"…","html":"…"}`},
	{"system.listPools", 200, `{"pools":[{"id":"partners"}]}`},
	{"system.createPool", 201, `{"id":"partners","preferred_authentication_mechanism":"password"}`},
	{"system.getPool", 200, `{"id":"partners","password_policy":{"min_length":12}}`},
	{"system.updatePool", 200, `{"id":"partners","name":"Partners and suppliers"}`},
	{"system.deletePool", 204, ``},

	{"admin.listSchemas", 200, `{"schemas":[{"id":"metadata_v0"},{"id":"partner_profile"},{"id":"user_v0"}]}`},
	{"admin.createSchema", 201, `{"id":"partner_profile","schema":{"required":["company"]}}`},
	{"admin.getSchema", 200, `{"id":"partner_profile","name":"Partner profile"}`},
	{
		"admin.updateSchema", 200,
		`{"id":"partner_profile","description":"What partners and suppliers tell about themselves"}`,
	},
	{"admin.deleteSchema", 204, ``},
	{"system.listSchemas", 200, `{"schemas":[{"id":"metadata_v0"},{"id":"user_v0"}]}`},
	{"system.createSchema", 201, `{"id":"partner_profile"}`},
	{"system.getSchema", 200, `{"id":"partner_profile"}`},
	{"system.updateSchema", 200, `{"description":"What partners and suppliers tell about themselves"}`},
	{"system.deleteSchema", 204, ``},

	{"admin.listUsers", 200, `{"users":[{"id":"ann","identifiers":["ann@example.com"]}]}`},
	{"admin.createUser", 201, `{"id":"ann","status":"new","payload":{"name":"Ann Meyer"},"credentials":[]}`},
	{"admin.getUser", 200, `{"id":"ann","status":"new","metadata":{"role":"buyer"}}`},
	{
		"admin.updateUser", 200,
		`{"id":"ann","payload":{"family_name":"Meyer-Olsen"},"metadata":{"role":"buyer"}}`,
	},
	{"admin.deleteUser", 204, ``},
	{"admin.listSuppressions", 200, `{"suppressions":[]}`},
	{"admin.clearSuppressions", 204, ``},
	{"system.listUsers", 200, `{"users":[{"id":"ben"},{"id":"ann"}]}`},
	{
		"system.createUser", 201,
		`{"id":"ben","status":"active","verifiable_addresses":[{"verified":true}],"credentials":[{"type":"password","state":"valid"}]}`,
	},
	{
		"system.getUser", 200,
		`{"id":"ben","identifiers":[{"identifier":"ben"},{"identifier":"ben@example.com"}]}`,
	},
	{"system.updateUser", 200, `{"id":"ben","status":"inactive"}`},
	{"system.deleteUser", 204, ``},
	{"system.getUserByKey", 200, `{"id":"ben"}`},

	{"admin.sendActivationMessage", 204, ``},
	{"system.selfSendActivationMessage", 204, ``},
	{"system.generateActivationCode", 201, `{"code_id":"…"}`},
	{"system.generateCode", 201, `{"code":"…","extended_code":"…"}`},
	{"system.generateCodeForUser", 201, `{"code":"…","extended_code":"…"}`},
	{
		"system.activateSelfRegisteredUser", 201,
		`{"id":"ann","status":"active","credentials":[{"type":"password"}]}`,
	},
	{
		"system.activateSelfRegisteredUserUsingExtendedCode", 201,
		`{"id":"ann","status":"active","credentials":[{"type":"password"}]}`,
	},

	{"system.selfRegisterUser", 201, `{"id":"…"}`},
	{"public.getPool", 200, `{"id":"partners","name":"Partners","payload_schema":{"type":"object"}}`},
	{"public.register", 201, `{"ticket":"…","expires_at":"…"}`},
	{"public.activate", 201, `{"status":"active"}`},
	{"public.sendActivation", 202, `{}`},
	{"public.registrationPage", 200, `<h1>Create your account</h1>`},
	{"public.registerByPage", 303, ``},
	{"public.codePage", 200, `<p>We have sent a code to bea@example.com.`},
	{"public.activateByCode", 303, ``},
	{"public.activationPage", 200, `<h1>Activate your account</h1>`},
	{"public.activateByPage", 303, ``},

	{"system.verifyPassword", 200, `{"id":"ben","state":"valid"}`},
	{"system.verifyPasswordV2", 200, `{"id":"ben","result":"password_incorrect"}`},

	{
		"client.adminToken", 200,
		`{"access_token":"…","token_type":"Bearer","expires_in":3600,"scope":"identity_admin"}`,
	},
	{"client.adminDiscovery", 200, `{"issuer":"https://id.example.com/default/admin"}`},
	{"client.adminKeys", 200, `{"keys":[{"crv":"Ed25519","use":"sig"}]}`},
	{
		"client.systemToken", 200,
		`{"access_token":"…","token_type":"Bearer","scope":"identity identity_self_registration"}`,
	},
	{"client.systemDiscovery", 200, `{"token_endpoint":"https://id.example.com/default/system/oauth2/token"}`},
	{"client.systemKeys", 200, `{"keys":[{"kty":"OKP"}]}`},
}

// TestEvents passes the event of each route to the program of its function.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, test := range eventTests {
		t.Run(test.event, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.given(t, story.Given(test.event)...)
			got := d.call(t, test.event)
			if got.StatusCode != test.status {
				t.Fatalf("answered %d, want %d: %s", got.StatusCode, test.status, got.Body)
			}
			if !hasBody(t, got, test.want) {
				t.Errorf("the body is\n%s\nand lacks\n%s", got.Body, test.want)
			}
			// ASVS V16: the id that the gateway gave to a request leads an operator to its log
			// lines.
			want := parse(t, test.event).RequestContext.RequestID
			if got.Headers["X-Request-Id"] != want {
				t.Errorf("X-Request-Id is %q, want %q", got.Headers["X-Request-Id"], want)
			}
		})
	}
}

// hasBody reports whether an answer has the wanted body: none, a part of a page, or at least the
// wanted members of a JSON object.
func hasBody(tb testing.TB, got events.APIGatewayV2HTTPResponse, want string) bool {
	tb.Helper()
	switch {
	case want == "":
		return got.Body == ""
	case want[0] == '<':
		return strings.HasPrefix(got.Headers["Content-Type"], "text/html") &&
			strings.Contains(got.Body, want)
	}
	var is, wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal([]byte(got.Body), &is); err != nil {
		return false
	}
	return got.Headers["Content-Type"] == "application/json" && includes(is, wanted)
}

func includes(is, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		is, ok := is.(map[string]any)
		for name, value := range want {
			ok = ok && includes(is[name], value)
		}
		return ok
	case []any:
		is, ok := is.([]any)
		return ok && slices.EqualFunc(is, want, includes)
	case string:
		text, ok := is.(string)
		return ok && (text == want || want == "…" && text != "")
	}
	return is == want
}

// TestEachRouteHasItsEvent checks that the route table, the files and the tests of them match.
func TestEachRouteHasItsEvent(t *testing.T) {
	t.Parallel()
	want := slices.Concat(slices.Collect(maps.Keys(routes())), []string{"stream", "bounce", "clock"})
	tested := []string{"stream", "bounce", "clock"} // tested in TestCourierEvents
	for _, test := range eventTests {
		tested = append(tested, test.event)
	}
	paths, err := filepath.Glob(filepath.Join(root(t), "events", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, path := range paths {
		files = append(files, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	for name, list := range map[string][]string{
		"files in events/":       files,
		"events that are tested": tested,
	} {
		slices.Sort(list)
		slices.Sort(want)
		if !slices.Equal(list, want) {
			t.Errorf("the %s are\n%s\nwant\n%s", name, strings.Join(list, " "), strings.Join(want, " "))
		}
	}
}

// TestEventsAreWhatTheGatewaySends compares each file with its route. It also checks that the
// values agree that API Gateway sends twice.
func TestEventsAreWhatTheGatewaySends(t *testing.T) {
	t.Parallel()
	for operation, route := range routes() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			event := parse(t, operation)
			context := event.RequestContext
			path := regexp.MustCompile(`{(\w+)}`).ReplaceAllStringFunc(route.Path,
				func(name string) string {
					return event.PathParameters[strings.Trim(name, "{}")]
				})
			token := map[access.Caller]string{access.Admin: "Bearer TOKEN_ADMIN", access.System: "Bearer TOKEN_SYSTEM"}[route.Caller]
			for what, pair := range map[string][2]string{
				"version":                 {event.Version, "2.0"},
				"routeKey":                {event.RouteKey, route.Method + " " + route.Path},
				"routeKey of the context": {context.RouteKey, event.RouteKey},
				"rawPath":                 {event.RawPath, path},
				"path of the context":     {context.HTTP.Path, path},
				"method":                  {context.HTTP.Method, route.Method},
				"source address":          {context.HTTP.SourceIP, event.Headers["x-forwarded-for"]},
				"user agent":              {context.HTTP.UserAgent, event.Headers["user-agent"]},
				"domain":                  {context.DomainName, event.Headers["host"]},
				"token":                   {event.Headers["authorization"], token},
				"tenant":                  {event.PathParameters["tid"], story.Tenant},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
				}
			}
			query, err := url.ParseQuery(event.RawQueryString)
			if err != nil || !maps.EqualFunc(query, event.QueryStringParameters,
				func(a []string, b string) bool {
					return strings.Join(a, ",") == b
				}) {
				t.Errorf("the raw query is %q, the parsed one %q, %v", event.RawQueryString,
					event.QueryStringParameters, err)
			}
			if context.RequestID == "" || context.Time == "" ||
				(event.Body == "") != (event.Headers["content-type"] == "") {
				t.Errorf("request id %q, time %q, or a body without a type",
					context.RequestID, context.Time)
			}
		})
	}
}

// parse decodes the event of a route strictly.
func parse(tb testing.TB, operation string) (event events.APIGatewayV2HTTPRequest) {
	tb.Helper()
	strictly(tb, readEvent(tb, operation), &event)
	return event
}

func strictly(tb testing.TB, text []byte, v any) {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		tb.Fatal(err)
	}
}

// TestFormsInBase64 sends the forms as API Gateway does: a body that is neither JSON nor text is
// encoded in base64. In the files they are plain, for people.
func TestFormsInBase64(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"client.systemToken", "public.activateByPage"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.given(t, story.Given("public.activateByPage")...)
			event := parse(t, operation)
			event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(d.values.Fill(event.Body))), true
			text, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.send(t, operation, string(text)); got.StatusCode >= 400 {
				t.Errorf("answered %d: %s", got.StatusCode, got.Body)
			}
		})
	}
}
