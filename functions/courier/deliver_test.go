package courier_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
)

// "Nothing is lost": SES refuses for a while, and every mail arrives afterwards, once.
func TestMailsWaitWhileSESIsDown(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, ses.Option)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	ses.SetFault(systemtest.HangUp)
	people := []string{systemtest.Address("ann"), systemtest.Address("ben"), systemtest.Address("cy")}
	for _, email := range people {
		register(t, tenant, pool, email)
	}
	for range 7 { // more than the SDK's own tries of one mail
		<-ses.Faulted
	}
	ses.ClearFault()
	for _, email := range people {
		product.Inbox.Await(t, email, 1)
	}
	product.AwaitEmptyOutbox(t)
	for _, email := range people {
		activate(t, tenant, pool, 201, mailsTo(t, product, email, 1)[0])
	}
}

func TestAFaultOfSES(t *testing.T) {
	t.Parallel()
	toRefuse := systemtest.Address("rita")
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, withoutStream, ses.Option)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, c := range []struct {
		name  string
		fault systemtest.MailFault
		stays bool
	}{
		{"a connection that is cut", systemtest.HangUp, true},
		{"throttling", systemtest.Refuse(429, "TooManyRequestsException"), true},
		{"a spent quota", systemtest.Refuse(400, "LimitExceededException"), true},
		{"sending that is paused", systemtest.Refuse(400, "SendingPausedException"), true},
		{"credentials that have expired", systemtest.Refuse(403, "ExpiredTokenException"), true},
		{"an error of its own", systemtest.Refuse(503, "InternalServiceErrorException"), true},
		{"a recipient that it never will take", systemtest.RefuseWith(
			400, "MessageRejected", "no such address: "+toRefuse,
		), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			email := toRefuse
			if c.stays {
				email = systemtest.Address("ann")
			}
			register(t, tenant, pool, email)
			event := product.OutboxEvent(t)
			ses.SetFault(c.fault)
			failed := product.Stream(t.Context(), event)
			if comes := len(failed) == 1 && failed[0] == event.Records[0].Change.Keys["pk"].String(); comes != c.stays {
				t.Errorf("the record comes again: %v, want %v", failed, c.stays)
			}
			if n := len(product.Stored(t, "MESSAGE#")); (n == 1) != c.stays {
				t.Errorf("%d messages in the outbox", n)
			}
			mailsTo(t, product, email, 0)
			ses.ClearFault()
			if c.stays {
				product.DeliverAll(t)
				activate(t, tenant, pool, 201, mailsTo(t, product, email, 1)[0])
				product.DeliverAll(t) // of the notice that a password was set
			}
		})
	}
}

// "No message without its change", and none that comes a day late.
func TestAMessageIsDroppedAfterADay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age   time.Duration
		mails int
	}{
		"it is sent within a day":     {24*time.Hour - time.Minute, 1},
		"it is dropped after the day": {24 * time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			product := systemtest.New(t, withoutStream)
			tenant := product.NewTenant(t)
			pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
			register(t, tenant, pool, email)
			product.Clock.Advance(c.age)
			product.DeliverAll(t)
			mailsTo(t, product, email, c.mails)
		})
	}
}

func TestARecordIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email := systemtest.Address("ann")
	register(t, tenant, pool, email)
	event := product.OutboxEvent(t)
	for range 3 {
		product.Deliver(t, event)
	}
	product.Clock.Advance(2 * time.Minute) // past the limits, which would hide a second mail
	product.Deliver(t, event)
	activate(t, tenant, pool, 201, mailsTo(t, product, email, 1)[0])
}

// keepsMessages fails the calls that take messages out of the outbox.
func keepsMessages(parameters any) error {
	in, ok := parameters.(*dynamodb.DeleteItemInput)
	if !ok {
		return nil
	}
	if pk, _ := in.Key["pk"].(*types.AttributeValueMemberS); pk != nil && strings.HasPrefix(pk.Value, "MESSAGE#") {
		return errors.New("the table is away")
	}
	return nil
}

