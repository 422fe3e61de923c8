package registration_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"identitypools/infra/check/golden"
	"identitypools/infra/check/systemtest"
)

// TestGoldenPages compares each page, in each of its states, with a golden file. It does not
// compare white space that browsers do not show, values that differ between runs, and the text of
// the style and the script.
func TestGoldenPages(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T, *poolBrowser) systemtest.Response{
		"register": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("register?return_to=https://app.example.com/in%3Fa=1%26b=2"))
		},
		"register_refused": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("register?lang=de"),
				"identifier", `ann "<b>"`, "password", "short", "/given_name", "Ann & <Bob> +1")
		},
		"register_kept": func(t *testing.T, b *poolBrowser) systemtest.Response {
			b.signUp(t, "ann@example.com", "/given_name", "Änn", "/locale", "pl")
			return b.call(t, b.at("register"))
		},
		"register_missing": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(
				t, "/"+b.tenant.ID+"/pools/nothing/register?return_to=https://evil.example.com/",
			)
		},
		"register_foreign": func(t *testing.T, b *poolBrowser) systemtest.Response {
			r, err := http.NewRequestWithContext(
				t.Context(), http.MethodPost, b.base+b.at("register?lang=fr"), nil,
			)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			return sendOnce(t, r)
		},
		"code": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.signUp(t, "ann@example.com")
		},
		"code_wrong": func(t *testing.T, b *poolBrowser) systemtest.Response {
			b.signUp(t, "ann@example.com")
			return b.call(t, b.at("register/code"), "code", "x<1>")
		},
		"code_missing": func(t *testing.T, b *poolBrowser) systemtest.Response {
			b.signUp(t, "ann@example.com")
			return b.call(t, b.at("register/code?lang=fr"), "code", " ")
		},
		"code_wait": func(t *testing.T, b *poolBrowser) systemtest.Response {
			b.signUp(t, "ann@example.com")
			return b.call(t, b.at("register/code"), "do", "resend")
		},
		"code_again": func(t *testing.T, b *poolBrowser) systemtest.Response {
			b.signUp(t, "ann@example.com")
			b.product.Clock.Advance(61 * time.Second)
			return b.follow(
				t, b.at("register/code?lang=es"),
				b.call(t, b.at("register/code?lang=es"), "do", "resend"),
			)
		},
		"lost": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("register/code?lang=pl"))
		},
		"link_invited": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.invitation(t, nil).RequestURI())
		},
		"link_registered": func(t *testing.T, b *poolBrowser) systemtest.Response {
			email := systemtest.Address("late")
			path := "/pools/" + b.pool + "/register?code_type_in_message=link"
			b.tenant.Public.Must(t, 201, "POST", path, fields{
				"identifier": email, "password": systemtest.Password,
			})
			return b.call(t, systemtest.LinkIn(t, b.product.Inbox.Await(t, email, 1)[0]).RequestURI())
		},
		"link_refused": func(t *testing.T, b *poolBrowser) systemtest.Response {
			link := b.invitation(t, nil)
			return b.call(t, link.RequestURI(), "code", link.Query().Get("code"), "password", "short")
		},
		"link_no_password": func(t *testing.T, b *poolBrowser) systemtest.Response {
			link := b.invitation(t, nil)
			return b.call(t, b.at("activate?lang=de"), "code", link.Query().Get("code"), "password", "")
		},
		"dead": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(
				t,
				b.at("activate?return_to=https://app.example.com/&code="+url.QueryEscape("a/b+c")),
			)
		},
		"dead_closed": func(t *testing.T, _ *poolBrowser) systemtest.Response {
			b := newPoolBrowser(t, fields{"public_registration_allowed": false})
			return b.call(t, b.at("activate?code=x"))
		},
		"dead_submitted": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("activate?code=a"), "code", "a")
		},
		"dead_sent": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("activate"), "do", "resend", "address", "ann@example.com")
		},
		"dead_no_address": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("activate"), "do", "resend", "address", " ")
		},
		"done": func(t *testing.T, b *poolBrowser) systemtest.Response {
			email := systemtest.Address("ann")
			to := url.QueryEscape("https://app.example.com/in?a=1&b=ä")
			path := b.at("register?return_to=" + to)
			b.follow(t, path, b.call(t, path, "identifier", email, "password", systemtest.Password))
			code := systemtest.CodeIn(t, b.product.Inbox.Await(t, email, 1)[0])
			return b.follow(t, b.at("register/code"), b.call(t, b.at("register/code"), "code", code))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareWithGolden(t, name, open(t, newPoolBrowser(t, nil)))
		})
	}
}

