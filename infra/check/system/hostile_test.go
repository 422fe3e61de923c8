package system_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/gateway"
	"identitypools/shared/identity"
)

// difficultTexts returns texts that break programs which do not expect them.
func difficultTexts() []string {
	return []string{
		"", " ", "\t", "\x00", "a\x00b", "\x7f", "\u0085", "\u2028", "\u2029", "\ufeffa", "\ufffd",
		"\ufffe", "\U0010ffff", "null", "undefined", "NaN", "-1", "1e999", "0x10", "true", "[]",
		"{}",
		"..", "../../etc/passwd", "%2e%2e%2f", "a/b", "a\\b", "a#b", "a?b", "%", "%zz", "%00",
		"${jndi:ldap://x}", "{{7*7}}", "{code}", "$(id)", "`id`", "' OR 1=1 --",
		"\"; DROP TABLE users", "=1+1",
		"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "&lt;", "<!--", "]]>",
		"a\r\nBcc: eve@example.com", "a\nX: y", "=?utf-8?q?a?=", "ann@example.com,eve@example.com",
		"Ann <ann@example.com>", "\"a b\"@example.com", "a(b)@example.com", "a@[127.0.0.1]",
		"a@b@example.com", "@", "a@", "@example.com", "a..b@example.com", "a@exa mple.com",
		"a@xn--0.example",
		"a@-example.com", "a@example.com.", "\u202egnp.exe", "a\u200bb", "\u2066a\u2069",
		"\u0130\u0131", "\u00df\u1e9e", "\u212a\u212b", "\ufb03", "\ufdfa", "\u0439\u0306",
		"Z\u0351\u036b\u0343a\u0310l\u034ego",
		"\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea",
		"\u0645\u0631\u062d\u0628\u0627", "\u4f60\u597d", "\uff41\uff44\uff4d\uff49\uff4e",
		"\u0430dmin", "__proto__", "constructor", "CON", "nil",
		strings.Repeat("a", 300), strings.Repeat("\u0130", 200), strings.Repeat("\ufdfa", 100),
		strings.Repeat("\u0301", 200), strings.Repeat("a@", 100) + "example.com",
		strings.Repeat("9", 40),
	}
}

// input is a request that contains a text.
type input struct {
	name         string
	client       *systemtest.Client
	method, path string
	body         any
}

// inputs returns a request for each place that accepts a text, in bodies, paths and queries.
func inputs(tenant *systemtest.Tenant, pool, user, text string) []input {
	admin, system, public := tenant.Admin, tenant.System, tenant.Public
	in, query, part := "/pools/"+pool, url.QueryEscape(text), url.PathEscape(text)
	identifier := func(kind string) fields {
		return fields{"status": "new", "identifiers": []fields{{"identifier": text, "type": kind}}}
	}
	return []input{
		{
			"a pool's texts", admin, "POST", "/pools",
			fields{
				"name": text, "description": text,
				"metadata": fields{text: text},
			},
		},
		{"a pool's id", admin, "POST", "/pools", fields{"name": "x", "id": text}},
		{
			"a pool's settings", admin, "POST", "/pools",
			fields{
				"name": "x", "otp_settings": fields{text: fields{"ttl": text}},
				"mfa_session_ttl": text, "badge_color": text,
			},
		},
		{
			"a schema's name", admin, "POST", "/schemas",
			fields{"name": text, "description": text, "schema": fields{"title": text, "pattern": text}},
		},
		{
			"a schema's keyword", admin, "POST", "/schemas",
			fields{"name": "x", "schema": fields{text: text}},
		},
		{
			"a member's name", admin, "POST", "/schemas",
			fields{
				"name": "x",
				"schema": fields{
					"properties": fields{text: fields{"type": "string"}},
					"required":   []string{text},
				},
			},
		},
		{"a user name", admin, "POST", in + "/users", identifier("uid")},
		{"an e-mail address", admin, "POST", in + "/users", identifier("email")},
		{"a phone number", admin, "POST", in + "/users", identifier("mobile")},
		{
			"a type", admin, "POST", in + "/users",
			fields{"status": text, "identifiers": []fields{{"identifier": "x", "type": text}}},
		},
		{
			"a payload", admin, "POST", in + "/users",
			fields{"status": "new", "payload": fields{"given_name": text, text: text}},
		},
		{"a key", system, "POST", in + "/users/by_key", fields{"identifier": text}},
		{"an address as key", system, "POST", in + "/users/by_key", fields{"address": text}},
		{
			"registration by a back end", system, "POST",
			in + "/user/register?send_activation_message=false",
			fields{"identifier": text},
		},
		{
			"proof of a password", system, "POST", in + "/user/password/verify",
			fields{"identifier": text, "password": "x"},
		},
		{
			"a user's code", system, "POST", in + "/users/" + user + "/activate",
			fields{"code": text, "otp_address": text},
		},
		{"an extended code", system, "POST", in + "/user/activate", fields{"code": text}},
		{
			"a place to return to", system, "POST",
			in + "/users/" + user + "/activation/send?mode=" + query + "&post_activation_url=" + query,
			fields{"address": text},
		},
		{
			"registration", public, "POST", in + "/register?code_type_in_message=" + query,
			fields{"identifier": text},
		},
		{
			"a browser's registration", public, "POST", in + "/register",
			fields{"identifier": text, "password": text, "payload": fields{"given_name": text}},
		},
		{"a ticket", public, "POST", in + "/activate", fields{"ticket": text, "code": text}},
		{"a link's code", public, "POST", in + "/activate", fields{"code": text, "password": text}},
		{"an address to send to", public, "POST", in + "/activation/send", fields{"address": text}},
		{
			"a mail to get back in", public, "POST",
			in + "/password/reset/request?lang=" + query + "&code_type_in_message=" + query,
			fields{"address": text},
		},
		{
			"a mail to an address to get back in", public, "POST", in + "/password/reset/request",
			fields{"address": text, "altcha": text},
		},
		{
			"a new password", public, "POST", in + "/password/reset/confirm",
			fields{"code": text, "identifier": text, "new_password": text},
		},
		{
			"a proof of an address", public, "POST", in + "/address-verification/confirm",
			fields{"code": text, "address": text},
		},
		{"a pool in the path", admin, "GET", "/pools/" + part, nil},
		{"a user in the path", system, "GET", in + "/users/" + part, nil},
		{"a page", admin, "GET", "/pools?search_phrase=" + query + "&after_pool_id=" + query, nil},
		{"a search", admin, "GET", "/pools?search_phrase=" + query, nil},
		{"a filter", admin, "GET", in + "/users?query=" + query + "&order=" + query, nil},
	}
}

