package reference_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/reference"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/oidc"
)

type fields = systemtest.Fields

// bound is a bound of a field that the document has. Accepted is a value at the bound, and refused one beyond.
type bound struct {
	request           string // the tree, the method and the path; {pool} and {workspace} are in each
	base              fields // the other fields that the body needs
	pointer           string // of the field
	accepted, refused any
	code              string // of the violation
	at                string // the pointer of the violation, if it is not that of the field
}

const (
	newPool        = "admin POST /pools"
	newSchema      = "system POST /schemas"
	newUser        = "system POST /pools/{pool}/users"
	newWorkspace   = "workspaces POST /servers"
	newConnection  = "workspaces POST /servers/{workspace}/idps/identity_pool"
	newApplication = "workspaces POST /clients"
	mailText       = "admin PUT /pools/{pool}/mails/taken/en"
)

func text(n int) string { return strings.Repeat("x", n) }

// list returns n different texts that begin with a prefix.
func list(n int, prefix string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return all
}

// length returns the bound of the length of a text.
func length(request string, base fields, pointer string, most int) bound {
	return bound{request, base, pointer, text(most), text(most + 1), identity.CodeTooLong, ""}
}

// most and least return the bounds of a number.
func most(request string, base fields, pointer string, n int64) bound {
	return bound{request, base, pointer, n, n + 1, identity.CodeOutOfRange, ""}
}

func least(request string, base fields, pointer string, n int64) bound {
	return bound{request, base, pointer, n, n - 1, identity.CodeOutOfRange, ""}
}

// span returns the bounds of a length of time.
func span(request string, base fields, pointer string, shortest, longest time.Duration) []bound {
	return []bound{
		{request, base, pointer, shortest.String(), (shortest - time.Second).String(), identity.CodeOutOfRange, ""},
		{request, base, pointer, longest.String(), (longest + time.Second).String(), identity.CodeOutOfRange, ""},
	}
}

// poolBounds returns bounds of the settings of pools.
func poolBounds() []bound {
	named := fields{"name": "x"}
	url := func(n int) string { return "https://example.com/" + text(n-len("https://example.com/")) }
	expiry, _ := time.ParseDuration(reference.LongestExpiry)
	all := []bound{
		length(newPool, nil, "/name", reference.NameLength),
		length(newPool, named, "/description", reference.DescriptionLength),
		least(newPool, named, "/otp_settings/activation/length", identity.MinCodeLength),
		most(newPool, named, "/otp_settings/activation/length", identity.MaxCodeLength),
		least(newPool, named, "/password_policy/min_length", identity.MinPasswordLength),
		most(newPool, named, "/password_policy/min_length", identity.MaxPasswordMinLength),
		{newPool, named, "/branding/logo_url", url(reference.URLLength), url(reference.URLLength + 1), identity.CodeWrongFormat, ""},
		{newPool, named, "/sign_in_url", url(reference.SignInURLLength), url(reference.SignInURLLength + 1), identity.CodeWrongFormat, ""},
		length(newPool, named, "/branding/sender_name", reference.SenderLength),
		length(newPool, named, "/branding/texts/en/title", reference.TitleLength),
		length(newPool, named, "/branding/texts/en/intro", reference.ParagraphLength),
		length(newPool, named, "/branding/texts/en/done", reference.ParagraphLength),
		length(newPool, named, "/branding/texts/en/labels/given_name", reference.TitleLength),
		{newPool, named, "/password_settings/expires_after", expiry.String(), (expiry + time.Second).String(), identity.CodeOutOfRange, ""},
	}
	for _, count := range []string{"capital_letters", "lowercase_letters", "digits", "special_characters", "not_used_since"} {
		all = append(all, most(newPool, named, "/password_policy/"+count, reference.PolicyCount))
	}
	lifetimes := identity.CodeLifetimes()
	for _, purpose := range slices.Sorted(maps.Keys(lifetimes)) {
		l := lifetimes[purpose]
		all = append(all, span(newPool, named, "/otp_settings/"+string(purpose)+"/ttl", l.Shortest, l.Longest)...)
	}
	var limits identity.Limits
	for _, l := range limits.All() {
		if pointer := "/limits/" + l.Name; l.IsTime {
			all = append(all, span(newPool, named, pointer, time.Duration(l.Least), time.Duration(l.Most))...)
		} else {
			all = append(all, least(newPool, named, pointer, l.Least), most(newPool, named, pointer, l.Most))
		}
	}
	return all
}

