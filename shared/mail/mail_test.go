package mail_test

import (
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
	read = "471 108 1512" // the code as people read it
	link = "https://id.example.com/t/pools/p/activate?code=Zm9vYmFy&return_to=https%3A%2F%2Fexample.com"
)

// URLs that a pool's mails may have.
const (
	logo     = "https://static.example.com/logo.png?a=1&b=2"
	codePage = "https://id.example.com/t/pools/p/invitation"
	signIn   = "https://app.example.com/?a=1&b=2"
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
		Pool: pool, Name: "Ann", Code: code, Link: link, Duration: 24 * time.Hour,
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
	v.Logo, v.CodePage, v.SignIn = logo, codePage, signIn
	same(t, mustRender(t, mail.InvitationCode, "en", nil, v), "branded")
	same(t, mustRender(t, mail.Welcome, "en", nil, v), "branded_welcome")
	taken := mustRender(t, mail.AddressTaken, "en", nil, v)
	if !strings.Contains(taken.Text, signIn) || !strings.Contains(taken.HTML, ">Continue to Acme Customers</a>") {
		t.Errorf("who has an account is not led to it: %s", taken.Text)
	}
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
				text := strings.ReplaceAll(m.Text, read, code)
				for part, text := range map[string]string{"text": text, "HTML": visible(t, m.HTML)} {
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
			paragraph = strings.ReplaceAll(strings.Join(strings.Fields(paragraph), " "), read, code)
			if !strings.Contains(seen, paragraph) {
				t.Errorf("HTML does not say %q", paragraph)
			}
		}
	})
}

// TestWhatMailsSay checks that mails say for how long something is valid, when something happened,
// and what to do if somebody else caused it. No mail makes people reckon with time zones to find out
// whether a code is still valid. A welcome goes to somebody who has just proved to be its receiver.
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
		say := func(own *mail.Text) string {
			return strings.Join(strings.Fields(mustRender(t, kind, lang, own, values("Acme")).Text), " ")
		}
		text, want, has := say(nil), says[lang], kind.Variables()
		for name, value := range map[string]string{"duration": want.duration, "time": want.time} {
			if slices.Contains(has, name) != strings.Contains(text, value) {
				t.Errorf("it says %q: %v", value, strings.Contains(text, value))
			}
		}
		if strings.Contains(text, "UTC") != slices.Contains(has, "time") {
			t.Errorf("it tells a time: %s", text)
		}
		own := say(&mail.Text{Subject: "s", Body: "{until}"})
		if slices.Contains(has, "until") != strings.Contains(own, want.until) {
			t.Errorf("a text of a pool says %s", own)
		}
		if regexp.MustCompile(want.other).MatchString(text) == (kind == mail.Welcome) {
			t.Errorf("it says what to do if it was somebody else, or does not:\n%s", text)
		}
	})
}

func isBreak(r rune) bool {
	return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0x202e
}

// TestCodeInSubject checks that a code stands before the subject, which still says what it is for and
// who sends it.
func TestCodeInSubject(t *testing.T) {
	t.Parallel()
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		v := values("Acme")
		own := mail.Text{Subject: "Ours for {pool}", Body: "{" + map[string]string{code: "code", link: "link", "": "pool"}[carries(kind)] + "}"}
		for _, text := range []*mail.Text{nil, &own} {
			v.CodeInSubject = false
			want := mustRender(t, kind, lang, text, v).Subject
			if carries(kind) == code {
				want = read + " – " + want
			}
			v.CodeInSubject = true
			if got := mustRender(t, kind, lang, text, v).Subject; got != want || !strings.Contains(got, "Acme") {
				t.Errorf("subject %q, want %q", got, want)
			}
		}
	})
}

// TestGroupsOfCodes checks that people read codes in groups of three or four digits, and that what no
// person types has no groups.
func TestGroupsOfCodes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"759509": "759 509", "1234567": "123 4567", "12345678": "1234 5678", "123456789": "123 456 789",
		"1234567890": "123 456 7890", "12345678901": "123 4567 8901", "123456789012": "1234 5678 9012",
		"AQphY3RpdmF0aW9uAnUx": "AQphY3RpdmF0aW9uAnUx",
	} {
		v := values("Acme")
		v.Code = given
		m := mustRender(t, mail.SignInCode, "en", nil, v)
		if !strings.Contains(m.Text, "\n    "+want+"\n") {
			t.Errorf("%s is in the text\n%s", given, m.Text)
		}
		if !strings.Contains(visible(t, m.HTML), given) { // what is copied fits into any form
			t.Errorf("%s is not in the HTML", given)
		}
	}
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
	for _, want := range []string{"12345678", "10 minutes", "help@example.com", "#aabbcc"} {
		if !strings.Contains(visible(t, m.HTML)+m.HTML, want) {
			t.Errorf("it does not have %s", want)
		}
	}
	if m.Subject != "1234 5678 – Confirm your address for Acme" {
		t.Errorf("subject %q", m.Subject)
	}
	const sampleLink = "\nhttps://example.com/page?code=example\n"
	if m := mustRender(t, mail.RegistrationLink, "en", nil, v); !strings.Contains(m.Text, sampleLink) {
		t.Errorf("no link in %s", m.Text)
	}
	p.Codes[identity.PurposeChallenge] = identity.CodePolicy{Length: 6, TTL: identity.Duration(5 * time.Minute)}
	m = mustRender(t, mail.ChallengeCode, "en", nil, mail.ChallengeCode.SampleValues(p, now))
	if !strings.Contains(m.Text, "\n    123 456\n") || !strings.HasPrefix(m.Text, "Hello Ann,") || !strings.Contains(m.Text, "5 minutes") {
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
	names := []string{"branded.golden", "branded_welcome.golden", "fuzz"}
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
