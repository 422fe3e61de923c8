package cost_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/cost"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/infra/local/system"
	"identitypools/shared/identity"
	"identitypools/shared/table"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// counted is a larger number of users than the keeper remembers as counted in a pool. batch is the
// number of records of the stream that one run handles.
const (
	counted = 100
	batch   = table.StreamBatch
)

// meteredProduct is a product that runs the sample events of the routes and measures what they cost. Its
// clock stands still, so that functions keep the settings that they have read in memory.
type meteredProduct struct {
	*systemtest.Product
	meter   *systemtest.Meter
	mails   *atomic.Int64
	log     *bytes.Buffer
	samples sample.Set
	values  *sample.Values
}

func newMeteredProduct(tb testing.TB) *meteredProduct {
	tb.Helper()
	samples, err := sample.Read("../../..")
	if err != nil {
		tb.Fatal(err)
	}
	p := &meteredProduct{
		meter: &systemtest.Meter{}, mails: &atomic.Int64{}, log: &bytes.Buffer{},
		samples: samples, values: sample.NewValues(),
	}
	now := time.Now().Truncate(time.Second)
	ses := countingProxy(tb, parttest.OpenInbox(tb).URL(), p.mails)
	p.Product = systemtest.New(tb, systemtest.WithMiddleware(p.meter.Watch), func(c *system.Config) {
		c.Quiet, c.Now, c.Log = true, func() time.Time { return now },
			slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{ReplaceAttr: fixedTime}))
		c.SESURL, c.Environment["PUBLIC_URL"] = ses, "https://id.example.com"
	})
	for _, c := range sample.Clients() {
		if err := p.EnsureClient(tb.Context(), c, sample.Secret); err != nil {
			tb.Fatal(err)
		}
	}
	return p
}

// fixedTime gives all lines of a log the same length. The lengths of real times differ, because
// zeros at their end are omitted.
func fixedTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Time(a.Key, time.Date(2026, 2, 3, 4, 5, 6, 123_456_789, time.UTC))
	}
	return a
}

