package mail_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"identitypools/infra/golden"
	"identitypools/infra/local/parttest"
	"identitypools/shared/mail"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

const (
	code = "4711081512"
	link = "https://id.example.com/t/pools/p/activate?code=Zm9vYmFy&return_to=https%3A%2F%2Fexample.com"
)

// kinds is the closed list of mails, each with what it must say.
func kinds() map[mail.Kind][]string {
	const until, when = "3 February 2026 at 04:05 UTC", "2 February 2026 at 23:59 UTC"
	return map[mail.Kind][]string{
		mail.RegistrationCode: {code, until, "If it was not you"},
		mail.RegistrationLink: {link, until, "If it was not you"},
		mail.InvitationCode:   {code, until, "invited", "If you did not expect"},
		mail.InvitationLink:   {link, until, "invited", "If you did not expect"},
		mail.Taken:            {"account there already", "sign in", "If it was not you"},
		mail.PasswordSet:      {when, "password", "If it was not"},
	}
}

// pools are names of pools, plain and made to break out of where they stand.
func pools() map[string]string {
	return map[string]string{
		"plain":   "Acme Customers",
		"hostile": "A\"'><script src=//example.com/x></script>\r\nBcc: victim@example.com\u2028\u202e{code} {link} {body} {{.Code}} &amp; Žluť\x00",
	}
}

func values(pool string) mail.Values {
	zone := time.FixedZone("elsewhere", 2*60*60)
	return mail.Values{
		Pool: pool, Code: code, Link: link,
		Until: time.Date(2026, 2, 3, 6, 5, 7, 0, zone), Time: time.Date(2026, 2, 3, 1, 59, 0, 0, zone),
	}
}

func mustRender(tb testing.TB, kind mail.Kind, v mail.Values) mail.Mail {
	tb.Helper()
	m, err := mail.Render(kind, v)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// TestGoldens compares each mail, for a plain and a hostile name, with the file that was read in review.
func TestGoldens(t *testing.T) {
	t.Parallel()
	for kind := range kinds() {
		for name, pool := range pools() {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				m := mustRender(t, kind, values(pool))
				got := "Subject: " + m.Subject + "\n\n--- text ---\n" + m.Text + "\n--- html ---\n" + m.HTML
				file := filepath.Join("testdata", string(kind)+"_"+name+".golden")
				golden.Same(t, file, got)
			})
		}
	}
}

// TestMails has what holds for every mail, whatever its words.
func TestMails(t *testing.T) {
	t.Parallel()
	markup := regexp.MustCompile(`(?i)<(script|img|link|iframe|object|form)|<[^>]*(\ssrc=|\son\w+=|url\()`)
	for kind, says := range kinds() {
		for name, pool := range pools() {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				m := mustRender(t, kind, values(pool))
				if strings.ContainsFunc(m.Subject, isBreak) || m.Subject == "" {
					t.Errorf("subject is not one line: %q", m.Subject)
				}
				if strings.Contains(m.Subject, code) {
					t.Errorf("the code shows in lists and notifications: %q", m.Subject)
				}
				if found := markup.FindString(m.HTML); found != "" {
					t.Errorf("HTML loads or runs something: %q", found)
				}
				plain := strings.ReplaceAll(m.HTML, "&amp;", "&")
				for _, part := range append(says, "{code} {link}") {
					if part == "{code} {link}" && name == "plain" {
						continue
					}
					if !strings.Contains(m.Text, part) && !strings.Contains(strings.ReplaceAll(m.Text, "\n", " "), part) {
						t.Errorf("text does not say %q", part)
					}
					if !strings.Contains(plain, part) {
						t.Errorf("HTML does not say %q", part)
					}
				}
				if name == "plain" && (strings.ContainsAny(m.Text+m.Subject, "{}") || strings.Contains(m.HTML, "{")) {
					t.Error("a name of a value was left unreplaced")
				}
				if name == "plain" && !strings.Contains(m.Subject, pool) {
					t.Errorf("subject does not say who sends: %q", m.Subject)
				}
			})
		}
	}
}

func isBreak(r rune) bool {
	return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0x202e
}

func TestLinkIsOneAttribute(t *testing.T) {
	t.Parallel()
	v := values("p")
	v.Link = `https://example.com/?a="><b onclick="x`
	if m := mustRender(t, mail.RegistrationLink, v); strings.Contains(m.HTML, `<b`+` onclick`) || strings.Contains(m.HTML, `="><`) {
		t.Errorf("a link ends its attribute:\n%s", m.HTML)
	}
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	for _, kind := range []mail.Kind{"", "nothing", "../templates/taken"} {
		if m, err := mail.Render(kind, values("p")); err == nil {
			t.Errorf("kind %q is %+v", kind, m)
		}
	}
}

// TestEveryFolderIsAKind keeps templates that nothing sends from staying behind.
func TestEveryFolderIsAKind(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := kinds()[mail.Kind(e.Name())]; e.IsDir() && !ok {
			t.Errorf("no kind has the folder templates/%s", e.Name())
		}
	}
}

func BenchmarkRender(b *testing.B) {
	v := values("Acme Customers")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mail.Render(mail.RegistrationLink, v); err != nil {
			b.Fatal(err)
		}
	}
}
