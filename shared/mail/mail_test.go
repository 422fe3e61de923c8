package mail_test

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/golden"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

const (
	code = "4711081512"
	link = "https://id.example.com/t/pools/p/activate?code=Zm9vYmFy&return_to=https%3A%2F%2Fexample.com"
)

// hostile is the name of a pool that tries to break out of its context in every part of a mail.
const hostile = "A\"'><script src=//example.com/x></script>\r\nBcc: victim@example.com\u2028\u202e{code} {link} {body} {{.Code}} &amp; Žluť\x00"

func texts(tb testing.TB) *mail.Texts {
	tb.Helper()
	all, err := mail.LoadTexts()
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func values(pool string) mail.Values {
	zone := time.FixedZone("elsewhere", 2*60*60)
	return mail.Values{
		Pool: pool, Code: code, Link: link, Duration: 24 * time.Hour,
		Until: time.Date(2026, 2, 3, 6, 5, 7, 0, zone), Time: time.Date(2026, 2, 3, 1, 59, 0, 0, zone),
	}
}

func mustRender(tb testing.TB, kind mail.Kind, lang string, own *mail.Text, v mail.Values) mail.Mail {
	tb.Helper()
	m, err := texts(tb).Render(kind, lang, own, v)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// each runs check for every kind in every language.
func forEachMail(t *testing.T, check func(t *testing.T, kind mail.Kind, lang string)) {
	for _, kind := range mail.Kinds() {
		for _, lang := range identity.Languages() {
			t.Run(string(kind)+" "+lang, func(t *testing.T) {
				t.Parallel()
				check(t, kind, lang)
			})
		}
	}
}

// carries returns the value for which a mail of the kind is sent, or "" if it only informs.
func carries(kind mail.Kind) string {
	switch {
	case slices.Contains(kind.Variables(), "code"):
		return code
	case slices.Contains(kind.Variables(), "link"):
		return link
	}
	return ""
}

// page returns the HTML of a mail without the long padding of its preview.
func page(m mail.Mail) string { return strings.ReplaceAll(m.HTML, "&nbsp;&zwnj;", "") }

// TestGoldens compares each mail with a golden file. In one language it also renders each kind for
// a hostile name, and one mail with everything that a pool can set.
func TestGoldens(t *testing.T) {
	t.Parallel()
	same := func(t *testing.T, m mail.Mail, name string) {
		t.Helper()
		got := "Subject: " + m.Subject + "\n\n--- text ---\n" + m.Text + "\n--- html ---\n" + page(m)
		golden.Same(t, filepath.Join("testdata", name+".golden"), got)
	}
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		same(t, mustRender(t, kind, lang, nil, values("Acme Customers")), string(kind)+"_"+lang)
		if lang == "en" {
			same(t, mustRender(t, kind, lang, nil, values(hostile)), string(kind)+"_hostile")
		}
	})
	v := values("Acme Customers")
	v.Colour, v.ReplyTo, v.CodeInSubject = "#ffd700", "help@example.com", true
	same(t, mustRender(t, mail.RegistrationCode, "en", nil, v), "branded")
}

// TestMails checks what every mail must satisfy, whatever it says.
func TestMails(t *testing.T) {
	t.Parallel()
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		for _, pool := range []string{"Acme Customers", hostile} {
			m := mustRender(t, kind, lang, nil, values(pool))
			if m.Subject == "" || strings.ContainsFunc(m.Subject, isBreak) {
				t.Errorf("subject is not one line: %q", m.Subject)
			}
			for _, value := range []string{code, link} {
				if strings.Contains(m.Subject, value) {
					t.Errorf("what is secret shows in lists and notifications: %q", m.Subject)
				}
				for part, text := range map[string]string{"text": m.Text, "HTML": html.UnescapeString(m.HTML)} {
					if strings.Contains(text, value) != (carries(kind) == value) {
						t.Errorf("%s has %s: %v", part, value, strings.Contains(text, value))
					}
				}
			}
			checkPage(t, m, lang)
		}
		m := mustRender(t, kind, lang, nil, values("Acme Customers"))
		if left := regexp.MustCompile(`\{[a-z_]+\}`).FindString(m.Subject + m.Text + m.HTML); left != "" {
			t.Errorf("%s was left unreplaced", left)
		}
		if !strings.Contains(m.Subject, "Acme Customers") || !strings.Contains(m.Text, "Acme Customers") {
			t.Errorf("it does not say who sends: %q", m.Subject)
		}
		for line := range strings.SplitSeq(m.Text, "\n") {
			if len([]rune(line)) > 78 && line != link {
				t.Errorf("a line is too long: %q", line)
			}
		}
	})
}

// TestBothPartsSayTheSame checks that the HTML part contains everything that the plain text says.
func TestBothPartsSayTheSame(t *testing.T) {
	t.Parallel()
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		m := mustRender(t, kind, lang, nil, values("Acme Customers"))
		seen := strings.Join(strings.Fields(visible(t, m.HTML)), " ")
		for paragraph := range strings.SplitSeq(strings.Replace(m.Text, "-- \n", "", 1), "\n\n") {
			if paragraph = strings.Join(strings.Fields(paragraph), " "); !strings.Contains(seen, paragraph) {
				t.Errorf("HTML does not say %q", paragraph)
			}
		}
	})
}

