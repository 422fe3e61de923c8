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
	f.Add(uint8(5), "{name}, {name}", "{name},\n\n{link}\n\nhttps://example.com/{pool} (https://example.com).")
	f.Add(uint8(4), "{co{name}de}", "{co, {name}de}\n\n{code}")
	all, kinds := texts(f), mail.Kinds()
	f.Fuzz(func(t *testing.T, n uint8, subject, body string) {
		kind, own := kinds[int(n)%len(kinds)], mail.Text{Subject: subject, Body: body}
		if err := mail.Check(kind, own); err != nil || strings.Contains(subject+body, code) || strings.Contains(subject+body, read) ||
			strings.Contains(body, link) {
			return
		}
		v := values("Acme")
		if n%2 == 0 {
			v.Name = ""
		}
		m, err := all.Render(kind, "en", &own, v)
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
		if carries(kind) == code && (strings.Count(m.Text, read) != 1 ||
			strings.Count(visible(t, m.HTML), code) != 1 ||
			!regexp.MustCompile(`(?m)^ {4}471 108 1512$`).MatchString(m.Text)) {
			t.Errorf("the code is not there once:\n%s", m.Text)
		}
		if carries(kind) == link && (strings.Count(m.Text, "\n"+link+"\n") != 1 &&
			!strings.HasPrefix(m.Text, link+"\n")) {
			t.Errorf("the link is not there once:\n%s", m.Text)
		}
		checkPage(t, m, "en")
		usual := slices.Compact(shape(t, mustRender(t, kind, "en", nil, values("Acme")).HTML))
		for _, tag := range shape(t, m.HTML) {
			if !slices.Contains(append(usual, "br", "a class href style"), tag) {
				t.Errorf("a tag of its own: %s", tag)
			}
		}
	})
}
