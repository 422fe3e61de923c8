package courier_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
)

// setText sets a pool's own text of the mails of a kind in a language. The subject names both.
func setText(tb testing.TB, tenant *systemtest.Tenant, pool string, kind mail.Kind, language string) {
	tb.Helper()
	body := "Own words for {pool}."
	for _, name := range kind.Variables() {
		if name == "code" || name == "link" {
			body += "\n\n{" + name + "}"
		}
	}
	path := "/pools/" + pool + "/mails/" + string(kind) + "/" + language
	tenant.Admin.Must(tb, 200, "PUT", path, fields{"subject": subject(kind, language), "body": body})
}

func subject(kind mail.Kind, language string) string { return "Own " + string(kind) + " " + language }

// usual returns the subject of a mail for which a pool has set no text.
func usual(tb testing.TB, tenant *systemtest.Tenant, pool string, kind mail.Kind, language string) string {
	tb.Helper()
	return tenant.Admin.Must(tb, 200, "POST", "/pools/"+pool+"/mails/"+string(kind)+"/"+language+"/preview", nil).Text(tb, "subject")
}

// call makes an administrator invite a new user with a payload.
func call(tb testing.TB, tenant *systemtest.Tenant, pool, email, query string, payload fields) (user string) {
	tb.Helper()
	user = tenant.NewUser(tb, pool, "new", email, fields{"payload": payload})
	tenant.Admin.Must(tb, 204, "POST", "/pools/"+pool+"/users/"+user+"/activation/send"+query, nil)
	return user
}

// newest returns the last of the mails to an address.
func newest(tb testing.TB, product *systemtest.Product, to string) parttest.Mail {
	tb.Helper()
	product.DeliverAll(tb)
	mails := product.Inbox.Mails(tb, to)
	if len(mails) == 0 {
		tb.Fatalf("no mail to %s", to)
	}
	return mails[len(mails)-1]
}

// Each mail has the text that its pool has set for it, and its code works.
func TestAPoolsOwnTextArrives(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path, told := "/pools/"+pool, map[mail.Kind]bool{}
	for _, kind := range mail.Kinds() {
		setText(t, tenant, pool, kind, "en")
	}
	says := func(to string, kind mail.Kind) parttest.Mail {
		t.Helper()
		m := newest(t, product, to)
		if m.Subject != subject(kind, "en") || !strings.Contains(m.Text, "Own words for Partners.") || !strings.Contains(m.HTML, "Own words for Partners.") {
			t.Errorf("the mail of kind %s is %q:\n%s", kind, m.Subject, m.Text)
		}
		told[kind] = true
		return m
	}
	kinds := map[string][]mail.Kind{ // as registered, resent and invited
		"code": {mail.RegistrationCode, mail.ResendCode, mail.InvitationCode},
		"link": {mail.RegistrationLink, mail.ResendLink, mail.InvitationLink},
	}
	for form, kinds := range kinds {
		form := "?code_type_in_message=" + form
		email, guest := systemtest.Address("ann"), systemtest.Address("guest")
		ticket := tenant.Public.Must(t, 201, "POST", path+"/register"+form, fields{"identifier": email, "password": systemtest.Password}).Text(t, "ticket")
		says(email, kinds[0])
		product.Clock.Advance(2 * time.Minute)
		tenant.Public.Must(t, 202, "POST", path+"/activation/send"+form, fields{"ticket": ticket})
		says(email, kinds[1])
		user := call(t, tenant, pool, guest, form+"&mode=invitation", nil)
		if m := says(guest, kinds[2]); form == "?code_type_in_message=code" {
			code := fields{"code": systemtest.CodeIn(t, m), "password": systemtest.Password}
			tenant.System.Must(t, 201, "POST", path+"/users/"+user+"/activate", code)
		} else {
			code := fields{"code": systemtest.LinkIn(t, m).Query().Get("code"), "password": systemtest.Password}
			tenant.Public.Must(t, 201, "POST", path+"/activate", code)
		}
		says(guest, mail.Welcome)
		register(t, tenant, pool, guest)
		says(guest, mail.AddressTaken)
		other, phone := systemtest.Address("other"), "+1555"+strconv.Itoa(1000000+len(told))
		tenant.NewUser(t, pool, "active", systemtest.Address("owner"), fields{"identifiers": []fields{{"identifier": phone, "type": "mobile"}}})
		tenant.Public.Must(t, 201, "POST", path+"/register", fields{"identifier": phone, "otp_address": other})
		says(other, mail.IdentifierTaken)
	}
	email := systemtest.Address("ann")
	about := identity.UserRef{Tenant: tenant.ID, Pool: pool, ID: tenant.NewUser(t, pool, "active", email, nil)}
	for _, kind := range []mail.Kind{mail.PasswordSet, mail.TOTPSet, mail.KeyAdded, mail.KeyRemoved, mail.AddressAdded, mail.AddressRemoved} {
		notify(t, product, identity.MessageKind(kind), about, email) // the two have the same names
		says(email, kind)
	}
	product.Clock.Advance(2 * time.Minute)
	to := identity.Address{Value: email, Normalized: email}
	maker := identity.Maker{Now: product.Clock.Now(), NewID: systemtest.Unique}
	who := identity.User{Tenant: tenant.ID, Pool: pool, ID: about.ID}
	signIn := identity.NewMessage(identity.MessageSignIn, who, to, identity.MessageOptions{}, maker)
	if err := product.Table.Outbox.Ask(t.Context(), signIn, once.Reply[once.None]{}); err != nil {
		t.Fatal(err)
	}
	says(email, mail.SignInCode)
	second := systemtest.Address("second")
	user := path + "/users/" + tenant.NewUser(t, pool, "active", systemtest.Address("bob"), fields{
		"verifiable_addresses": []fields{{"address": second, "type": "email"}},
	})
	for _, c := range []struct {
		client *systemtest.Client
		path   string
		to     string
		kind   mail.Kind
	}{
		{tenant.System, path + "/user/password/reset/request?code_type_in_message=code", email, mail.PasswordResetCode},
		{tenant.System, path + "/user/password/reset/request", email, mail.PasswordResetLink},
		{tenant.System, path + "/user/otp/request", email, mail.ChallengeCode},
		{tenant.System, path + "/user/totp/reset/request", email, mail.TOTPResetCode},
		{tenant.System, path + "/user/webauthn/add/request", email, mail.KeyEnrollCode},
		{tenant.System, user + "/address/verification/request", second, mail.AddressCode},
		{tenant.Admin, user + "/address/verification/request", second, mail.AddressLink},
	} {
		product.Clock.Advance(2 * time.Minute)
		c.client.Must(t, 204, "POST", c.path, fields{"address": c.to})
		says(c.to, c.kind)
	}
	for _, kind := range mail.Kinds() {
		if !told[kind] {
			t.Errorf("no mail of kind %s was sent", kind)
		}
	}
}

