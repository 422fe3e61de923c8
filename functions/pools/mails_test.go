package pools_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
)

// codeMail returns the path of the text of a mail in a pool.
func codeMail(pool string) string { return "/pools/" + pool + "/mails/registration_code/de" }

// ownText returns a text for codeMail.
func ownText() fields {
	return fields{"subject": "Ihr Code für {pool}", "body": "Guten Tag,\n\nhier ist er:\n\n{code}\n\nEr gilt {duration}."}
}

// checkMembers fails the test unless an answer has the given members.
func checkMembers(tb testing.TB, got fields, want fields) {
	tb.Helper()
	for name, value := range want {
		if !reflect.DeepEqual(got[name], value) {
			tb.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
}

func TestATextOfAMailFromUsualToOwnAndBack(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	path := codeMail(tenant.NewPool(t, nil))
	usual := tenant.Admin.Must(t, 200, "GET", path, nil)
	checkMembers(t, usual.Fields(t), fields{
		"kind": "registration_code", "language": "de", "own": false, "updated_at": nil, "variables": []any{"pool", "code", "duration", "until"},
	})
	tenant.Admin.Must(t, 204, "DELETE", path, nil) // there is nothing to delete

	set := tenant.Admin.Must(t, 200, "PUT", path, ownText())
	checkMembers(t, set.Fields(t), ownText())
	checkMembers(t, set.Fields(t), fields{"kind": "registration_code", "language": "de", "own": true})
	read := tenant.Admin.Must(t, 200, "GET", path, nil)
	if string(read.Body) != string(set.Body) || read.Header.Get("ETag") != set.Header.Get("ETag") {
		t.Errorf("set  %s %s\nread %s %s", set.Header.Get("ETag"), set.Body, read.Header.Get("ETag"), read.Body)
	}
	back := tenant.Admin.Must(t, 200, "PUT", path, read.Body) // "What GET answers can be PUT"
	checkMembers(t, back.Fields(t), ownText())
	if back.Header.Get("ETag") == read.Header.Get("ETag") {
		t.Error("a change leaves the ETag as it is")
	}

	tenant.Admin.Must(t, 204, "DELETE", path, nil)
	if got := tenant.Admin.Must(t, 200, "GET", path, nil); string(got.Body) != string(usual.Body) || got.Header.Get("ETag") != usual.Header.Get("ETag") {
		t.Errorf("after it was deleted: %s %s\nbefore it was set:    %s %s", got.Header.Get("ETag"), got.Body, usual.Header.Get("ETag"), usual.Body)
	}
	if again := tenant.Admin.Must(t, 200, "PUT", path, ownText()).Header.Get("ETag"); again == set.Header.Get("ETag") || again == back.Header.Get("ETag") {
		t.Error("a text that is set again has the version of an old one")
	}
}

func TestTheListOfMailTexts(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	tenant.Admin.Must(t, 200, "PUT", codeMail(pool), ownText())
	for query, is := range map[string]func(kind, language string) bool{
		"":                                func(string, string) bool { return true },
		"?kind=taken":                     func(kind, _ string) bool { return kind == "taken" },
		"?lang=de":                        func(_, language string) bool { return language == "de" },
		"?lang=de&kind=registration_code": func(kind, language string) bool { return kind == "registration_code" && language == "de" },
		"?kind=&lang=":                    func(string, string) bool { return true },
	} {
		var want, got []string
		for _, kind := range mail.Kinds() {
			for _, language := range identity.Languages() {
				if is(string(kind), language) {
					want = append(want, fmt.Sprintf("%s/%s %t", kind, language, kind == mail.RegistrationCode && language == "de"))
				}
			}
		}
		for _, each := range tenant.Admin.Must(t, 200, "GET", "/pools/"+pool+"/mails"+query, nil).Fields(t)["mails"].([]any) {
			m := each.(fields)
			got = append(got, fmt.Sprintf("%s/%s %t", m["kind"], m["language"], m["own"]))
			one := tenant.Admin.Must(t, 200, "GET", fmt.Sprintf("/pools/%s/mails/%s/%s", pool, m["kind"], m["language"]), nil).Fields(t)
			for _, d := range differences(m, one) {
				t.Errorf("the list tells otherwise: %s", d)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	for query, at := range map[string][]string{
		"?kind=greeting": {"kind"}, "?lang=it": {"lang"}, "?lang=DE": {"lang"}, "?kind=x&lang=%00": {"kind", "lang"},
	} {
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, "GET", "/pools/"+pool+"/mails"+query, nil), 422, "invalid", at...)
	}
}

// A form's textarea sends CRLF for each line break. It is stored as a line feed, and so is a lone CR.
func TestALineBreakMayHaveAnyForm(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, fields{"description": "One\r\nTwo\rThree"})
	text := fields{"subject": "Code", "body": "Guten Tag,\r\n\r\nhier ist er:\r\r{code}\n\r\nBis bald\r\n"}
	want := fields{"body": "Guten Tag,\n\nhier ist er:\n\n{code}\n\nBis bald\n"}
	checkMembers(t, tenant.Admin.Must(t, 200, "PUT", codeMail(pool), text).Fields(t), want)
	checkMembers(t, tenant.Admin.Must(t, 200, "GET", codeMail(pool), nil).Fields(t), want)
	preview := tenant.Admin.Must(t, 200, "POST", codeMail(pool)+"/preview", text).Text(t, "text")
	if strings.Contains(preview, "\r") || !strings.HasPrefix(
		preview, "Guten Tag,\n\nhier ist er:\n\n    123 456\n\nBis bald",
	) {
		t.Errorf("a mail says %q", preview)
	}
	checkMembers(
		t, tenant.Admin.Must(t, 200, "GET", "/pools/"+pool, nil).Fields(t), fields{"description": "One\nTwo\nThree"},
	)
	schema := tenant.Admin.Must(t, 201, "POST", "/schemas", fields{
		"name": "S", "description": "One\r\nTwo\rThree", "schema": fields{"type": "object"},
	})
	checkMembers(t, schema.Fields(t), fields{"description": "One\nTwo\nThree"})
}

func TestATextOfAMailIsRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	tenant := product.NewTenant(t)
	path := codeMail(tenant.NewPool(t, nil))
	with := func(more fields) fields {
		text := ownText()
		for name, value := range more {
			text[name] = value
		}
		return text
	}
	const code = "\n\n{code}"
	before := product.Items(t)
	for _, c := range []struct {
		name   string
		body   any
		status int
		code   string
		at     []string
	}{
		{"empty", with(fields{"subject": "", "body": ""}), 422, "invalid", []string{"/body", "/body", "/subject"}},
		{"of spaces", with(fields{"subject": "  "}), 422, "invalid", []string{"/subject"}},
		{"with a subject of two lines", with(fields{"subject": "Code\r\nBcc: b@example.com"}), 422, "invalid", []string{"/subject"}},
		{"with a subject that turns around", with(fields{"subject": "Code \u202eedoc"}), 422, "invalid", []string{"/subject"}},
		{"with a subject that is too long", with(fields{"subject": strings.Repeat("ž", mail.MaxSubject+1)}), 422, "invalid", []string{"/subject"}},
		{"with a body that is too long", with(fields{"body": strings.Repeat("ž", mail.MaxBody+1) + code}), 422, "invalid", []string{"/body"}},
		{"with control characters", with(fields{"body": "a\x00b\r\nc" + code}), 422, "invalid", []string{"/body"}},
		{"without the code", with(fields{"body": "Hello"}), 422, "invalid", []string{"/body"}},
		{"with the code twice", with(fields{"body": "x" + code + code}), 422, "invalid", []string{"/body"}},
		{"with a value of another mail", with(fields{"body": "Click {link}" + code}), 422, "invalid", []string{"/body"}},
		{"with a value that there is not", with(fields{"subject": "{user.password}", "body": "{{.Pool}}" + code}), 422, "invalid", []string{"/body", "/subject"}},
		{"of another kind", with(fields{"kind": "taken"}), 422, "invalid", []string{"/kind"}},
		{"in another language", with(fields{"language": "en"}), 422, "invalid", []string{"/language"}},
		{"with HTML of its own", with(fields{"html": "<b>"}), 422, "invalid", []string{"/html"}},
		{"that is a number", with(fields{"subject": 1}), 422, "invalid", []string{"/subject"}},
		{"half a body", `{"subject": "x"`, 400, "malformed", nil},
		{"a list", `[]`, 422, "invalid", []string{""}},
		{"a field twice", `{"subject":"a","subject":"b"}`, 400, "malformed", nil},
		{"larger than a request may be", with(fields{"body": strings.Repeat("x", 129<<10)}), 413, "too_large", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, c.body), c.status, c.code, c.at...)
			systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", path+"/preview", c.body), c.status, c.code, c.at...)
		})
	}
	// A change needs all fields; a draft may leave out those that it does not change.
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, fields{"subject": "x"}), 422, "invalid", "/body", "/body")
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, fields{"body": "x" + code}), 422, "invalid", "/subject")
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, nil), 400, "malformed")
	if after := product.Items(t); !reflect.DeepEqual(byKey(before), byKey(after)) {
		t.Errorf("stored before %v\nand after %v", before, after)
	}
}

