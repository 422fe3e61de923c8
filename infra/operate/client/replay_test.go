package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/plan"
	"identitypools/infra/local/system"
)

// failMailsTo makes SES fail for every mail to one address.
func failMailsTo(address string) systemtest.MailFault {
	return func(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil || strings.Contains(string(body), address) {
			systemtest.Refuse(400, "SendingPausedException")(w, r, inbox) // the SDK does not retry this
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		inbox.ServeHTTP(w, r)
	}
}

// "Poison messages end in the dead-letter queue and can be replayed by a documented command": a
// record that always fails holds back the records after it only for as long as plan.Patience, and
// its message is not lost.
func TestAPoisonMessage(t *testing.T) {
	t.Parallel()
	var log systemtest.Log
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, ses.Option, log.Option)
	tenant := product.NewTenant(t)
	o, pool := operator{product, tenant.ID}, tenant.NewPool(t, nil)
	poison, behind := systemtest.Address("poison"), systemtest.Address("behind")
	register := func(email string) {
		t.Helper()
		fields := systemtest.Fields{"identifier": email, "password": systemtest.Password}
		tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=link", fields)
	}
	const dead = `"msg":"stream record is a dead letter"`
	ses.SetFault(failMailsTo(poison))
	tries := func() {
		for range 2 { // when the second attempt begins, the first has failed
			<-ses.Faulted
		}
	}
	register(poison)
	tries()
	register(behind)
	product.Clock.Advance(plan.Patience - time.Minute)
	tries()
	if strings.Contains(log.String(), dead) || len(product.Inbox.Mails(t, behind)) > 0 {
		t.Error("a record was given up before its time, or overtaken")
	}
	product.Clock.Advance(2 * time.Minute)
	product.Inbox.Await(t, behind, 1)
	if !strings.Contains(log.String(), dead) {
		t.Error("nothing tells of a dead letter")
	}
	// The courier deletes a message after SES has taken its mail.
	parttest.Until(t, "one message in the outbox", func() bool {
		return len(product.Stored(t, "MESSAGE#")) == 1
	})
	if mails := product.Inbox.Mails(t, poison); len(mails) > 0 {
		t.Fatalf("%d mails", len(mails))
	}

	ses.ClearFault()
	for range 2 { // the second replay finds nothing, or what the courier has not done yet
		if got := o.run(t, "replay"); got.status != 0 || got.err != "" ||
			!strings.HasPrefix(got.out, "The courier is told again of ") {
			t.Fatalf("replay ends with %d, %q and %q", got.status, got.out, got.err)
		}
	}
	mail := product.Inbox.Await(t, poison, 1)[0]
	product.AwaitEmptyOutbox(t)
	if mails := product.Inbox.Mails(t, poison); len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", systemtest.Fields{
		"code": systemtest.LinkIn(t, mail).Query().Get("code"), "password": systemtest.Password,
	})
}

// A replay does what was given up, but nothing that is out of date.
func TestReplay(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, func(c *system.Config) { c.NoCourier = true })
	tenant := product.NewTenant(t)
	o := operator{product, tenant.ID}
	pool, doomed := tenant.NewPool(t, nil), tenant.NewPool(t, nil)
	for range 60 { // more than the courier deletes at once
		tenant.NewUser(t, doomed, "active", systemtest.Address("user"), nil)
	}
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+doomed, nil)
	for range 3 {
		fields := systemtest.Fields{"identifier": systemtest.Address("ann")}
		tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields)
	}
	before := map[string]string{}
	for _, it := range product.Items(t) {
		before[it["pk"]+it["sk"]] = it["version"] + it["replayed"]
	}
	got := o.run(t, "replay", "--output", "json")
	var told struct{ Messages, Pools int }
	if err := json.Unmarshal([]byte(got.out), &told); err != nil || got.status != 0 ||
		told.Messages != 3 || told.Pools != 1 {
		t.Errorf("replay ends with %d, %q and %q (%v)", got.status, got.out, got.err, err)
	}
	for _, it := range product.Items(t) {
		changed := before[it["pk"]+it["sk"]] != it["version"]+it["replayed"]
		if asked := it.Kind() == "MESSAGE" || it["deleted_at"] != ""; changed != asked {
			t.Errorf("%s is changed: %v", it["pk"], changed)
		}
	}
}