// "At least once: a repeat sends a fresh code that replaces the old" (V6.5.1). It counts as one mail.
func TestARepeatReplacesTheCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail func(*systemtest.MailProxy, *systemtest.Interruption)
	}{
		"after SES took the mail and said no":             {func(d *systemtest.MailProxy, _ *systemtest.Interruption) { d.SetFault(systemtest.DeliverAndRefuse) }},
		"after the message could not be taken out":        {func(_ *systemtest.MailProxy, i *systemtest.Interruption) { i.Set(keepsMessages) }},
		"after the mail could not be sent the first time": {func(d *systemtest.MailProxy, _ *systemtest.Interruption) { d.SetFault(systemtest.HangUp) }},
	} {
		for asked, ask := range map[string]func(*testing.T, *systemtest.Tenant, string, string){
			"registration": func(t *testing.T, tenant *systemtest.Tenant, pool, email string) { register(t, tenant, pool, email) },
			"administrator": func(t *testing.T, tenant *systemtest.Tenant, pool, email string) {
				id := tenant.NewUser(t, pool, "new", email, nil)
				tenant.Admin.Must(t, 204, "POST", "/pools/"+pool+"/users/"+id+"/activation/send", nil)
			},
		} {
			t.Run(name+", asked by "+asked, func(t *testing.T) {
				t.Parallel()
				var table systemtest.Interruption
				ses := systemtest.NewMailProxy(t)
				product := systemtest.New(t, withoutStream, ses.Option, systemtest.WithMiddleware(table.Watch))
				tenant := product.NewTenant(t)
				pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
				ask(t, tenant, pool, email)
				event := product.OutboxEvent(t)
				c.fail(ses, &table)
				if failed := product.Stream(t.Context(), event); len(failed) != 1 {
					t.Fatalf("failed: %v", failed)
				}
				before := product.Inbox.Mails(t, email)
				ses.ClearFault()
				table.Set(func(any) error { return nil })
				product.Deliver(t, event)
				mails := product.Inbox.Mails(t, email)
				if len(mails) != len(before)+1 {
					t.Fatalf("%d mails after %d", len(mails), len(before))
				}
				for _, m := range before {
					activate(t, tenant, pool, 422, m)
				}
				for _, it := range product.Mailboxes(t, tenant.ID) {
					if it["m1"] == "" && it["i1"] == "" || it["m2"] != "" && it["m2"] != "0" || it["i2"] != "" && it["i2"] != "0" {
						t.Errorf("one message is not counted as one mail: %v", it)
					}
				}
				activate(t, tenant, pool, 201, mails[len(mails)-1])
			})
		}
	}
}

// The code of a mail that was sent at the second try proves its mailbox to the ticket of another registration, whoever
// counted the mail.
func TestARepeatedMailProvesItsMailbox(t *testing.T) {
	t.Parallel()
	for asked, ask := range map[string]func(*testing.T, *systemtest.Tenant, string, string){
		"registration": func(t *testing.T, tenant *systemtest.Tenant, pool, email string) {
			register(t, tenant, pool, email)
		},
		"administrator": func(t *testing.T, tenant *systemtest.Tenant, pool, email string) {
			id := tenant.NewUser(t, pool, "new", email, nil)
			tenant.Admin.Must(t, 204, "POST", "/pools/"+pool+"/users/"+id+"/activation/send", nil)
		},
	} {
		t.Run("asked by "+asked, func(t *testing.T) {
			t.Parallel()
			ses := systemtest.NewMailProxy(t)
			product := systemtest.New(t, withoutStream, ses.Option)
			tenant := product.NewTenant(t)
			pool, other, email := tenant.NewPool(t, nil), tenant.NewPool(t, nil), systemtest.Address("ann")
			ask(t, tenant, pool, email)
			event := product.OutboxEvent(t)
			ses.SetFault(systemtest.HangUp)
			if failed := product.Stream(t.Context(), event); len(failed) != 1 {
				t.Fatalf("failed: %v", failed)
			}
			ses.ClearFault()
			product.Deliver(t, event)
			code := systemtest.LinkIn(t, mailsTo(t, product, email, 1)[0]).Query().Get("code")
			ticket := tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/register", fields{
				"identifier": email, "password": systemtest.Password,
			}).Text(t, "ticket")
			tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/activate", fields{"ticket": ticket, "code": code})
		})
	}
}