// A change is in force five seconds later, also one back to the usual text.
func TestAnOwnTextComesAndGoes(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool, other := tenant.NewPool(t, nil), tenant.NewPool(t, nil)
	path := "/pools/" + pool + "/mails/registration_link/en"
	said := func(pool string) string {
		t.Helper()
		email := systemtest.Address("ann")
		register(t, tenant, pool, email)
		return newest(t, product, email).Subject
	}
	own, usual := subject(mail.RegistrationLink, "en"), usual(t, tenant, pool, mail.RegistrationLink, "en")
	for range 2 {
		if got := said(pool); got != usual {
			t.Errorf("without a text of its own: %q", got)
		}
		setText(t, tenant, pool, mail.RegistrationLink, "en")
		product.ExpireCaches()
		if got := said(pool); got != own {
			t.Errorf("with one: %q", got)
		}
		if got := said(other); got != usual {
			t.Errorf("another pool: %q", got)
		}
		tenant.Admin.Must(t, 204, "DELETE", path, nil)
		product.ExpireCaches()
	}
	setText(t, tenant, pool, mail.RegistrationLink, "en")
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	tenant.NewPool(t, fields{"id": pool})
	product.ExpireCaches()
	if got := said(pool); got != usual {
		t.Errorf("a pool that is made again: %q", got)
	}
}