// countingProxy returns the URL of a proxy that counts the mails to the inbox.
func countingProxy(tb testing.TB, inbox string, mails *atomic.Int64) string {
	tb.Helper()
	to, err := url.Parse(inbox)
	if err != nil {
		tb.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/email/outbound-emails" { // other calls to SES cost nothing
			mails.Add(1)
		}
		proxy.ServeHTTP(rw, r)
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

// runEvent runs the event of an operation, which must have the status of its sample. named replaces names in the event.
func (p *meteredProduct) runEvent(tb testing.TB, operation string, named func(event string) string) {
	tb.Helper()
	text, err := p.samples[operation].JSON()
	if err != nil {
		tb.Fatal(err)
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal([]byte(p.values.Fill(named(text))), &event); err != nil {
		tb.Fatal(err)
	}
	answer, err := p.Functions[p.functionOf(operation)](tb.Context(), event)
	if err != nil || answer.StatusCode != p.samples[operation].Answer.Status {
		tb.Fatalf("%s answers %d: %s, %v", operation, answer.StatusCode, answer.Body, err)
	}
	p.values.SetFromResponse(operation, answer)
}

func asWritten(event string) string { return event }

// warmUp runs an operation and all that it requires for other users in the same pool, or in another
// pool if the operation is about pools, schemas or workspaces. After that its function has in memory what it
// keeps there. The result is what is left to do before the operation is measured.
func (p *meteredProduct) warmUp(tb testing.TB, operation string) (left []string) {
	tb.Helper()
	names := regexp.MustCompile(`\b(ann|ben|bea|cleo)\b`)
	left = slices.DeleteFunc(p.samples.Before(operation), func(earlier string) bool {
		return slices.Contains([]string{
			"admin.createPool", "admin.createAuthorizationServer", "admin.createIdentityPoolIDP", "admin.createClient",
			"admin.createClient, with its secret in forms",
		}, earlier)
	})
	switch p.functionOf(operation) {
	case "pools", "schemas", "workspaces":
		names, left = regexp.MustCompile(`\b(partners|partner_profile|shop)\b`), p.samples.Before(operation)
	}
	digest := func(address string) string { return identity.MailboxDigest(identity.TypeEmail, address) }
	for _, each := range append(p.samples.Before(operation), operation) {
		p.runEvent(tb, each, func(event string) string {
			event = strings.ReplaceAll(event, digest("cleo@example.com"), digest("cleo_of_before@example.com"))
			return names.ReplaceAllString(event, "${1}_of_before")
		})
	}
	return left
}

// functionOf returns the name of the function that serves an operation.
func (p *meteredProduct) functionOf(operation string) string {
	return p.samples[operation].Route.Function
}

// measureCall returns what a call costs.
func (p *meteredProduct) measureCall(name, function string, do func()) cost.Call {
	p.meter.Collect()
	p.mails.Store(0)
	p.log.Reset()
	do()
	got := p.meter.Collect()
	return cost.Call{
		Name: name, Function: function, RoundTrips: got.RoundTrips, Write: got.Write, Read: got.Read,
		Mails: int(p.mails.Load()), LogBytes: p.log.Len(),
	}
}

// measureRoute returns what an operation costs.
func measureRoute(tb testing.TB, operation string) cost.Route {
	tb.Helper()
	p := newMeteredProduct(tb)
	for _, earlier := range p.warmUp(tb, operation) {
		p.runEvent(tb, earlier, asWritten)
	}
	before := p.items(tb)
	out := cost.Route{Call: p.measureCall(operation, p.functionOf(operation), func() {
		p.runEvent(tb, operation, asWritten)
	})}
	after := p.items(tb)
	out.Hashes = hashes(before, after)
	if out.Function == "passwords" {
		out.Hashes++ // of the password that is verified
	}
	for _, record := range records(before, after) {
		out.After = append(out.After, p.measureRecord(tb, record))
	}
	return out
}

// items returns all items by key.
func (p *meteredProduct) items(tb testing.TB) map[string]systemtest.Item {
	tb.Helper()
	all := map[string]systemtest.Item{}
	for _, it := range p.Items(tb) {
		all[it["pk"]+" "+it["sk"]] = it
	}
	return all
}

// hashes returns the number of passwords that were hashed and stored.
func hashes(before, after map[string]systemtest.Item) (n int) {
	known := map[string]bool{"": true}
	for _, it := range before {
		known[it["hash_phc"]] = true
	}
	for _, it := range after {
		if !known[it["hash_phc"]] {
			known[it["hash_phc"]] = true
			n++
		}
	}
	return n
}

// records returns the records of the stream that trigger the courier or the keeper. A pool that was
// deleted was marked as deleted before.
func records(before, after map[string]systemtest.Item) []events.DynamoDBEventRecord {
	var all []events.DynamoDBEventRecord
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if old, known := before[key]; !known {
			all = append(all, record(events.DynamoDBOperationTypeInsert, after[key]))
		} else if !maps.Equal(old, after[key]) {
			all = append(all, record(events.DynamoDBOperationTypeModify, after[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, still := after[key]; still {
			continue
		}
		marked := maps.Clone(before[key])
		marked["deleted_at"] = "1"
		all = append(all, record(events.DynamoDBOperationTypeModify, marked),
			record(events.DynamoDBOperationTypeRemove, before[key]))
	}
	triggers := slices.Concat(table.MailTriggers(), table.KeeperTriggers())
	return slices.DeleteFunc(all, func(r events.DynamoDBEventRecord) bool {
		return !table.IsTrigger(triggers, r.EventName, r.Change.Keys["pk"].String(),
			r.Change.Keys["sk"].String(), r.Change.NewImage)
	})
}

func record(event events.DynamoDBOperationType, it systemtest.Item) events.DynamoDBEventRecord {
	image := map[string]events.DynamoDBAttributeValue{}
	for name, value := range it {
		image[name] = events.NewStringAttribute(value)
	}
	return events.DynamoDBEventRecord{
		EventID: "event " + it["pk"] + it["sk"], EventName: string(event),
		Change: events.DynamoDBStreamRecord{
			Keys:     map[string]events.DynamoDBAttributeValue{"pk": image["pk"], "sk": image["sk"]},
			NewImage: image, SequenceNumber: it["sk"],
		},
	}
}

// measureRecord returns what it costs that the courier or the keeper handles a record. Neither has
// settings in memory for it, because they mail and count too rarely for that.
func (p *meteredProduct) measureRecord(tb testing.TB, r events.DynamoDBEventRecord) cost.Call {
	tb.Helper()
	name, function := "look after a deleted pool", "keeper"
	partition := r.Change.Keys["pk"].String()
	switch table.KindOf(partition) {
	case table.KindMessages:
		var message struct{ Kind identity.MessageKind }
		if err := json.Unmarshal([]byte(r.Change.NewImage["doc"].String()), &message); err != nil {
			tb.Fatal(err)
		}
		function = "courier"
		names := map[identity.MessageKind]string{
			identity.MessageActivation:     "mail a code",
			identity.MessageWelcome:        "mail a welcome",
			identity.MessagePasswordSet:    "mail that a password was set",
			identity.MessageAddressAdded:   "mail that an address was added",
			identity.MessageAddressRemoved: "mail that an address was removed",
		}
		if name = names[message.Kind]; name == "" {
			name = "mail a code that does not activate"
		}
	case table.KindUserItems:
		name = "look whether a user is unproved"
	case table.KindUsers:
		name = "count a user"
		p.fillCounter(tb, partition)
	}
	return p.measureCall(name, function, func() { p.deliver(tb, r) })
}

// fillCounter makes the keeper count as many users as it remembers for a pool, as in a pool that
// is in use. A deleted pool has no counter.
func (p *meteredProduct) fillCounter(tb testing.TB, partition string) {
	tb.Helper()
	pool := strings.Replace(partition, "USERS#", "POOL#", 1) + " POOL"
	if _, there := p.items(tb)[pool]; there {
		p.deliver(tb, newUserRecords(partition, 0, counted)...)
	}
}

// newUserRecords returns records of n new users.
func newUserRecords(partition string, from, n int) (all []events.DynamoDBEventRecord) {
	for i := range n {
		all = append(all, record(events.DynamoDBOperationTypeInsert,
			systemtest.Item{"pk": partition, "sk": fmt.Sprint("stranger-", from+i)}))
	}
	return all
}

// deliver passes records to the courier and the keeper, which must handle all of them.
func (p *meteredProduct) deliver(tb testing.TB, records ...events.DynamoDBEventRecord) {
	tb.Helper()
	failed := p.Stream(tb.Context(), events.DynamoDBEvent{Records: records})
	if len(failed) > 0 {
		tb.Fatalf("%d records come again", len(failed))
	}
}

// measure measures everything.
func measure(tb testing.TB) (m cost.Measured) {
	tb.Helper()
	for _, r := range functions.Routes() {
		m.Routes = append(m.Routes, measureRoute(tb, r.Name))
	}
	p := newMeteredProduct(tb)
	for _, operation := range p.samples.Before("system.getUser") {
		p.runEvent(tb, operation, asWritten)
	}
	m.UserBytes = userBytes(p.Items(tb))
	m.Tick = p.measureCall("look for what is due", "keeper", func() {
		if err := p.Keeper.Tick(system.As(tb.Context(), "keeper")); err != nil {
			tb.Fatal(err)
		}
	})
	partition := "USERS#" + sample.Tenant + "#partners"
	p.fillCounter(tb, partition)
	m.Batch = p.measureCall(fmt.Sprintf("count %d users at once", batch), "keeper", func() {
		p.deliver(tb, newUserRecords(partition, counted, batch)...)
	})
	return m
}

// userBytes returns the size of the items of the only user among the items, including what DynamoDB
// adds to each item.
func userBytes(items []systemtest.Item) float64 {
	const overhead = 100
	size := 0
	for _, it := range items {
		if kind := table.KindOf(it["pk"]); kind != table.KindUsers && kind != table.KindClaims {
			continue
		}
		size += overhead
		for name, value := range it {
			size += len(name) + len(value)
		}
	}
	return float64(size)
}
