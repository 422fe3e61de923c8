package courier_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

// branded creates a pool with a branding of its own.
func branded(tb testing.TB, tenant *systemtest.Tenant, branding fields) string {
	tb.Helper()
	return tenant.NewPool(tb, fields{"branding": branding, "badge_color": "#ffd700"})
}

// signUpIn registers an address in a language, with a code, and returns the ticket.
func signUpIn(tb testing.TB, tenant *systemtest.Tenant, pool, email, lang string) string {
	tb.Helper()
	path := "/pools/" + pool + "/register?lang=" + lang
	return tenant.Public.Must(tb, 201, "POST", path, fields{"identifier": email, "password": systemtest.Password}).Text(tb, "ticket")
}

// TestTheLanguageOfAMail is that which was asked for, else the user's, else the pool's.
func TestTheLanguageOfAMail(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := branded(t, tenant, fields{"language": "pl"})
	spanish := fields{"payload": fields{"locale": "es-MX"}}
	for _, c := range []struct {
		name string
		ask  func(t *testing.T, email string)
		want []string // subjects
	}{
		{"who signs up is asked", func(t *testing.T, email string) { signUpIn(t, tenant, pool, email, "de") }, []string{"Bestätigen Sie Ihre Adresse für Partners"}},
		{"nobody says", func(t *testing.T, email string) { signUpIn(t, tenant, pool, email, "") }, []string{"Potwierdź swój adres w serwisie Partners"}},
		{"a code is asked for anew, in another language", func(t *testing.T, email string) {
			ticket := signUpIn(t, tenant, pool, email, "de")
			product.DeliverAll(t)
			product.Clock.Advance(2 * time.Minute)
			tenant.Public.Must(t, 202, "POST", "/pools/"+pool+"/activation/send?lang=fr", fields{"ticket": ticket})
		}, []string{"Bestätigen Sie Ihre Adresse für Partners", "Votre nouveau code pour Partners"}},
		{"the user has one", func(t *testing.T, email string) {
			user := tenant.NewUser(t, pool, "new", email, spanish)
			tenant.Admin.Must(t, 204, "POST", "/pools/"+pool+"/users/"+user+"/activation/send?mode=invitation", nil)
		}, []string{"Tiene una invitación a Partners"}},
		{"the user has one, and another is asked for", func(t *testing.T, email string) {
			user := tenant.NewUser(t, pool, "new", email, spanish)
			tenant.Admin.Must(t, 204, "POST", "/pools/"+pool+"/users/"+user+"/activation/send?mode=invitation&lang=en", nil)
		}, []string{"You are invited to Partners"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			email := systemtest.Address("ann")
			c.ask(t, email)
			product.DeliverAll(t)
			for i, m := range mailsTo(t, product, email, len(c.want)) {
				if m.Subject != c.want[i] {
					t.Errorf("subject %q, want %q", m.Subject, c.want[i])
				}
			}
		})
	}
}

// TestAStrangersLanguageNeverReachesTheOwner: what others do with an address, and in which language, its owner reads in the own one.
func TestAStrangersLanguageNeverReachesTheOwner(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	for _, c := range []struct {
		name, lang, taken, welcome string // the language is the owner's; "" is none, which makes it the pool's
	}{
		{"the owner's", "de", "Sie haben bereits ein Konto bei Partners", "Willkommen bei Partners"},
		{"the pool's", "", "Vous avez déjà un compte chez Partners", "Bienvenue chez Partners"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool, email := branded(t, tenant, fields{"language": "fr"}), systemtest.Address("ann")
			ticket := signUpIn(t, tenant, pool, email, c.lang)
			product.DeliverAll(t)
			code := systemtest.CodeIn(t, mailsTo(t, product, email, 1)[0])
			tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{"ticket": ticket, "code": code}, "Accept-Language", "pl")
			product.DeliverAll(t)
			product.Clock.Advance(2 * time.Minute)
			signUpIn(t, tenant, pool, email, "pl")
			product.DeliverAll(t)
			product.Clock.Advance(2 * time.Minute)
			tenant.Public.Must(t, 202, "POST", "/pools/"+pool+"/activation/send?lang=pl", fields{"address": email})
			product.DeliverAll(t)
			mails := mailsTo(t, product, email, 4)
			for i, want := range []string{c.welcome, c.taken, c.taken} {
				if got := mails[i+1].Subject; got != want {
					t.Errorf("subject %q, want %q", got, want)
				}
			}
		})
	}
}

