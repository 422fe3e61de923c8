package system_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/metric"
)

// metricLog is a log that metrics are read from.
type metricLog struct{ systemtest.Log }

type counts = map[metric.Name]int

// counts returns the sums of the metrics that CloudWatch reads from the log, for the deployment
// that has the table.
func (l *metricLog) counts(t *testing.T, table string) counts {
	t.Helper()
	sums := counts{}
	for text := range strings.Lines(l.String()) {
		var meta struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Namespace string
					Metrics   []struct{ Name metric.Name }
				}
			} `json:"_aws"`
		}
		var root fields
		if err := json.Unmarshal([]byte(text), &meta); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &root); err != nil {
			t.Fatal(err)
		}
		for _, d := range meta.AWS.CloudWatchMetrics {
			if d.Namespace != metric.Namespace || root[metric.Dimension] != table {
				t.Fatalf("it counts for another deployment: %s", text)
			}
			for _, m := range d.Metrics {
				sums[m.Name] += int(root[string(m.Name)].(float64))
			}
		}
	}
	return sums
}

// await waits until the sums are as wanted. The courier counts a mail only after it has arrived.
func (l *metricLog) await(t *testing.T, table string, want counts) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("counted %v", l.counts(t, table))
		}
	}()
	parttest.Until(t, fmt.Sprintf("counts of %v", want), func() bool {
		return maps.Equal(l.counts(t, table), want)
	})
}

// Each request and each mail is counted in the metrics that it belongs to, and in no others.
func TestWhatPeopleDoIsCounted(t *testing.T) {
	t.Parallel()
	var log metricLog
	product := systemtest.New(t, log.Option)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	ann, ben, cy := systemtest.Address("ann"), systemtest.Address("ben"), systemtest.Address("cy")
	users, want := "/pools/"+pool+"/users/", counts{}
	step := func(counted counts) {
		t.Helper()
		for name, n := range counted {
			want[name] += n
		}
		log.await(t, product.TableName, want)
	}
	step(nil) // tokens and settings are not counted

	sign := fields{"identifier": ann, "password": systemtest.Password}
	ticket := tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", sign).Text(t, "ticket")
	step(counts{metric.Registrations: 1, metric.MailsSent: 1})
	tenant.Public.Must(t, 202, "POST", "/pools/"+pool+"/activation/send", fields{"ticket": ticket})
	step(counts{metric.MailsDropped: 1}) // too soon after the first
	code := systemtest.CodeIn(t, product.Inbox.Await(t, ann, 1)[0])
	tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": systemtest.WrongCode(code),
	})
	tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate", fields{"ticket": ticket})
	step(counts{metric.WrongCodes: 1}) // a missing one is not wrong
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": code,
	})
	step(counts{metric.Activations: 1, metric.MailsSent: 1}) // and a notice of the password
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
		"ticket": ticket, "code": code,
	})
	step(nil) // a repeat does nothing
	// After a minute the address may get the next mail.
	product.Clock.Advance(time.Minute)
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", sign)
	step(counts{metric.Registrations: 1, metric.MailsSent: 1}) // nobody may learn that it made no user

	proof := func(password string) fields { return fields{"identifier": ann, "password": password} }
	tenant.System.Must(
		t, 200, "POST", "/pools/"+pool+"/user/password/verify", proof(systemtest.Password),
	)
	tenant.System.Must(
		t, 200, "POST", "/pools/"+pool+"/user/password/v2/verify", proof(systemtest.Password),
	)
	step(nil)
	tenant.System.Must(
		t, 401, "POST", "/pools/"+pool+"/user/password/verify", proof("one that is wrong"),
	)
	tenant.System.Must(
		t, 200, "POST", "/pools/"+pool+"/user/password/v2/verify", proof("another that is wrong"),
	)
	step(counts{metric.WrongPasswords: 2})

	tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/register", fields{"identifier": ben})
	step(counts{metric.Registrations: 1, metric.MailsSent: 1})
	link := systemtest.LinkIn(t, product.Inbox.Await(t, ben, 1)[0])
	submit(t, link, 422, "x", systemtest.Password)
	step(counts{metric.WrongCodes: 1})
	submit(t, link, 422, link.Query().Get("code"), "short")
	step(nil)
	submit(t, link, 200, link.Query().Get("code"), systemtest.Password)
	step(counts{metric.Activations: 1, metric.MailsSent: 1})

	id := tenant.NewUser(t, pool, "new", cy, nil)
	tenant.Admin.Must(t, 204, "POST", users+id+"/activation/send", nil)
	step(counts{metric.MailsSent: 1})
	tenant.Admin.Must(t, 429, "POST", users+id+"/activation/send", nil)
	step(counts{metric.Limited: 1})
	extended := systemtest.LinkIn(t, product.Inbox.Await(t, cy, 1)[0]).Query().Get("code")
	tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/activate", fields{"code": extended})
	step(counts{metric.Activations: 1})

	for line := range strings.Lines(log.String()) {
		for _, personal := range []string{"example.com", tenant.ID, pool, id, extended} {
			if strings.Contains(line, `"_aws"`) && strings.Contains(line, personal) {
				t.Errorf("a count says %q: %s", personal, line)
			}
		}
	}
}