// TestGoldenPagesOfAPool compares the pages of a pool that has every setting that pages show.
func TestGoldenPagesOfAPool(t *testing.T) {
	t.Parallel()
	user := fields{"payload": fields{
		"code": "abc", "plan": "pro", "terms": true, "agreed": "2027-01", "colours": []string{"red"},
	}}
	for name, open := range map[string]func(*testing.T, *poolBrowser) systemtest.Response{
		"own_register": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("register"))
		},
		"own_refused": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.at("register"), "identifier", "ann", "password", "", "/code", "a", "/age", "1",
				"/plan", "pro", "/colours", "red", "/colours", "blue", "/tags", "a\r\n<b>",
				"/terms", "true",
				"/address/country", "x", "/height", "tall", "/x~1y~0z", "long")
		},
		"own_limited": func(t *testing.T, b *poolBrowser) systemtest.Response {
			for range 10 {
				b.call(t, b.at("register"), "identifier", "ann")
			}
			return b.call(t, b.at("register"),
				"identifier", "ann", "password", "short", "/tags", "a\nb", "/colours", "red")
		},
		"own_done": func(t *testing.T, b *poolBrowser) systemtest.Response {
			code := b.invitation(t, user).Query().Get("code")
			got := b.call(t, b.at("activate"), "code", code, "password", "kumquat 17 Trees!")
			return b.follow(t, b.at("activate"), got)
		},
		"own_link": func(t *testing.T, b *poolBrowser) systemtest.Response {
			return b.call(t, b.invitation(t, user).RequestURI())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareWithGolden(t, name, open(t, newPoolBrowser(t, ownSettings(), ownSchema())))
		})
	}
}

// ownSettings returns settings of a pool that include everything that its pages show.
func ownSettings() fields {
	return fields{
		"name": `A & "B" <c>`, "badge_color": "#0a7",
		"limits": fields{"source_submissions_per_hour": 10},
		"password_policy": fields{
			"min_length": 10, "digits": 2, "capital_letters": 1, "lowercase_letters": 3,
			"special_characters": 1,
			"strength":           "fair",
		},
		"branding": fields{
			"logo_url":    "https://static.example.com/logo.svg?a=1&b=2",
			"terms_url":   "https://example.com/terms?a=1&b=2",
			"privacy_url": "https://example.com/privacy#p",
			"texts": fields{"en": fields{
				"title": "Join <us>", "intro": "It's \"free\".", "done": "You're <in>.",
				"labels": fields{"code": "Customer no."},
			}},
		},
	}
}

// ownSchema returns a schema with a property for each kind of field.
func ownSchema() fields {
	list := func(items fields, more fields) fields {
		more["type"], more["items"] = "array", items
		return more
	}
	return fields{
		"type": "object", "required": []string{"code", "plan", "terms", "agreed", "colours"},
		"additionalProperties": false, "properties": fields{
			"code": fields{"type": "string", "minLength": 3, "maxLength": 5},
			"plan": fields{
				"title": "Plan", "type": "string", "enum": []string{"basic", "pro", `"<x>"`},
				"description": "Choose <well>.",
			},
			"age": fields{
				"type": "integer", "minimum": 18, "maximum": 120, "description": "Adults alone.",
			},
			"height": fields{"type": "number"},
			"terms":  fields{"type": "boolean", "title": "Send me news", "description": "Rarely."},
			"agreed": fields{"type": "string", "const": "2027-01", "title": "I agree to the terms"},
			"tags": list(fields{"type": "string"}, fields{
				"maxItems": 2, "description": "One a line.",
			}),
			"colours": list(fields{"enum": []string{"red", "green", "blue"}}, fields{
				"description": "Any.",
			}),
			"sizes": list(fields{"enum": []string{"s", "m"}}, fields{}),
			"address": fields{
				"type": "object", "description": "At home.", "required": []string{"country"}, "properties": fields{
					"country":        fields{"type": "string", "pattern": "^[A-Z]{2}$"},
					"street_address": fields{"type": "string"},
				},
			},
			"given_name": fields{"type": "string"}, "birthdate": fields{"type": "string"},
			"x/y~z": fields{"type": "string", "maxLength": 3},
		},
	}
}

// TestTheGoldenPageOfScarceMails compares the pages that ask for a proof of work.
func TestTheGoldenPageOfScarceMails(t *testing.T) {
	t.Parallel()
	s := newScarcePool(t)
	v := browser{base: s.product.BaseURL + "/" + s.tenant.ID + "/pools/" + s.pool}
	for name, path := range map[string]string{
		"scarce_register": "/register", "scarce_dead": "/activate?code=0",
	} {
		compareWithGolden(t, name, v.call(t, path))
	}
	v.cookie = s.codePageCookie(t)
	compareWithGolden(t, "scarce_code", v.call(t, "/register/code"))
}

// compareWithGolden compares a page with the golden file of a name.
func compareWithGolden(t *testing.T, name string, got systemtest.Response) {
	t.Helper()
	text := fmt.Sprintf("%d\n%s", got.Status, golden.Page(got.Body))
	golden.Same(t, filepath.Join("testdata", "pages", name+".txt"), text)
}