// TestACodeThatIsAskedForAnew replaces the one before, and says so: in a code or a link, as it is asked for.
func TestACodeThatIsAskedForAnew(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	for form, want := range map[string]string{"code": "Your new code for Partners", "link": "Your new link for Partners"} {
		t.Run(form, func(t *testing.T) {
			pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
			ticket := signUpIn(t, tenant, pool, email, "en")
			product.DeliverAll(t)
			product.Clock.Advance(2 * time.Minute)
			tenant.Public.Must(t, 202, "POST", "/pools/"+pool+"/activation/send?code_type_in_message="+form, fields{"ticket": ticket})
			product.DeliverAll(t)
			mails := mailsTo(t, product, email, 2)
			if mails[1].Subject != want || !strings.Contains(mails[1].Text, "no longer works") {
				t.Errorf("%q says\n%s", mails[1].Subject, mails[1].Text)
			}
			path := "/pools/" + pool + "/activate"
			tenant.Public.Must(t, 422, "POST", path, fields{"ticket": ticket, "code": systemtest.CodeIn(t, mails[0])})
			if form == "link" {
				activate(t, tenant, pool, 201, mails[1])
				return
			}
			tenant.Public.Must(t, 201, "POST", path, fields{"ticket": ticket, "code": systemtest.CodeIn(t, mails[1])})
		})
	}
}

// TestWhatAPoolSetsOfItsMails: the name that they come from, who is answered, their colour and logo, and whether the subject has the code.
func TestWhatAPoolSetsOfItsMails(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	send := func(t *testing.T, pool string) parttest.Mail {
		t.Helper()
		email := systemtest.Address("ann")
		signUpIn(t, tenant, pool, email, "en")
		product.DeliverAll(t)
		return mailsTo(t, product, email, 1)[0]
	}
	t.Run("nothing", func(t *testing.T) {
		m := send(t, tenant.NewPool(t, nil))
		if m.From != `"Partners" <no-reply@example.com>` || len(m.ReplyTo) > 0 ||
			m.Subject != "Confirm your address for Partners" || strings.Contains(m.HTML, "#ffd700") {
			t.Errorf("%q from %s, answers to %q", m.Subject, m.From, m.ReplyTo)
		}
	})
	t.Run("everything", func(t *testing.T) {
		m := send(t, branded(t, tenant, fields{"sender_name": "Partners' Support", "reply_to": "help@example.com", "code_in_subject": true, "logo_url": "https://static.example.com/l.png"}))
		if m.From != `"Partners' Support" <no-reply@example.com>` || len(m.ReplyTo) != 1 || m.ReplyTo[0] != "help@example.com" {
			t.Errorf("from %s, answers to %q", m.From, m.ReplyTo)
		}
		code := systemtest.CodeIn(t, m)
		if want := code[:3] + " " + code[3:] + " – Confirm your address for Partners"; m.Subject != want {
			t.Errorf("subject %q, want %q", m.Subject, want)
		}
		if !strings.Contains(m.HTML, `<img src="https://static.example.com/l.png"`) || !strings.Contains(m.HTML, `bgcolor="#ffd700"`) || !strings.Contains(m.Text, "Write to help@example.com.") {
			t.Errorf("it has neither colour nor address of the pool:\n%s\n%s", m.Text, m.HTML)
		}
	})
}