// submit sends the form of the page that a link opens.
func submit(t *testing.T, link *url.URL, status int, code, password string) {
	t.Helper()
	form := url.Values{"code": {code}, "password": {password}}
	r, err := http.NewRequestWithContext(
		t.Context(), "POST", link.String(), strings.NewReader(form.Encode()),
	)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := systemtest.Send(t, r); got.Status != status {
		t.Fatalf("the page answers %d, want %d", got.Status, status)
	}
}

// Mails that are not sent are counted too, because nobody reads a log without a reason.
func TestMailsThatGoNowhereAreCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waits time.Duration
		want  metric.Name
	}{
		"one that SES will never take":       {0, metric.MailsRejected},
		"one that has waited for over a day": {24 * time.Hour, metric.MailsDropped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amzn-Errortype", "MessageRejected")
				w.WriteHeader(http.StatusBadRequest)
			}))
			t.Cleanup(ses.Close)
			var log metricLog
			product := systemtest.New(t, log.Option, func(c *system.Config) {
				c.Quiet, c.SESURL = true, ses.URL
			})
			tenant := product.NewTenant(t)
			register(t, tenant, tenant.NewPool(t, nil), systemtest.Address("ann"))
			product.Clock.Advance(c.waits)
			product.Stream(t.Context(), product.OutboxEvent(t))
			if got := log.counts(t, product.TableName); !maps.Equal(got, counts{
				metric.Registrations: 1, c.want: 1,
			}) {
				t.Errorf("counted %v", got)
			}
		})
	}
}

// A pool's budget is counted once when half of it is spent. A mail that waits is counted as
// delayed, and later as sent.
func TestDelayedMailsAreCounted(t *testing.T) {
	t.Parallel()
	var log metricLog
	product := systemtest.New(t, log.Option)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"limits": fields{"pool_mails_per_hour": 4}})
	for i, want := range []counts{
		{metric.Registrations: 1, metric.MailsSent: 1},
		{metric.Registrations: 2, metric.MailsSent: 2, metric.BudgetsHalfSpent: 1},
		{
			metric.Registrations: 3, metric.MailsSent: 2, metric.BudgetsHalfSpent: 1,
			metric.MailsDelayed: 1,
		},
	} {
		register(t, tenant, pool, systemtest.Address("kim"))
		log.await(t, product.TableName, want)
		if i == 2 {
			product.Clock.Advance(time.Hour)
			product.Tick(t)
			want[metric.MailsSent]++
			log.await(t, product.TableName, want)
		}
	}
}