// TestWhatMailsSay checks that mails say until when something is valid, when something happened,
// and what to do if somebody else caused it.
func TestWhatMailsSay(t *testing.T) {
	t.Parallel()
	says := map[string]struct{ duration, until, time, other string }{
		"en": {"24 hours", "3 February 2026 at 04:05 UTC", "2 February 2026 at 23:59 UTC", "If it was not you|If you did not expect"},
		"de": {"24 Stunden", "3. Februar 2026 um 04:05 Uhr (UTC)", "2. Februar 2026 um 23:59 Uhr (UTC)", "Wenn Sie das nicht waren|Wenn Sie ihn nicht|Wenn Sie keine"},
		"es": {"24 horas", "3 de febrero de 2026 a las 04:05 (UTC)", "2 de febrero de 2026 a las 23:59 (UTC)", "Si no ha sido usted|Si no esperaba"},
		"fr": {"24 heures", "3 février 2026 à 04:05 (UTC)", "2 février 2026 à 23:59 (UTC)", "Si ce n’était pas vous|Si la demande ne|Si vous n’attendiez"},
		"pl": {"24 godziny", "3 lutego 2026 r., godz. 04:05 (UTC)", "2 lutego 2026 r., godz. 23:59 (UTC)", "Jeśli to nie Ty|Jeśli ta prośba nie|Jeśli nie spodziewasz"},
	}
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		text := strings.Join(strings.Fields(mustRender(t, kind, lang, nil, values("Acme")).Text), " ")
		want := says[lang]
		for name, value := range map[string]string{"duration": want.duration, "until": want.until, "time": want.time} {
			if slices.Contains(kind.Variables(), name) != strings.Contains(text, value) {
				t.Errorf("it says %q: %v", value, strings.Contains(text, value))
			}
		}
		if !regexp.MustCompile(want.other).MatchString(text) {
			t.Errorf("it does not say what to do if it was somebody else:\n%s", text)
		}
	})
}

func isBreak(r rune) bool {
	return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0x202e
}

func TestCodeInSubject(t *testing.T) {
	t.Parallel()
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		v := values("Acme")
		v.CodeInSubject = true
		own := mail.Text{Subject: "Ours for {pool}", Body: "{" + map[string]string{code: "code", link: "link", "": "pool"}[carries(kind)] + "}"}
		usual, ours := mustRender(t, kind, lang, nil, v).Subject, mustRender(t, kind, lang, &own, v).Subject
		if carries(kind) != code {
			if strings.Contains(usual+ours, code) || ours != "Ours for Acme" {
				t.Errorf("subjects %q and %q", usual, ours)
			}
			return
		}
		if !strings.HasPrefix(usual, code+" ") || !strings.HasSuffix(usual, "Acme") ||
			ours != code+" – Ours for Acme" {
			t.Errorf("subjects %q and %q", usual, ours)
		}
	})
}

func TestUnknownKindsAndLanguages(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, row := range []struct {
		kind mail.Kind
		lang string
	}{
		{"", "en"},
		{"nothing", "en"},
		{"../taken", "en"},
		{"moment", "en"},
		{mail.AddressTaken, ""},
		{mail.AddressTaken, "xx"},
		{mail.AddressTaken, "EN"},
	} {
		if m, err := all.Render(row.kind, row.lang, nil, values("p")); err == nil {
			t.Errorf("kind %q in %q is %+v", row.kind, row.lang, m)
		}
		if text := all.Default(row.kind, row.lang); text != (mail.Text{}) {
			t.Errorf("kind %q in %q says %+v", row.kind, row.lang, text)
		}
	}
}

// TestASampleIsAWholeMail checks that a preview shows every part of a mail in the pool's design.
func TestASampleIsAWholeMail(t *testing.T) {
	t.Parallel()
	p := identity.Pool{Name: "Acme", BadgeColor: "#ABC", Branding: identity.Branding{ReplyTo: "help@example.com", CodeInSubject: true}}
	p.Codes = map[identity.CodePurpose]identity.CodePolicy{identity.PurposeActivation: {Length: 8, TTL: identity.Duration(10 * time.Minute)}}
	now := time.Date(2026, 12, 31, 23, 55, 0, 0, time.UTC)
	v := mail.RegistrationCode.SampleValues(p, now)
	m := mustRender(t, mail.RegistrationCode, "en", nil, v)
	for _, want := range []string{"12345678", "10 minutes", "1 January 2027 at 00:05 UTC", "help@example.com", "#aabbcc"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("it does not have %s", want)
		}
	}
	if m.Subject != "12345678 is your code for Acme" {
		t.Errorf("subject %q", m.Subject)
	}
	const sampleLink = "\nhttps://example.com/page?code=example\n"
	if m := mustRender(t, mail.RegistrationLink, "en", nil, v); !strings.Contains(m.Text, sampleLink) {
		t.Errorf("no link in %s", m.Text)
	}
	p.Codes[identity.PurposeChallenge] = identity.CodePolicy{Length: 6, TTL: identity.Duration(5 * time.Minute)}
	m = mustRender(t, mail.ChallengeCode, "en", nil, mail.ChallengeCode.SampleValues(p, now))
	if !strings.Contains(m.Text, "\n    123456\n") || !strings.Contains(m.Text, "5 minutes") {
		t.Errorf("the code of another purpose is not as the pool says:\n%s", m.Text)
	}
	if m := mustRender(t, mail.PasswordSet, "en", nil, v); !strings.Contains(m.Text, "31 December 2026") {
		t.Errorf("no time in %s", m.Text)
	}
}

func BenchmarkRender(b *testing.B) {
	v, all := values("Acme Customers"), texts(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := all.Render(mail.RegistrationLink, "en", nil, v); err != nil {
			b.Fatal(err)
		}
	}
}

// TestEveryGoldenIsOfAMail finds golden files that are no longer compared with anything.
func TestEveryGoldenIsOfAMail(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"branded.golden", "fuzz"}
	for _, kind := range mail.Kinds() {
		for _, end := range append(identity.Languages(), "hostile") {
			names = append(names, string(kind)+"_"+end+".golden")
		}
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			t.Errorf("testdata/%s is of no mail", e.Name())
		}
	}
}
