package mail_test

import (
	"encoding/json"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

// said returns everything that the mails of a language can say.
func allTexts(tb testing.TB, lang string) string {
	tb.Helper()
	var b strings.Builder
	add := func(kind mail.Kind, v mail.Values) {
		m := mustRender(tb, kind, lang, nil, v)
		b.WriteString(m.Subject + "\n" + strings.ReplaceAll(m.Text, "\n", " ") + "\n" + html.UnescapeString(m.HTML) + "\n")
	}
	v := values("Acme")
	v.ReplyTo, v.CodePage, v.SignIn = "help@example.com", codePage, signIn
	for _, kind := range mail.Kinds() {
		add(kind, v)
	}
	v.CodeInSubject = true
	for _, n := range []time.Duration{1, 2, 5} {
		for _, unit := range []time.Duration{time.Minute, time.Hour} {
			v.Duration = n * unit
			add(mail.RegistrationCode, v)
		}
	}
	for month := range 12 {
		v.Time = time.Date(2026, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC)
		add(mail.PasswordSet, v)
	}
	return b.String()
}

// TestEveryMessageIsSaid finds messages that no mail uses any longer.
func TestEveryMessageIsSaid(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`\{[a-z]+\}|\n\n`)
	for _, lang := range identity.Languages() {
		encoded, err := os.ReadFile("messages/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]string
		if err := json.Unmarshal(encoded, &words); err != nil {
			t.Fatal(err)
		}
		all := allTexts(t, lang)
		for key, message := range words {
			for _, part := range names.Split(message, -1) {
				if !strings.Contains(all, part) {
					t.Errorf("%s: no mail says %q of %s", lang, part, key)
				}
			}
		}
	}
}

// TestTimes checks that times are written as is usual in each language.
func TestTimes(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{
		"en": "1 December 2026 at 00:00 UTC", "de": "1. Dezember 2026 um 00:00 Uhr (UTC)", "es": "1 de diciembre de 2026 a las 00:00 (UTC)",
		"fr": "1er décembre 2026 à 00:00 (UTC)", "pl": "1 grudnia 2026\u00a0r., godz.\u00a000:00 (UTC)",
	} {
		own := mail.Text{Subject: "{time}", Body: "b"}
		v := mail.Values{Time: time.Date(2026, 12, 1, 1, 0, 59, 0, time.FixedZone("elsewhere", 60*60))}
		if got := mustRender(t, mail.PasswordSet, lang, &own, v).Subject; got != want &&
			got != strings.ReplaceAll(want, "\u00a0", " ") {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

// TestDurations checks that the word after a number has the right form.
func TestDurations(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		10 * time.Minute:                "10 minut",
		10*time.Minute + 59*time.Second: "10 minut",
		12 * time.Minute:                "12 minut",
		14 * time.Minute:                "14 minut",
		21 * time.Minute:                "21 minut",
		22 * time.Minute:                "22 minuty",
		24 * time.Minute:                "24 minuty",
		25 * time.Minute:                "25 minut",
		59 * time.Minute:                "59 minut",
		time.Hour:                       "1 godzinę",
		90 * time.Minute:                "90 minut",
		112 * time.Minute:               "112 minut",
		122 * time.Minute:               "122 minuty",
		2 * time.Hour:                   "2 godziny",
		5 * time.Hour:                   "5 godzin",
		12 * time.Hour:                  "12 godzin",
		24 * time.Hour:                  "24 godziny",
		time.Minute:                     "1 minutę",
	} {
		own := mail.Text{Subject: "{duration}", Body: "{code}"}
		if got := mustRender(t, mail.RegistrationCode, "pl", &own, mail.Values{Duration: d}).Subject; got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{time.Hour: "1 hour", 24 * time.Hour: "24 hours", 22 * time.Minute: "22 minutes", 23 * time.Hour: "23 hours"} {
		own := mail.Text{Subject: "{duration}", Body: "{code}"}
		if got := mustRender(t, mail.RegistrationCode, "en", &own, mail.Values{Duration: d}).Subject; got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
