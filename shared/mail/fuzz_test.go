package mail_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"identitypools/shared/mail"
)

// FuzzCheck checks that every text that Check accepts becomes a complete mail: the code or link
// occurs once, every name is replaced, the subject is a single line, and the HTML has no markup of
// its own.
func FuzzCheck(f *testing.F) {
	f.Add(uint8(0), "{pool}", "a\n\n{code}\n\n{until}")
	f.Add(uint8(1), "<b>{duration}", "{link}\n\n<script>{pool}</script>\n\"'&amp;")
	f.Add(uint8(6), "{{pool}}", "{\n\n{pool} }{ {} {a\nb}")
	f.Add(uint8(slices.Index(mail.Kinds(), mail.PasswordSet)), "{time}", "\u2028{time}{time}\n \n-->]]>")
	f.Add(uint8(2), "s", "{ {code} }\n\n{code}")
	all, kinds := texts(f), mail.Kinds()
	f.Fuzz(func(t *testing.T, n uint8, subject, body string) {
		kind, own := kinds[int(n)%len(kinds)], mail.Text{Subject: subject, Body: body}
		if err := mail.Check(kind, own); err != nil || strings.Contains(subject+body, code) ||
			strings.Contains(body, link) {
			return
		}
		m, err := all.Render(kind, "en", &own, values("Acme"))
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject == "" || strings.ContainsFunc(m.Subject, isBreak) {
			t.Errorf("subject %q", m.Subject)
		}
		for _, name := range kind.Variables() {
			if strings.Contains(m.Subject+m.Text+m.HTML, "{"+name+"}") {
				t.Errorf("{%s} was left", name)
			}
		}
		if carries(kind) == code && (strings.Count(m.Text, code) != 1 ||
			strings.Count(m.HTML, code) != 1 ||
			!regexp.MustCompile(`(?m)^ {4}\d{10}$`).MatchString(m.Text)) {
			t.Errorf("the code is not there once:\n%s", m.Text)
		}
		if carries(kind) == link && (strings.Count(m.Text, "\n"+link+"\n") != 1 &&
			!strings.HasPrefix(m.Text, link+"\n")) {
			t.Errorf("the link is not there once:\n%s", m.Text)
		}
		checkPage(t, m, "en")
		usual := slices.Compact(shape(t, mustRender(t, kind, "en", nil, values("Acme")).HTML))
		for _, tag := range shape(t, m.HTML) {
			if !slices.Contains(append(usual, "br"), tag) {
				t.Errorf("a tag of its own: %s", tag)
			}
		}
	})
}