// Every text is accepted in every place, or refused with a reason in the form of the API. In a path it
// may also make a path that no route has, which the gateway answers. It never causes a 500. An accepted
// text is returned unchanged (ASVS 1.1.1, 2.2.1; "500 is a bug"). With LONG, the test puts each text in
// each place, else into every fourth.
func TestNaughtyTexts(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	user := tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil)
	taken, every := map[string]int{}, 4
	if long() {
		every = 1
	}
	for i, text := range difficultTexts() {
		for j, c := range inputs(tenant, pool, user, text) {
			if (i+j)%every > 0 {
				continue
			}
			got := c.client.Call(t, c.method, c.path, c.body)
			switch {
			case got.Status >= 500:
				t.Errorf("%s %+q answers %d %s", c.name, text, got.Status, got.Body)
			case got.Status == 404 && string(got.Body) == gateway.Message(404): // the path is no route's
			case got.Status >= 400:
				if code, reason := got.Text(t, "error_code"), got.Text(t, "error"); code == "" ||
					reason == "" {
					t.Errorf("%s %+q answers %s", c.name, text, got.Body)
				}
			default:
				taken[c.name]++
				if body, ok := c.body.(fields); ok && c.name == "a pool's texts" &&
					got.Text(t, "name") != body["name"] {
					t.Errorf("a pool named %+q is %+q", text, got.Text(t, "name"))
				}
			}
		}
	}
	for _, name := range []string{
		"a pool's texts", "a schema's name", "a user name", "registration by a back end",
		"a search",
	} {
		if taken[name]*every < 10 {
			t.Errorf(
				"%s was taken %d times of %d: too few to show anything", name, taken[name],
				len(difficultTexts()),
			)
		}
	}
}

// spellings returns pairs of texts that are equal after normalization (NFKC, IDNA, case folding:
// UAX #15, UTS #46).
func spellings() map[string][2]string {
	return map[string][2]string{
		"case":                    {"Ann@Example.COM", "ann@example.com"},
		"spaces about":            {" bob@example.com\u2003", "bob@example.com"},
		"composed and decomposed": {"am\u00e9lie@example.com", "ame\u0301lie@example.com"},
		"full width":              {"ｃａｔ＠ｅｘａｍｐｌｅ．ｃｏｍ", "cat@example.com"},
		"a ligature":              {"o\ufb03ce@example.com", "OFFICE@example.com"},
		"a sharp s":               {"stra\u00dfe@example.com", "STRASSE@example.com"},
		"the Kelvin sign":         {"\u212aim@example.com", "kim@example.com"},
		"final sigma":             {"\u03c3\u03c2@example.com", "\u03a3\u03a3@example.com"},
		"a domain in Unicode":     {"dan@b\u00fccher.example", "dan@XN--BCHER-KVA.example"},
		"another dot":             {"eve@example\u3002com", "eve@example.com"},
		"a user name's case":      {"Fred Smith", "fRED sMITH"},
		"a user name's width":     {"Ｇｉｎａ", "gina"},
		"a user name's accents":   {"Ren\u00e9", "REN\u0045\u0301"},
		"a phone number's width":  {"＋１５５５０１００", "+15550100"},
	}
}

