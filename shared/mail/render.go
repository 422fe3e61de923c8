// Package mail has the texts of the mails that people get, and hands mails to SES. It decides neither who gets one nor when:
// the courier does, and imports it alone.
package mail

import (
	"embed"
	"fmt"
	"html"
	"strings"
	"time"
	"unicode"
)

// Kind is a mail. Each has a folder of templates: subject, text and HTML.
type Kind string

// The kinds of mails.
const (
	RegistrationCode Kind = "registration_code"
	RegistrationLink Kind = "registration_link"
	InvitationCode   Kind = "invitation_code"
	InvitationLink   Kind = "invitation_link"
	Taken            Kind = "taken"        // somebody wanted to use an address that has an account
	PasswordSet      Kind = "password_set" // a password was set or changed
)

// Values are what the templates of all kinds may name. A kind uses those that it needs.
type Values struct {
	Pool  string    // the name of the pool, from whoever made it: never trusted
	Code  string    // of RegistrationCode and InvitationCode
	Link  string    // of RegistrationLink and InvitationLink
	Until time.Time // when code or link end
	Time  time.Time // when it happened, of PasswordSet
}

// Mail is a message ready to be sent. Subject is one line.
type Mail struct{ Subject, Text, HTML string }

// Templates are texts with the names of values in braces. Nothing in them is executed: a name is replaced, once, by a value
// that is escaped for where it stands. text/template could do more than that, and would cost the function four megabytes.
//
//go:embed templates
var templates embed.FS

// Render is the mail of a kind. Errors: only for a kind that has no templates.
func Render(kind Kind, v Values) (Mail, error) {
	parts := map[string]string{"subject.txt": "", "text.txt": "", "body.html": ""}
	for name := range parts {
		text, err := templates.ReadFile("templates/" + string(kind) + "/" + name)
		if err != nil {
			return Mail{}, fmt.Errorf("read templates of mail %s: %w", kind, err)
		}
		parts[name] = string(text)
	}
	layout, err := templates.ReadFile("templates/layout.html")
	if err != nil {
		return Mail{}, fmt.Errorf("read layout of mails: %w", err)
	}
	v.Pool = oneLine(v.Pool)
	plain := v.replacer(func(value string) string { return value })
	rich := v.replacer(html.EscapeString)
	m := Mail{Subject: strings.TrimSpace(plain.Replace(parts["subject.txt"])), Text: plain.Replace(parts["text.txt"])}
	m.HTML = strings.NewReplacer(
		"{subject}", html.EscapeString(m.Subject), "{pool}", html.EscapeString(v.Pool), "{body}", rich.Replace(parts["body.html"]),
	).Replace(string(layout))
	return m, nil
}

func (v Values) replacer(escape func(string) string) *strings.Replacer {
	return strings.NewReplacer(
		"{pool}", escape(v.Pool), "{code}", escape(v.Code), "{link}", escape(v.Link), "{until}", escape(moment(v.Until)), "{time}", escape(moment(v.Time)),
	)
}

// moment is a time as people read it.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 UTC") }

// oneLine keeps line breaks and other control characters out of subjects, and those that turn the direction of the text after them.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