// userBounds returns bounds of users, and of other things of the pool.
func userBounds() []bound {
	user := fields{"status": "active"}
	named := func(kind, name string) []fields { return []fields{{"type": kind, "identifier": name}} }
	email := func(n int) string { // with a local part of 64 bytes, and labels of at most 63
		domain := strings.Repeat(text(60)+".", 3)
		return text(64) + "@" + domain + text(n-len(domain)-65)
	}
	users := func(n int) (all []fields) {
		for _, name := range list(n, "user-") {
			all = append(all, fields{"type": "uid", "identifier": name})
		}
		return all
	}
	addresses := func(n int) (all []fields) {
		for _, name := range list(n, "someone-") {
			all = append(all, fields{"type": "email", "address": name + "@example.com"})
		}
		return all
	}
	return []bound{
		{
			newUser, user, "/identifiers", named("uid", text(reference.IdentifierLength)),
			named("uid", text(reference.IdentifierLength+1)), identity.CodeTooLong, "/identifiers/0/identifier",
		},
		{
			newUser, user, "/identifiers", named("email", email(reference.EmailLength)),
			named("email", email(reference.EmailLength+1)), identity.CodeWrongFormat, "/identifiers/0/identifier",
		},
		{newUser, user, "/identifiers", users(identity.MaxIdentifiers), users(identity.MaxIdentifiers + 1), identity.CodeTooMany, ""},
		{newUser, user, "/verifiable_addresses", addresses(identity.MaxAddresses), addresses(identity.MaxAddresses + 1), identity.CodeTooMany, ""},
		length(newSchema, fields{"schema": fields{"type": "object"}}, "/name", reference.NameLength),
		length(newSchema, fields{"schema": fields{"type": "object"}, "name": "x"}, "/description", reference.DescriptionLength),
		length(mailText, fields{"body": "x"}, "/subject", mail.MaxSubject),
		length(mailText, fields{"subject": "x"}, "/body", mail.MaxBody),
		{request: "admin GET /pools?limit={}", accepted: api.MaxLimit, refused: api.MaxLimit + 1, code: identity.CodeOutOfRange, at: "limit"},
		{request: "system GET /pools/{pool}/users?limit={}", accepted: 1, refused: 0, code: identity.CodeOutOfRange, at: "limit"},
	}
}

// workspaceBounds returns bounds of the settings of workspaces, connections and applications.
func workspaceBounds() []bound {
	app := fields{"authorization_server_id": "{workspace}"}
	uris := func(n int) []string { return list(n, "https://app.example.com/") }
	uri := func(n int) []string {
		return []string{"https://app.example.com/" + text(n-len("https://app.example.com/"))}
	}
	one := func(n int) []string { return []string{text(n)} }
	all := []bound{
		length(newWorkspace, nil, "/name", reference.NameLength),
		length(newWorkspace, nil, "/description", reference.DescriptionLength),
		length(newWorkspace, nil, "/color", reference.ColorLength),
		most(newConnection, fields{"identity_pool_id": "{pool}"}, "/display_order", reference.DisplayOrder),
		length(newApplication, app, "/client_name", reference.NameLength),
		{newApplication, app, "/client_secret", text(oidc.MinSecret), text(oidc.MinSecret - 1), identity.CodeWrongFormat, ""},
		{newApplication, app, "/client_secret", text(oidc.MaxSecret), text(oidc.MaxSecret + 1), identity.CodeWrongFormat, ""},
		{newApplication, app, "/redirect_uris", uris(oidc.MaxURIs), uris(oidc.MaxURIs + 1), identity.CodeTooMany, ""},
		{newApplication, app, "/redirect_uris", uri(oidc.MaxURI), uri(oidc.MaxURI + 1), identity.CodeWrongFormat, "/redirect_uris/0"},
		{newApplication, app, "/scopes", list(oidc.MaxScopes, "s"), list(oidc.MaxScopes+1, "s"), identity.CodeTooMany, ""},
		{newApplication, app, "/scopes", one(oidc.MaxScope), one(oidc.MaxScope + 1), identity.CodeWrongFormat, "/scopes/0"},
		{newApplication, app, "/audience", list(reference.Audiences, "a"), list(reference.Audiences+1, "a"), identity.CodeTooMany, ""},
		{newApplication, app, "/audience", one(reference.AudienceLength), one(reference.AudienceLength + 1), identity.CodeWrongFormat, "/audience/0"},
	}
	var w oidc.Workspace
	for _, l := range w.Lifetimes() {
		all = append(all, span(newWorkspace, nil, l.Pointer, l.Least, l.Most)...)
	}
	return all
}