// Two spellings of one identifier are one claim, wherever they come from: nobody else can register
// the other spelling, and each spelling finds the same user (ASVS 6.1.1; 63B §3.1.1.2 for the
// normal form).
func TestSpellingsAreOneClaim(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for name, pair := range spellings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := tenant.NewPool(t, nil)
			in := "/pools/" + pool
			kind := "uid"
			if strings.ContainsAny(pair[1], "@") {
				kind = "email"
			} else if strings.HasPrefix(pair[1], "+") {
				kind = "mobile"
			}
			user := func(spelling string) fields {
				return fields{
					"status":      "active",
					"identifiers": []fields{{"identifier": spelling, "type": kind}},
				}
			}
			made := tenant.Admin.Must(t, 201, "POST", in+"/users", user(pair[0])).Fields(t)
			normal := made["identifiers"].([]any)[0].(fields)["identifier_lc"].(string)
			for _, spelling := range []string{pair[0], pair[1], normal} {
				tenant.System.Must(t, 409, "POST", in+"/users", user(spelling))
				if kind == "email" {
					want := 201
					if identity.CheckMailable("", spelling) != nil {
						want = 422 // an identifier like any other, with which nobody can register
					}
					tenant.Public.Must(t, want, "POST", in+"/register", fields{
						"identifier": spelling, "password": systemtest.Password,
					})
				}
				found := tenant.System.Must(t, 200, "POST", in+"/users/by_key", fields{
					"identifier": spelling,
				}).Fields(t)
				got := found["identifiers"].([]any)[0].(fields)["identifier_lc"]
				if found["id"] != made["id"] || got != normal {
					t.Errorf(
						"%+q finds %v as %+q, want %v as %+q", spelling, found["id"], got,
						made["id"], normal,
					)
				}
			}
			if users := tenant.Admin.Must(
				t, 200, "GET", in+"/users", nil,
			).Fields(t)["users"].([]any); len(users) != 1 {
				t.Errorf("there are %d users", len(users))
			}
		})
	}
}

// A text that only looks like somebody's identifier is another identifier. A text with invisible
// characters is refused with the reason.
func TestConfusables(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	in := "/pools/" + tenant.NewPool(t, nil)
	user := func(name string) fields {
		return fields{"status": "active", "identifiers": []fields{{"identifier": name, "type": "uid"}}}
	}
	first := tenant.Admin.Must(t, 201, "POST", in+"/users", user("admin")).Text(t, "id")
	for _, name := range []string{
		"\u0430dmin", "adm\u0131n", "adrnin", "\u1d00dmin", "adm\u00edn", "admin.", "adm in",
	} {
		if other := tenant.Admin.Must(
			t, 201, "POST", in+"/users", user(name),
		).Text(t, "id"); other == first {
			t.Errorf("%+q is admin", name)
		}
	}
	for _, name := range []string{
		"ad\u200bmin", "admin\u200d", "\u202eadmin", "ad\u00admin", "\ufeffadmin", "admin\ufe0f",
		"\u2066admin\u2069", "admin\u3164",
	} {
		refused := tenant.Admin.Must(t, 422, "POST", in+"/users", user(name))
		violation := violationsOf(t, refused)[0]
		if violation["pointer"] != "/identifiers/0/identifier" ||
			!strings.Contains(violation["reason"].(string), "show nothing") {
			t.Errorf("%+q is refused with %v", name, violation)
		}
		tenant.Public.Must(t, 422, "POST", in+"/register", fields{"identifier": name + "@example.com"})
	}
}

// violationsOf returns the violations in an answer.
func violationsOf(t *testing.T, answer systemtest.Response) []fields {
	t.Helper()
	var all []fields
	for _, v := range answer.Fields(t)["details"].(fields)["violations"].([]any) {
		all = append(all, v.(fields))
	}
	return all
}

