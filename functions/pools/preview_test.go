package pools_test

import (
	"reflect"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

func TestAPreview(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{
		"name": "Ann & Ben", "badge_color": "#2E7D32", "branding": fields{"reply_to": "help@example.com"},
		"otp_settings": fields{"activation": fields{"length": 8, "ttl": "2h"}},
	})
	path := codeMail(pool)
	usual := tenant.Admin.Must(t, 200, "POST", path+"/preview", nil)
	tenant.Admin.Must(t, 200, "PUT", path, ownText())
	before := product.Items(t)
	for _, c := range []struct {
		name             string
		draft            any
		subject, text    string
		lacks, inTheHTML string
	}{
		{"of what is in force", nil, "Ihr Code für Ann & Ben", "hier ist er:\n\n    1234 5678\n\nEr gilt 2 Stunden.", "{", "hier ist er:"},
		{"of nothing new", fields{}, "Ihr Code für Ann & Ben", "hier ist er:\n\n    1234 5678\n", "{", "123<span style=\"letter-spacing:18px\">4</span>5678"},
		{"of another subject", fields{"subject": "Neu"}, "Neu", "hier ist er:", "{", "Ann &amp; Ben"},
		{"of another body", fields{"body": "Neu:\n\n{code}"}, "Ihr Code für Ann & Ben", "Neu:\n\n    1234 5678\n", "hier ist er", "#2e7d32"},
		{"of all", fields{"subject": "A", "body": "B für {pool}:\n\n{code}"}, "A", "B für Ann & Ben:\n\n    1234 5678\n", "hier ist er", "B für Ann &amp; Ben:"},
		{"of what GET answers", tenant.Admin.Must(t, 200, "GET", path, nil).Body, "Ihr Code für Ann & Ben", "hier ist er:", "{", "help@example.com"},
	} {
		got := tenant.Admin.Must(t, 200, "POST", path+"/preview", c.draft)
		if got.Text(t, "subject") != c.subject || !strings.Contains(got.Text(t, "text"), c.text) || strings.Contains(got.Text(t, "text"), c.lacks) ||
			!strings.Contains(got.Text(t, "html"), c.inTheHTML) {
			t.Errorf("%s: %s", c.name, got.Body)
		}
		if got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: is %s", c.name, got.Header.Get("Content-Type"))
		}
	}
	if after := product.Items(t); !reflect.DeepEqual(byKey(before), byKey(after)) {
		t.Errorf("stored before %v\nand after %v", before, after)
	}
	tenant.Admin.Must(t, 204, "DELETE", path, nil)
	if got := tenant.Admin.Must(t, 200, "POST", path+"/preview", nil); string(got.Body) == "" || got.Text(t, "subject") != usual.Text(t, "subject") {
		t.Errorf("of the usual text: %s\nbefore: %s", got.Body, usual.Body)
	}
}

// Each mail can be previewed in each language with all of its values, whether its text is an own one or not.
func TestAPreviewOfEachMail(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	product.Clock.Stop() // a preview tells the time until which its code is valid
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	seen := map[string]string{}
	for _, kind := range mail.Kinds() {
		for _, language := range identity.Languages() {
			path := "/pools/" + pool + "/mails/" + string(kind) + "/" + language
			got := tenant.Admin.Must(t, 200, "POST", path+"/preview", nil)
			if strings.ContainsAny(got.Text(t, "subject")+got.Text(t, "text"), "{}") {
				t.Errorf("%s: %s", path, got.Body)
			}
			if other, ok := seen[got.Text(t, "text")]; ok {
				t.Errorf("%s is the same as %s", path, other)
			}
			seen[got.Text(t, "text")] = path
			own := tenant.Admin.Must(t, 200, "GET", path, nil)
			tenant.Admin.Must(t, 200, "PUT", path, own.Body)
			if again := tenant.Admin.Must(t, 200, "POST", path+"/preview", nil); string(again.Body) != string(got.Body) {
				t.Errorf("%s, worded as usual: %s\nas usual: %s", path, again.Body, got.Body)
			}
		}
	}
}

// What an administrator writes is text. It is neither markup nor a template, and cannot add a header.
func TestHostileTextsInAPreview(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t, withoutCourier).NewTenant(t)
	pool := tenant.NewPool(t, fields{"name": `{code} {link} {body} </td><script>alert(1)</script>`, "branding": fields{"code_in_subject": true}})
	path := codeMail(pool)
	for _, c := range []struct{ name, body, html string }{
		{"markup", `</p><script>alert("1")</script><img src=x onerror=alert(1)>`, `&lt;/p&gt;&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;`},
		{"a comment", `<!-- --> <![CDATA[ ]]>`, `&lt;!-- --&gt; &lt;![CDATA[ ]]&gt;`},
		{"an attribute", `" style="display:none`, `&#34; style=&#34;display:none`},
		{"an entity", `&lt;b&gt;`, `&amp;lt;b&amp;gt;`},
		{"other templates", `$(id) ${7*7 <%= 7*7 %> #{7*7`, `$(id) ${7*7 &lt;%= 7*7 %&gt; #{7*7`},
		{"braces", "} { {} }{ {{pool}}", "} { {} }{ {{code} {link} {body}"},
		{"a text that turns around", "a\u202eb", "a"},
		{"the end of a mail", "\n.\nQUIT", "."},
	} {
		draft := fields{"subject": "<b>{pool}</b>", "body": c.body + "\n\n{code}"}
		got := tenant.Admin.Must(t, 200, "POST", path+"/preview", draft)
		page := got.Text(t, "html")
		if !strings.Contains(page, c.html) {
			t.Errorf("%s: the HTML lacks %q: %s", c.name, c.html, page)
		}
		for _, wild := range []string{"<script", "<img src=x", "<b>", "onerror=alert(1)>", `" style="display:none`} {
			if strings.Contains(page, wild) {
				t.Errorf("%s: the HTML has %q: %s", c.name, wild, page)
			}
		}
		if strings.Count(page, ">3</span>456") != strings.Count(tenant.Admin.Must(t, 200, "POST", path+"/preview", nil).Text(t, "html"), ">3</span>456") {
			t.Errorf("%s: the code is where it doesn't belong: %s", c.name, page)
		}
		if subject := got.Text(t, "subject"); strings.ContainsAny(subject, "\r\n") {
			t.Errorf("%s: the subject is %q", c.name, subject)
		}
	}
}
