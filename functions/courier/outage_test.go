package courier_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// peopleToRegister returns how many people register in the outage: more if the environment asks for long
// tests.
func peopleToRegister() int {
	if os.Getenv("LONG") != "" {
		return 120
	}
	return 25
}

// outage is an hour in which SES refuses everything, with what is asked for at its beginning.
type outage struct {
	*systemtest.Product
	tenant       *systemtest.Tenant
	pool, doomed string // the second is deleted meanwhile
}

// person is somebody to whom a mail is sent when SES accepts mails again, or for whom it is dropped.
type person struct {
	name  string
	email string
	user  string
	asks  func(o outage, t *testing.T, p *person)                    // before the outage is over
	later func(o outage, t *testing.T, p *person)                    // half an hour after; nil: nothing
	mails []string                                                   // subjects of what arrives; none: nothing does
	works func(o outage, t *testing.T, p *person, m []parttest.Mail) // what the mails are good for; nil: nothing
}

const (
	confirm = "Confirm your address for Partners"
	invited = "You are invited to Partners"
	taken   = "You already have an account with Partners"
	welcome = "Welcome to Partners"
)

// "SES refusing for an hour, then accepting: every mail that is still valid arrives, none that isn't." The reader of the stream tries all
// the while.
func TestAnHourWithoutSES(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, ses.Option)
	o := outage{Product: product, tenant: product.NewTenant(t)}
	o.pool, o.doomed = o.tenant.NewPool(t, nil), o.tenant.NewPool(t, nil)
	people := o.people(t)
	ses.SetFault(systemtest.Refuse(400, "SendingPausedException"))
	for _, p := range people {
		p.asks(o, t, p)
	}
	for quarter, fault := range []systemtest.MailFault{
		systemtest.Refuse(429, "TooManyRequestsException"), systemtest.HangUp, systemtest.Refuse(503, "InternalServiceErrorException"), systemtest.Refuse(400, "LimitExceededException"),
	} {
		ses.SetFault(fault)
		for len(ses.Faulted) > 0 {
			<-ses.Faulted // of the fault before
		}
		<-ses.Faulted
		product.Clock.Advance(15 * time.Minute)
		if quarter == 2 {
			o.tenant.RenewTokens(t)
			for _, p := range people {
				if p.later != nil {
					p.later(o, t, p)
				}
			}
		}
	}
	for _, p := range people {
		mailsTo(t, product, p.email, 0)
	}
	ses.ClearFault()
	for left := len(people); left > 0; {
		before := left
		parttest.Until(t, "fewer messages in the outbox", func() bool {
			left = len(product.Stored(t, "MESSAGE#"))
			return left < before
		})
	}
	o.tenant.RenewTokens(t)
	for _, p := range people {
		o.check(t, p)
	}
}

func (o outage) check(t *testing.T, p *person) {
	t.Helper()
	mails := o.Inbox.Mails(t, p.email)
	var subjects []string
	for _, m := range mails {
		subjects = append(subjects, m.Subject)
	}
	if strings.Join(subjects, "\n") != strings.Join(p.mails, "\n") {
		t.Errorf("%s: %q arrived, want %q", p.name, subjects, p.mails)
		return
	}
	if p.works != nil {
		p.works(o, t, p, mails)
	}
}