func TestAMailThatThereIsNot(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant, stranger := product.NewTenant(t), product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	each := func(call func(method, path string, body any)) {
		for method, body := range map[string]any{"GET": nil, "PUT": ownText(), "DELETE": nil} {
			call(method, "/registration_code/de", body)
		}
		call("POST", "/registration_code/de/preview", nil)
	}
	for _, mails := range []string{"/greeting/de", "/registration_code/it", "/registration_code/de-AT", "/REGISTRATION_CODE/de", "/registration_code/a%23b"} {
		for method, body := range map[string]any{"GET": nil, "PUT": ownText(), "DELETE": nil} {
			systemtest.CheckRefusal(t, tenant.Admin.Call(t, method, "/pools/"+pool+"/mails"+mails, body), 404, "not_found")
		}
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/pools/"+pool+"/mails"+mails+"/preview", nil), 404, "not_found")
	}
	if got := tenant.Admin.Call(t, "GET", "/pools/"+pool+"/mails/greeting/de", nil); !strings.HasPrefix(got.Text(t, "error"), "no mail text") {
		t.Errorf("a kind that there is not: %s", got.Body)
	}
	each(func(method, path string, body any) {
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, method, "/pools/none/mails"+path, body), 404, "not_found")
		systemtest.CheckRefusal(t, stranger.Admin.Call(t, method, "/pools/"+pool+"/mails"+path, body), 404, "not_found")
		systemtest.CheckNoRoute(
			t, tenant.System.Call(t, method, "/pools/"+pool+"/mails"+path, body),
		) // no other tree has these routes
		foreign := *tenant.Admin
		foreign.Token = stranger.Admin.Token
		systemtest.CheckRefusal(t, foreign.Call(t, method, "/pools/"+pool+"/mails"+path, body), 403, "forbidden")
		foreign.Token = ""
		systemtest.CheckRefusal(t, foreign.Call(t, method, "/pools/"+pool+"/mails"+path, body), 401, "unauthorized")
	})
	systemtest.CheckRefusal(t, stranger.Admin.Call(t, "GET", "/pools/"+pool+"/mails", nil), 404, "not_found")
	systemtest.CheckNoRoute(t, tenant.System.Call(t, "GET", "/pools/"+pool+"/mails", nil))
	checkMembers(t, tenant.Admin.Must(t, 200, "GET", codeMail(pool), nil).Fields(t), fields{"own": false})
}