// What is sent is decided by the state of pool and user when it is sent.
func TestTheStateWhenItIsSentCounts(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	for _, c := range []struct {
		name    string
		change  func(t *testing.T, pool, user string)
		subject string // of the mail; "" is none
	}{
		{"the user is deleted", func(t *testing.T, pool, user string) {
			tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool+"/users/"+user, nil)
		}, ""},
		{"the pool is deleted", func(t *testing.T, pool, _ string) { tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil) }, ""},
		{"the user is active", func(t *testing.T, pool, user string) {
			tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool+"/users/"+user, fields{"status": "active"})
		}, "You already have an account with Partners"},
		{"the pool has another name", func(t *testing.T, pool, _ string) {
			tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool, fields{"name": "Friends", "public_registration_allowed": true})
		}, "Confirm your address for Friends"},
		{"all codes were killed since", func(t *testing.T, pool, user string) {
			tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+user+"/activation/generate", nil)
		}, ""},
		{"nothing has changed", func(*testing.T, string, string) {}, "Confirm your address for Partners"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
			register(t, tenant, pool, email)
			user := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{"identifier": email}).Text(t, "id")
			c.change(t, pool, user)
			product.DeliverAll(t)
			if c.subject == "" {
				mailsTo(t, product, email, 0)
				return
			}
			if got := mailsTo(t, product, email, 1)[0].Subject; got != c.subject {
				t.Errorf("subject %q, want %q", got, c.subject)
			}
		})
	}
}

// A user whose status changes while the courier handles the message gets the mail for the new status.
func TestTheStateChangesWhileAMailIsMade(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"active", "inactive"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			var meanwhile systemtest.Interruption // between the courier's look at the user and at the codes
			product := systemtest.New(t, withoutStream, systemtest.WithMiddleware(meanwhile.Watch))
			tenant := product.NewTenant(t)
			pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
			register(t, tenant, pool, email)
			user := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{"identifier": email}).Text(t, "id")
			meanwhile.Set(func(parameters any) error {
				in, ok := parameters.(*dynamodb.GetItemInput)
				if !ok {
					return nil
				}
				if sk, _ := in.Key["sk"].(*types.AttributeValueMemberS); sk != nil && sk.Value == "CODE#activation" {
					meanwhile.Set(func(any) error { return nil })
					tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool+"/users/"+user, fields{"status": status})
				}
				return nil
			})
			product.DeliverAll(t)
			if got := mailsTo(t, product, email, 1)[0].Subject; got != taken {
				t.Errorf("subject %q, want %q", got, taken)
			}
		})
	}
}

func TestTheWordingOfAMail(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"name": "Acme <Co>", "otp_settings": fields{"activation": fields{"length": 8, "ttl": "1h"}}})
	long := regexp.MustCompile(`(?m)^https?://\S+code=\S+$`)
	short := regexp.MustCompile(`(?m)^ {4}\d{4} \d{4}$`)
	for _, c := range []struct {
		name, query, subject string
		link                 bool
		returnTo             string
	}{
		{"nothing asked", "", "You are invited to Acme <Co>", true, ""},
		{"registration by link", "?mode=registration&code_type_in_message=link", "Confirm your address for Acme <Co>", true, ""},
		{"registration by code", "?mode=registration&code_type_in_message=code", "Confirm your address for Acme <Co>", false, ""},
		{"invitation by link", "?mode=invitation&post_activation_url=https://app.example.com/in", "You are invited to Acme <Co>", true, "https://app.example.com/in"},
		{"invitation by code", "?mode=invitation&code_type_in_message=code", "You are invited to Acme <Co>", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			email := systemtest.Address("ann")
			user := tenant.NewUser(t, pool, "new", email, nil)
			path := "/pools/" + pool + "/users/" + user
			tenant.Admin.Must(t, 204, "POST", path+"/activation/send"+c.query, nil)
			product.DeliverAll(t)
			m := mailsTo(t, product, email, 1)[0]
			if m.Subject != c.subject || m.From != `"Identity Pools" <no-reply@example.com>` {
				t.Errorf("%q from %s", m.Subject, m.From)
			}
			if long.MatchString(m.Text) != c.link || short.MatchString(m.Text) == c.link {
				t.Errorf("it has a link: %v, want %v:\n%s", long.MatchString(m.Text), c.link, m.Text)
			}
			if !strings.Contains(strings.Join(strings.Fields(m.Text), " "), " is valid for 1 hour. ") {
				t.Errorf("it does not say that it ends in an hour:\n%s", m.Text)
			}
			if strings.Contains(m.HTML, "<Co>") {
				t.Error("the pool's name is not escaped")
			}
			page := "/" + tenant.ID + "/pools/" + pool + "/activate/code?lang=en"
			if has := strings.Contains(m.Text, page+"\n") && strings.Contains(m.HTML, page+`"`); has != (c.name == "invitation by code") {
				t.Errorf("it leads to the page that takes the code: %v\n%s", has, m.Text)
			}
			if !c.link {
				tenant.System.Must(t, 201, "POST", path+"/activate", fields{"code": systemtest.CodeIn(t, m)})
				return
			}
			link := systemtest.LinkIn(t, m)
			if link.Path != "/"+tenant.ID+"/pools/"+pool+"/activate" || link.Query().Get("return_to") != c.returnTo {
				t.Errorf("link to %s", link)
			}
			tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/activate", fields{"code": link.Query().Get("code")})
		})
	}
}

