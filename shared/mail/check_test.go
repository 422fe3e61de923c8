package mail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

// wrong returns the pointers to what is wrong with a text.
func wrong(tb testing.TB, err error) []string {
	tb.Helper()
	var invalid identity.Invalid
	if err != nil && !errors.As(err, &invalid) {
		tb.Fatalf("no Invalid: %v", err)
	}
	var pointers []string
	for _, v := range invalid.Violations {
		pointers = append(pointers, v.Pointer)
	}
	return pointers
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const body = "Hello\n\n{code}\n\nBye"
	long := func(n int) string { return strings.Repeat("ż", n) }
	for name, row := range map[string]struct {
		kind mail.Kind
		text mail.Text
		want []string
	}{
		"all values":                   {mail.RegistrationCode, mail.Text{Subject: "{pool}, {duration}, {until}", Body: "{pool} {duration} {until}\n\n{code}"}, nil},
		"a code alone":                 {mail.InvitationCode, mail.Text{Subject: "s", Body: "{code}"}, nil},
		"a code among spaces":          {mail.ResendCode, mail.Text{Subject: "s", Body: "a\n \n  {code} \n  \nb"}, nil},
		"a link alone":                 {mail.ResendLink, mail.Text{Subject: "s", Body: "{link}"}, nil},
		"a notice":                     {mail.AddressTaken, mail.Text{Subject: "s", Body: "b"}, nil},
		"the time of a notice":         {mail.PasswordSet, mail.Text{Subject: "{time}", Body: "{pool} {time}"}, nil},
		"a kind that there isn't":      {"nothing", mail.Text{Subject: "s", Body: "{pool}"}, []string{"/body"}},
		"spaces in braces":             {mail.RegistrationCode, mail.Text{Subject: "{ }", Body: body}, []string{"/subject"}},
		"lone braces":                  {mail.RegistrationCode, mail.Text{Subject: "{} }{ {", Body: body + " {} } {\n\n{a\nb} {" + long(41) + "}"}, nil},
		"markup, which is text":        {mail.RegistrationCode, mail.Text{Subject: "<b>&amp;", Body: body + "<script>"}, nil},
		"the longest":                  {mail.RegistrationCode, mail.Text{Subject: long(150), Body: long(3992) + "\n\n{code}"}, nil},
		"too long":                     {mail.RegistrationCode, mail.Text{Subject: long(151), Body: long(3993) + "\n\n{code}"}, []string{"/subject", "/body"}},
		"empty":                        {mail.RegistrationCode, mail.Text{}, []string{"/subject", "/body", "/body"}},
		"spaces":                       {mail.AddressTaken, mail.Text{Subject: " \u00a0", Body: " \n \n"}, []string{"/subject", "/body"}},
		"a subject of two lines":       {mail.RegistrationCode, mail.Text{Subject: "a\nBcc: b@example.com", Body: body}, []string{"/subject"}},
		"a return in the subject":      {mail.RegistrationCode, mail.Text{Subject: "a\rb", Body: body}, []string{"/subject"}},
		"a line separator":             {mail.RegistrationCode, mail.Text{Subject: "a\u2028b", Body: body}, []string{"/subject"}},
		"a subject that turns around":  {mail.RegistrationCode, mail.Text{Subject: "a\u202eb", Body: body}, []string{"/subject"}},
		"a return in the body":         {mail.RegistrationCode, mail.Text{Subject: "s", Body: "a\r\n\r\n{code}"}, []string{"/body"}},
		"a tabulator":                  {mail.RegistrationCode, mail.Text{Subject: "s", Body: body + "\t"}, []string{"/body"}},
		"a NUL":                        {mail.RegistrationCode, mail.Text{Subject: "\x00", Body: body + "\x00"}, []string{"/subject", "/body"}},
		"no UTF-8":                     {mail.RegistrationCode, mail.Text{Subject: "\xff", Body: body + "\xff"}, []string{"/subject", "/body"}},
		"no code":                      {mail.RegistrationCode, mail.Text{Subject: "s", Body: "b"}, []string{"/body"}},
		"no link":                      {mail.RegistrationLink, mail.Text{Subject: "s", Body: "b"}, []string{"/body"}},
		"two codes":                    {mail.RegistrationCode, mail.Text{Subject: "s", Body: body + "\n\n{code}"}, []string{"/body"}},
		"a code twice":                 {mail.RegistrationCode, mail.Text{Subject: "s", Body: body + " {code}"}, []string{"/body"}},
		"a code within a line":         {mail.RegistrationCode, mail.Text{Subject: "s", Body: "Your code: {code}"}, []string{"/body"}},
		"a code within a paragraph":    {mail.RegistrationCode, mail.Text{Subject: "s", Body: "Your code:\n{code}"}, []string{"/body"}},
		"a link within a line":         {mail.InvitationLink, mail.Text{Subject: "s", Body: "Open {link}."}, []string{"/body"}},
		"the code in the subject":      {mail.RegistrationCode, mail.Text{Subject: "{code}", Body: body}, []string{"/subject"}},
		"the link in the subject":      {mail.RegistrationLink, mail.Text{Subject: "{link}", Body: "{link}"}, []string{"/subject"}},
		"a link instead of a code":     {mail.RegistrationCode, mail.Text{Subject: "{link}", Body: "{link}"}, []string{"/subject", "/body", "/body"}},
		"a code where there is none":   {mail.AddressTaken, mail.Text{Subject: "{code}", Body: "{code}"}, []string{"/subject", "/body"}},
		"a name that there isn't":      {mail.RegistrationCode, mail.Text{Subject: "{Pool}", Body: body + "{ pool }"}, []string{"/subject", "/body"}},
		"a name of others' templates":  {mail.AddressTaken, mail.Text{Subject: "{{.Pool}}", Body: "${pool} {{pool}} {{ pool }}"}, []string{"/subject", "/body"}},
		"several names there aren't":   {mail.AddressTaken, mail.Text{Subject: "s", Body: "{a} {b}"}, []string{"/body", "/body"}},
		"a receiver's name":            {mail.InvitationCode, mail.Text{Subject: "{name}, come", Body: "Hello {name},\n\n{code}"}, nil},
		"a stranger's name":            {mail.RegistrationCode, mail.Text{Subject: "{name}", Body: "{name}\n\n{code}"}, []string{"/subject", "/body", "/subject"}},
		"nothing but a name":           {mail.Welcome, mail.Text{Subject: "{name}!", Body: " {name},\n\n{name}"}, []string{"/subject", "/body"}},
		"a name that makes a code":     {mail.InvitationCode, mail.Text{Subject: "{co{name}de}", Body: "{co {name}de}\n\n{code}"}, []string{"/subject", "/body"}},
		"a name that a code closes in": {mail.RegistrationCode, mail.Text{Subject: "s", Body: "{\n\n{code}\n\n}"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wrong(t, mail.Check(row.kind, row.text)); !slices.Equal(got, row.want) {
				t.Errorf("wrong at %q, want %q: %v", got, row.want, mail.Check(row.kind, row.text))
			}
		})
	}
}