// people returns those who register, and one person for each outcome that a message can have.
func (o outage) people(t *testing.T) []*person {
	t.Helper()
	all := []*person{
		{name: "invited by an administrator", asks: invite, mails: []string{invited}, works: follow},
		{name: "the owner of an address that somebody wants", asks: wanted, mails: []string{taken}},
		{name: "who set a password", asks: setPassword, mails: []string{welcome}},
		{name: "who asked twice", asks: invite, later: invite, mails: []string{invited}, works: follow},
		{name: "for whom a code was made", asks: signUp, later: makeCode},
		{name: "who became active", asks: signUp, later: status("active"), mails: []string{taken}},
		{name: "who became inactive", asks: signUp, later: status("inactive"), mails: []string{taken}},
		{name: "whose registration is dead", asks: signUp, later: func(o outage, t *testing.T, p *person) {
			status("inactive")(o, t, p)
			status("new")(o, t, p)
		}},
		{name: "who was deleted", asks: signUp, later: func(o outage, t *testing.T, p *person) {
			o.tenant.Admin.Must(t, 204, "DELETE", o.users()+p.user, nil)
		}},
		{name: "who waits since yesterday", asks: yesterday},
		{name: "whose pool was deleted", asks: func(o outage, t *testing.T, p *person) { register(t, o.tenant, o.doomed, p.email) }, later: func(o outage, t *testing.T, _ *person) {
			o.tenant.Admin.Must(t, 204, "DELETE", "/pools/"+o.doomed, nil)
		}},
	}
	for range peopleToRegister() {
		all = append(all, &person{name: "one of many", asks: signUp, mails: []string{confirm}, works: func(o outage, t *testing.T, _ *person, m []parttest.Mail) {
			activate(t, o.tenant, o.pool, 201, m[0])
		}})
	}
	for _, p := range all {
		p.email = systemtest.Address("ann")
	}
	return all
}

func (o outage) users() string { return "/pools/" + o.pool + "/users/" }

func signUp(o outage, t *testing.T, p *person) {
	t.Helper()
	register(t, o.tenant, o.pool, p.email)
	p.user = o.tenant.System.Must(t, 200, "POST", o.users()+"by_key", fields{"identifier": p.email}).Text(t, "id")
}

func invite(o outage, t *testing.T, p *person) {
	t.Helper()
	if p.user == "" {
		p.user = o.tenant.NewUser(t, o.pool, "new", p.email, nil)
	}
	o.tenant.Admin.Must(t, 204, "POST", o.users()+p.user+"/activation/send?mode=invitation", nil)
}

// follow opens the link of an invitation and sets a password there.
func follow(o outage, t *testing.T, _ *person, m []parttest.Mail) {
	t.Helper()
	code := systemtest.LinkIn(t, m[0]).Query().Get("code")
	o.tenant.Public.Must(t, 201, "POST", "/pools/"+o.pool+"/activate", fields{"code": code, "password": systemtest.Password})
}

func wanted(o outage, t *testing.T, p *person) {
	t.Helper()
	o.tenant.NewUser(t, o.pool, "active", p.email, nil)
	register(t, o.tenant, o.pool, p.email)
}

func setPassword(o outage, t *testing.T, p *person) {
	t.Helper()
	user := o.users() + o.tenant.NewUser(t, o.pool, "new", p.email, nil)
	code := o.tenant.System.Must(t, 201, "POST", user+"/code/generate", fields{"type": "activation"}).Text(t, "code")
	o.tenant.System.Must(t, 201, "POST", user+"/activate", fields{"code": code, "password": systemtest.Password})
}

func makeCode(o outage, t *testing.T, p *person) {
	t.Helper()
	o.tenant.System.Must(t, 201, "POST", o.users()+p.user+"/code/generate", fields{"type": "activation"})
}

func status(to string) func(outage, *testing.T, *person) {
	return func(o outage, t *testing.T, p *person) {
		t.Helper()
		o.tenant.Admin.Must(t, 200, "PUT", o.users()+p.user, fields{"status": to})
	}
}

// yesterday asks for a message that is too old before the hour is over.
func yesterday(o outage, t *testing.T, p *person) {
	t.Helper()
	user := o.tenant.NewUser(t, o.pool, "new", p.email, nil)
	if err := o.Table.Outbox.Ask(t.Context(), identity.Message{
		ID: "m-" + systemtest.Unique(), Kind: identity.MessageActivation, Tenant: o.tenant.ID, Pool: o.pool, User: user, Address: p.email, Normalized: p.email,
		CodeType: identity.CodeTypeLink, Mode: identity.ModeInvitation, CreatedAt: identity.At(o.Clock.Now().Add(30*time.Minute - identity.MessageLifetime)),
	}, once.Reply[once.None]{}); err != nil {
		t.Fatal(err)
	}
}