// The bounds that the document has are those in force: a value at a bound is accepted, and one beyond is not.
func TestTheBoundsAreInForce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	workspace := tenant.Workspaces.Must(t, 201, "POST", "/servers", fields{}).Text(t, "id")
	clients := map[string]*systemtest.Client{"admin": tenant.Admin, "system": tenant.System, "workspaces": tenant.Workspaces}
	send := func(t *testing.T, b bound, value any) systemtest.Response {
		t.Helper()
		body := "{}"
		if b.pointer != "" {
			body = bodyOf(t, b, value)
		}
		ids := strings.NewReplacer("{pool}", pool, "{workspace}", workspace, "{}", fmt.Sprint(value))
		parts := strings.Fields(ids.Replace(b.request))
		if parts[1] == "GET" {
			return clients[parts[0]].Call(t, parts[1], parts[2], nil)
		}
		return clients[parts[0]].Call(t, parts[1], parts[2], ids.Replace(body))
	}
	for _, b := range slices.Concat(poolBounds(), userBounds(), workspaceBounds()) {
		t.Run(fmt.Sprintf("%s%s %.20v", b.request, b.pointer, b.accepted), func(t *testing.T) {
			t.Parallel()
			if r := send(t, b, b.accepted); r.Status >= 300 {
				t.Errorf("%.60v: %d %.500s", b.accepted, r.Status, r.Body)
			}
			at := b.at
			if at == "" {
				at = b.pointer
			}
			r := send(t, b, b.refused)
			systemtest.CheckRefusal(t, r, 422, "invalid", at)
			if !strings.Contains(string(r.Body), `"code":"`+b.code+`"`) {
				t.Errorf("%.60v: %.500s, want the code %s", b.refused, r.Body, b.code)
			}
			checkForm(t, r)
		})
	}
}

// bodyOf returns a body with a value at the pointer of a bound.
func bodyOf(t *testing.T, b bound, value any) string {
	t.Helper()
	names := strings.Split(b.pointer[1:], "/")
	for _, name := range slices.Backward(names) {
		value = fields{name: value}
	}
	body := maps.Clone(b.base)
	if body == nil {
		body = fields{}
	}
	maps.Copy(body, value.(fields))
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// checkForm checks that an error has the members that the document names, and no others.
func checkForm(t *testing.T, r systemtest.Response) {
	t.Helper()
	var answer struct {
		Details struct {
			Violations []fields `json:"violations"`
		} `json:"details"`
	}
	if err := json.Unmarshal(r.Body, &answer); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(r.Fields(t))); !slices.Equal(got, []string{"details", "error", "error_code", "status_code"}) {
		t.Errorf("an error has %v", got)
	}
	for _, v := range answer.Details.Violations {
		for name := range v {
			if !slices.Contains([]string{"pointer", "reason", "code", "params"}, name) {
				t.Errorf("a violation has %q", name)
			}
		}
	}
}