// A text belongs to one pool, kind and language, and is deleted with its pool.
func TestTheTextsOfADeletedPool(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	tenant := product.NewTenant(t)
	pool, other := tenant.NewPool(t, fields{"id": "pool"}), tenant.NewPool(t, fields{"id": "pool-2"})
	for _, kind := range []string{"registration_code", "resend_code", "invitation_code"} {
		for _, language := range identity.Languages() {
			tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool+"/mails/"+kind+"/"+language, ownText())
		}
	}
	tenant.Admin.Must(t, 200, "PUT", codeMail(other), ownText())
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	for method, body := range map[string]any{"GET": nil, "PUT": ownText(), "DELETE": nil} {
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, method, codeMail(pool), body), 404, "not_found")
	}
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "GET", "/pools/"+pool+"/mails", nil), 404, "not_found")
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", codeMail(pool)+"/preview", nil), 404, "not_found")
	for _, it := range product.Stored(t, "POOL#"+tenant.ID+"#pool") {
		if it["pk"] == "POOL#"+tenant.ID+"#pool" && it["sk"] != "NAME" {
			t.Errorf("of the pool is left: %v", it)
		}
	}
	tenant.NewPool(t, fields{"id": "pool"})
	checkMembers(t, tenant.Admin.Must(t, 200, "GET", codeMail(pool), nil).Fields(t), fields{"own": false})
	checkMembers(t, tenant.Admin.Must(t, 200, "GET", codeMail(other), nil).Fields(t), fields{"own": true})
}

