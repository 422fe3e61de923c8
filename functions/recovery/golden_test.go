package recovery_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"identitypools/infra/check/golden"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// TestGoldenPages compares each page, in each of its states, with a golden file that has the page in
// English and the main content in every language. It does not compare white space that browsers do not show, values
// that differ between runs, and the text of the style and the script.
func TestGoldenPages(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, systemtest.New(t), fields{"name": `A & "B" <c>`})
	second := systemtest.Address("second")
	b.unprovedAddress(t, second)
	verify := b.linkTo(t, second)
	b.user, b.email = b.verifiedUser(t)
	link := "reset?code=" + b.tenant.System.Must(t, 201, "POST", b.path()+"/users/"+b.user+"/code/generate", fields{
		"type": "reset_password",
	}).Text(t, "extended_code")
	b.product.Clock.Stop()
	b.call(t, b.at("reset"), "address", "ann@example.com")
	asked := b.cookie
	for _, c := range []struct {
		name, cookie, page string
		form               []string
	}{
		{"ask", "", "reset", nil},
		{"ask_refused", "", "reset", []string{"address", `ann "<b>"`}},
		{"code", asked, "reset/code", nil},
		{"code_refused", asked, "reset/code", []string{"code", " ", "password", ""}},
		{"code_wait", asked, "reset/code", []string{"do", "resend"}},
		{"lost", "", "reset/code", nil},
		{"link", "", link, nil},
		{"link_refused", "", link, []string{"code", link[len("reset?code="):], "password", "short"}},
		{"dead", "", "reset?code=x", nil},
		{"verify", "", verify, nil},
		{"verify_dead", "", "verify?code=x&for=y", nil},
	} {
		b.compare(t, c.name, func(language string) systemtest.Response {
			b.cookie = c.cookie
			separator := "?"
			if strings.Contains(c.page, "?") {
				separator = "&"
			}
			return b.call(t, b.at(c.page+separator+"lang="+language), c.form...)
		})
	}
	b.cookie = ""
	b.submit(t, b.at(verify), append(linkForm(t, b.call(t, b.at(verify))), "x", "")...)
	b.submit(t, b.at(link), append(linkForm(t, b.call(t, b.at(link))), "password", newPassword)...)
	for name, page := range map[string]string{"done": "reset/code", "verified": "verify"} {
		b.compare(t, name, func(language string) systemtest.Response { return b.call(t, b.at(page+"?lang="+language)) })
	}
	b.cookie = asked
	b.pause()
	b.call(t, b.at("reset/code"), "do", "resend")
	b.compare(t, "code_again", func(language string) systemtest.Response {
		return b.call(t, b.at("reset/code?lang="+language))
	})
}

// compare compares a page in each language with the golden file of a name.
func (b *browser) compare(t *testing.T, name string, open func(language string) systemtest.Response) {
	t.Helper()
	var text string
	for _, language := range identity.Languages() {
		got := open(language)
		shown := got.Body
		if language != identity.Languages()[0] {
			shown = []byte(mainContent(got))
		}
		text += fmt.Sprintf("%s %d\n%s\n", language, got.Status, golden.Page(shown))
	}
	golden.Same(t, filepath.Join("testdata", "pages", name+".txt"), text)
}