// TestAWrongNameIsNamed checks that the error names the wrong name and the right ones.
func TestAWrongNameIsNamed(t *testing.T) {
	t.Parallel()
	err := mail.Check(mail.PasswordSet, mail.Text{Subject: "s", Body: "on {date}"})
	for _, part := range []string{"{date}", "pool, name, time"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%v does not tell of %s", err, part)
		}
	}
}

// TestUsualTextsAreAcceptable checks that a pool may use a default text as its own, and that the
// mail is then the same.
func TestUsualTextsAreAcceptable(t *testing.T) {
	t.Parallel()
	all := texts(t)
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		text := all.Default(kind, lang)
		if err := mail.Check(kind, text); err != nil {
			t.Error(err)
		}
		if mustRender(t, kind, lang, &text, values("Acme")) != mustRender(t, kind, lang, nil, values("Acme")) {
			t.Error("it says something else as a pool's own")
		}
		encoded, err := json.Marshal(text)
		if err != nil || !strings.HasPrefix(string(encoded), `{"subject":`) ||
			!strings.Contains(string(encoded), `,"body":`) {
			t.Errorf("as JSON it is %s: %v", encoded, err)
		}
	})
}

// TestANameThatIsNotKnown checks that a text that calls the receiver by name is a good one without it.
func TestANameThatIsNotKnown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{ // with and without the name
		"Hello {name},":                      {"Hello Ann,", "Hello,"},
		"Hello, {name}!":                     {"Hello, Ann!", "Hello!"},
		"Hola, {name}: x":                    {"Hola, Ann: x", "Hola: x"},
		"Dear {name}":                        {"Dear Ann", "Dear"},
		"{name}, here it is.":                {"Ann, here it is.", "Here it is."},
		"A line\n{name}, über\n {name}\nend": {"A line\nAnn, über\nAnn\nend", "A line\nÜber\nend"},
		"For\u00a0{name}{name}.":             {"For\u00a0AnnAnn.", "For."},
	} {
		for i, name := range []string{"Ann", ""} {
			v := values("Acme")
			v.Name = name
			m := mustRender(t, mail.AddressTaken, "en", &mail.Text{Subject: "s", Body: text}, v)
			if got, _, _ := strings.Cut(m.Text, "\n\n-- "); got != want[i] {
				t.Errorf("%q for %q is %q, want %q", text, name, got, want[i])
			}
		}
	}
}

// TestAnOwnText checks that a pool's own text replaces the default text, and keeps its paragraphs
// and lines.
func TestAnOwnText(t *testing.T) {
	t.Parallel()
	own := mail.Text{Subject: "  Yours,  {pool} ", Body: "\n\nA & B <b>{pool}</b>\nsecond line\n \n {code} \n\n\n{until} }{ {\n"}
	m := mustRender(t, mail.RegistrationCode, "de", &own, values("{code} Ltd"))
	text := "A & B <b>{code} Ltd</b>\nsecond line\n\n    " + read + "\n\n3. Februar 2026 um 04:05 Uhr (UTC) }{ {\n\n-- \n"
	if m.Subject != "Yours, {code} Ltd" || !strings.HasPrefix(m.Text, text) {
		t.Errorf("subject %q, text:\n%s", m.Subject, m.Text)
	}
	for _, part := range []string{
		">A &amp; B &lt;b&gt;{code} Ltd&lt;/b&gt;<br>second line</p>",
		">3. Februar 2026 um 04:05 Uhr (UTC) }{ {</p>",
	} {
		if !strings.Contains(m.HTML, part) {
			t.Errorf("HTML has no %s:\n%s", part, page(m))
		}
	}
}