// Whoever has just been activated is welcomed, and is not told of their own password as if it was
// somebody else's. What still waited to become this user's goes with the message. If the user is not
// active any more, nobody is welcomed, and it goes all the same.
func TestWhoeverBecomesActiveIsWelcome(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, status := range []string{"active", "inactive"} {
		email := systemtest.Address("ann")
		register(t, tenant, pool, email)
		product.DeliverAll(t)
		register(t, tenant, pool, email)
		link := systemtest.LinkIn(t, mailsTo(t, product, email, 1)[0])
		user := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/activate",
			fields{"code": link.Query().Get("code"), "password": systemtest.Password}).Text(t, "id")
		tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool+"/users/"+user, fields{"status": status})
		product.DeliverAll(t)
		// The second registration was too soon for a mail of its own, and its message comes before or after.
		mails := product.Inbox.Mails(t, email)
		welcomes := 0
		for _, m := range mails {
			if m.Subject == "Welcome to Partners" {
				welcomes++
			}
			if strings.Contains(m.Subject, "password") {
				t.Errorf("%s: there is a notice %q", status, m.Subject)
			}
		}
		if want := map[string]int{"active": 1}[status]; welcomes != want {
			t.Errorf("%s: %d welcomes among %d mails", status, welcomes, len(mails))
		}
	}
	for _, it := range product.Stored(t, "USER#") {
		if strings.HasPrefix(it["sk"], "REG#") {
			t.Errorf("a registration still waits: %v", it)
		}
	}
}

// V16.2.5: the log holds no address, code or name.
func TestTheLogHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	var log systemtest.Log
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, withoutStream, ses.Option, log.Option)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	register(t, tenant, pool, email)
	for _, fault := range []systemtest.MailFault{
		systemtest.HangUp, systemtest.Refuse(503, ""), systemtest.Refuse(400, "MessageRejected"),
		systemtest.RefuseWith(400, "BadRequestException", "Illegal address "+email),
	} {
		ses.SetFault(fault)
		product.Stream(t.Context(), product.OutboxEvent(t))
	}
	ses.ClearFault()
	register(t, tenant, pool, email) // limited
	product.DeliverAll(t)
	bounce(t, product, email)
	product.Clock.Advance(2 * time.Minute)
	register(t, tenant, pool, email)
	product.DeliverAll(t)
	for _, must := range []string{
		"message failed", "mail is refused as it is", "message rejected", `"why":"limited"`, `"why":"no address"`,
	} {
		if !strings.Contains(log.String(), must) {
			t.Errorf("the log does not tell of %q", must)
		}
	}
	if name, _, _ := strings.Cut(email, "@"); strings.Contains(log.String(), name) {
		t.Errorf("the log has the address:\n%s", log.String())
	}
}