// A text that is written while its pool is deleted is refused. Otherwise a new pool with the same id
// would have it.
func TestATextIsNotWrittenToADeletedPool(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	p, err := product.Table.Pools.Get(t.Context(), tenant.ID, pool)
	if err == nil {
		err = product.Table.Pools.Delete(t.Context(), p, once.Reply[once.None]{})
	}
	if err != nil {
		t.Fatal(err)
	}
	m := identity.MailText{MailRef: identity.MailRef{Tenant: tenant.ID, Pool: pool, Kind: "taken", Language: "en"}, Subject: "x", Body: "x"}
	if _, err := product.Table.MailTexts.Replace(t.Context(), identity.MailText{}, m, once.Reply[identity.MailText]{}); err != (identity.NotFound{Thing: "pool", ID: pool}) {
		t.Errorf("written: %v", err)
	}
}

// RFC 9110 §13.1.1, for an own text and for the default text.
func TestPreconditionsOfAMailText(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for name, c := range map[string]struct {
		match func(old, current string) string
		ok    bool
	}{
		"the version":        {func(_, current string) string { return current }, true},
		"whatever there is":  {func(_, _ string) string { return "*" }, true},
		"one of several":     {func(old, current string) string { return old + ", " + current }, true},
		"an old version":     {func(old, _ string) string { return old }, false},
		"a weak version":     {func(_, current string) string { return "W/" + current }, false},
		"nonsense":           {func(_, _ string) string { return `"abc"` }, false},
		"of an absent thing": {func(_, _ string) string { return `"0"` }, false},
	} {
		for _, own := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, own %t", name, own), func(t *testing.T) {
				t.Parallel()
				path := codeMail(tenant.NewPool(t, nil))
				current := tenant.Admin.Must(t, 200, "GET", path, nil).Header.Get("ETag")
				old := tenant.Admin.Must(t, 200, "PUT", path, ownText()).Header.Get("ETag")
				if own {
					old, current = current, old
				} else {
					tenant.Admin.Must(t, 204, "DELETE", path, nil)
				}
				for _, call := range []struct {
					method string
					status int
				}{{"GET", 200}, {"PUT", 200}, {"DELETE", 204}} {
					got := tenant.Admin.Call(t, call.method, path, ownText(), "If-Match", c.match(old, current))
					if !c.ok {
						systemtest.CheckRefusal(t, got, 412, "precondition_failed")
						continue
					}
					if got.Status != call.status {
						t.Errorf("%s answers %d %s", call.method, got.Status, got.Body)
					}
					if tag := got.Header.Get("ETag"); tag != "" {
						current = tag
					}
				}
				if !c.ok && tenant.Admin.Must(t, 200, "GET", path, nil).Header.Get("ETag") != current {
					t.Error("a refused call has changed the text")
				}
			})
		}
	}
}

// Exactly one of several simultaneous changes of one version takes effect.
func TestMailTextsChangedAtOnce(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	path := codeMail(tenant.NewPool(t, nil))
	for range 2 { // the first text, and one that replaces it
		etag := tenant.Admin.Must(t, 200, "GET", path, nil).Header.Get("ETag")
		statuses := make([]int, 8)
		var all sync.WaitGroup
		for i := range statuses {
			all.Go(func() { statuses[i] = tenant.Admin.Call(t, "PUT", path, ownText(), "If-Match", etag).Status })
		}
		all.Wait()
		count := map[int]int{}
		for _, status := range statuses {
			count[status]++
		}
		if count[200] != 1 || count[412] != 7 {
			t.Errorf("changed at once: %v", count)
		}
	}
}