// The language of a mail is found first; then the pool's text in that language is taken, or the usual one in it.
func TestAnOwnTextIsOfOneLanguage(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	english, polish := tenant.NewPool(t, nil), tenant.NewPool(t, fields{"branding": fields{"language": "pl"}})
	for _, language := range []string{"en", "de", "pl"} {
		for _, pool := range []string{english, polish} {
			setText(t, tenant, pool, mail.InvitationLink, language)
			setText(t, tenant, pool, mail.RegistrationLink, language)
		}
	}
	french := usual(t, tenant, english, mail.InvitationLink, "fr")
	for _, c := range []struct {
		name, pool, query string
		payload           fields
		want              string
	}{
		{"of the pool", english, "", nil, subject(mail.InvitationLink, "en")},
		{"of another pool", polish, "", nil, subject(mail.InvitationLink, "pl")},
		{"that is asked for", polish, "?lang=de", fields{"locale": "fr"}, subject(mail.InvitationLink, "de")},
		{"that is asked for, without a text of its own", polish, "?lang=fr", fields{"locale": "de"}, french},
		{"of the payload", polish, "", fields{"locale": "de_AT"}, subject(mail.InvitationLink, "de")},
		{"of the payload, without a text of its own", polish, "", fields{"locale": "fr-CA"}, french},
		{"of the payload, which nobody is spoken to in", polish, "", fields{"locale": "it"}, subject(mail.InvitationLink, "pl")},
	} {
		email := systemtest.Address("ann")
		call(t, tenant, c.pool, email, c.query, c.payload)
		if got := newest(t, product, email).Subject; got != c.want {
			t.Errorf("in the language %s: %q, want %q", c.name, got, c.want)
		}
	}
	email := systemtest.Address("ben")
	tenant.Public.Must(t, 201, "POST", "/pools/"+polish+"/register?lang=de&code_type_in_message=link", fields{"identifier": email, "password": systemtest.Password})
	if got := newest(t, product, email).Subject; got != subject(mail.RegistrationLink, "de") {
		t.Errorf("in the language of a registration: %q", got)
	}
}

// What an administrator writes reaches no header and no markup of a mail, together with what a hostile pool is called.
func TestAHostileOwnText(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"name": `{code}</title><script>alert(1)</script>`, "branding": fields{"sender_name": "Bcc: b", "code_in_subject": true}})
	text := fields{
		"subject": `To: victim@example.com, {pool} <img src=x>`,
		"body":    "Bcc: victim@example.com\n\n.\n\n</p><script>alert(2)</script> {pool} {{.Code\" onclick=\"x\n\n{code}",
	}
	tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool+"/mails/registration_code/en", text)
	email, before := systemtest.Address("ann"), len(product.Inbox.Mails(t, "victim@example.com"))
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{"identifier": email, "password": systemtest.Password})
	m := newest(t, product, email)
	code := systemtest.CodeIn(t, m)
	read := code[:3] + " " + code[3:]
	if want := read + ` – To: victim@example.com, {code}</title><script>alert(1)</script> <img src=x>`; m.Subject != want {
		t.Errorf("the subject is %q, want %q", m.Subject, want)
	}
	if len(m.To) != 1 || !strings.Contains(m.From, "@example.com>") || len(product.Inbox.Mails(t, "victim@example.com")) != before {
		t.Errorf("it goes to %q, from %q", m.To, m.From)
	}
	for _, wild := range []string{"<script", "<img src=x", `" onclick="`} {
		if strings.Contains(m.HTML, wild) {
			t.Errorf("the HTML has %q: %s", wild, m.HTML)
		}
	}
	if text := strings.Join(strings.Fields(m.Text), " "); !strings.Contains(text, "</p><script>alert(2)</script> {code}</title><script>alert(1)</script> {{.Code\" onclick=\"x") {
		t.Errorf("the text is %s", m.Text)
	}
	if n := strings.Count(m.Text, read); n != 1 {
		t.Errorf("the code is in the text %d times: %s", n, m.Text)
	}
}

// A text that was good when it was stored loses no mail when it is good no more.
func TestAnOwnTextThatIsNotValidAnyMore(t *testing.T) {
	t.Parallel()
	log := &systemtest.Log{}
	product := systemtest.New(t, withoutStream, log.Option)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	old := identity.MailText{
		MailRef: identity.MailRef{Tenant: tenant.ID, Pool: pool, Kind: "registration_link", Language: "en"}, Subject: "Of before", Body: "{nickname}",
	}
	if _, err := product.Table.MailTexts.Replace(t.Context(), identity.MailText{}, old, once.Reply[identity.MailText]{}); err != nil {
		t.Fatal(err)
	}
	register(t, tenant, pool, email)
	if got, want := newest(t, product, email).Subject, usual(t, tenant, tenant.NewPool(t, nil), mail.RegistrationLink, "en"); got != want {
		t.Errorf("the subject is %q, want %q", got, want)
	}
	if line := log.String(); !strings.Contains(line, `"kind":"registration_link","language":"en"`) || strings.Contains(line, "nickname") {
		t.Errorf("logged: %s", line)
	}
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/pools/"+pool+"/mails/registration_link/en/preview", nil), 422, "invalid", "/body", "/body")
}