// Line breaks in texts of users reach no header of a mail, and the only recipient of a mail is the
// address (ASVS 1.3.11).
func TestMailHeadersAreOurs(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, name := range []string{
		"a\u2028Bcc: eve@example.com", "a\u2029b", "=?utf-8?q?a=0D=0ABcc:_eve@example.com?=",
		"\u202eevil\u202c", "\"<x>\", eve@example.com", "{code} {link}",
		strings.Repeat("\U0001f600", 128),
	} {
		pool := tenant.NewPool(t, fields{"name": name})
		address := "=?utf-8?q?a?=" + systemtest.Address("o'hara+tag")
		tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
			"identifier": strings.ToUpper(address),
		})
		sent := product.Inbox.Await(t, address, 1)[0]
		if strings.ContainsFunc(sent.Subject, func(r rune) bool {
			return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
		}) {
			t.Errorf("a pool named %+q makes the subject %+q", name, sent.Subject)
		}
		from := `"Identity Pools" <no-reply@example.com>`
		if name == "{code} {link}" { // which is as good a name as any
			from = `"{code} {link}" <no-reply@example.com>`
		}
		if !slices.Equal(sent.To, []string{address}) || sent.From != from {
			t.Errorf("a pool named %+q sends from %q to %q, want %q", name, sent.From, sent.To, address)
		}
	}
	pool := "/pools/" + tenant.NewPool(t, nil)
	for _, address := range []string{
		"ann@example.com\r\nBcc: eve@example.com", "ann\n@example.com", "ann@exam\rple.com",
		"ann@example.com\x00", "ann@example.com\u2028x", "ann@example.com, eve@example.com",
		"ann@example.com;eve@example.com", "ann\u0085@example.com",
	} {
		for _, key := range []string{"identifier", "otp_address"} {
			body := fields{"identifier": "ann-" + systemtest.Unique()}
			body[key] = address
			tenant.Public.Must(t, 422, "POST", pool+"/register", body)
		}
	}
	for _, name := range []string{"a\r\nBcc: eve@example.com", "a\nb", "a\x00b", "a\u0085b"} {
		refused := tenant.Admin.Must(t, 422, "POST", "/pools", fields{"name": name})
		if got := violationsOf(t, refused)[0]["pointer"]; got != "/name" {
			t.Errorf("%+q is refused at %v", name, got)
		}
	}
}

// Keyboards write one password in several forms (63B §3.1.1.2: a password is normalized before it
// is hashed; ASVS 6.2.9).
func TestAPasswordIsOneInEveryForm(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	in := "/pools/" + tenant.NewPool(t, nil)
	for _, forms := range [][]string{
		{
			"Zo\u00eb drinkt graag koffie", "Zoe\u0308 drinkt graag koffie",
			"Ｚo\u00eb drinkt graag koffie",
		},
		{"\uff50\uff41\uff53\uff53 geheim wort", "pass geheim wort", "pass\u00a0geheim\u3000wort"},
		{
			"o\ufb03ce \u212bngstr\u00f6m 12", "office \u00c5ngstr\u00f6m 12",
			"office A\u030angstro\u0308m \u2460\u2461",
		},
	} {
		email := systemtest.Address("ann")
		tenant.Admin.Must(t, 201, "POST", in+"/users", fields{
			"status": "active", "identifiers": []fields{{"identifier": email, "type": "email"}},
			"credentials": []fields{{"type": "password", "password": forms[0]}},
		})
		for _, form := range forms {
			tenant.System.Must(t, 200, "POST", in+"/user/password/verify", fields{
				"identifier": email, "password": form,
			})
		}
		tenant.System.Must(t, 401, "POST", in+"/user/password/verify", fields{
			"identifier": email, "password": strings.ToUpper(forms[1]),
		})
	}
}

// A schema cannot make the product read a URL that it names (ASVS 1.3.6, server-side request
// forgery). It is refused with a pointer to the keyword.
func TestSchemasReadNothing(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	var reads atomic.Int64
	server := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reads.Add(1) }),
	)
	t.Cleanup(server.Close)
	for keyword, value := range map[string]any{
		"$ref": server.URL, "$schema": server.URL, "$id": server.URL,
		"$dynamicRef": server.URL + "#x", "$recursiveRef": "#",
		"$defs": fields{"a": fields{"$ref": server.URL}}, "$anchor": "x",
		"$vocabulary": fields{server.URL: true}, "format": "uri",
	} {
		for pointer, document := range map[string]fields{
			"/schema/" + keyword: {keyword: value},
			"/schema/properties/a/items/" + keyword: {
				"properties": fields{"a": fields{"items": fields{keyword: value}}},
			},
		} {
			refused := tenant.Admin.Must(t, 422, "POST", "/schemas", fields{
				"name": "x", "schema": document,
			})
			if got := violationsOf(t, refused)[0]["pointer"]; got != pointer {
				t.Errorf("%s is refused at %v", pointer, got)
			}
		}
	}
	tenant.Admin.Must(t, 201, "POST", "/schemas", fields{
		"name": "x", "schema": fields{"const": server.URL, "pattern": server.URL},
	})
	if n := reads.Load(); n > 0 {
		t.Errorf("the server that schemas name was called %d times", n)
	}
}
