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

	"identitypools/infra/check/cost"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/table"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// counted is more users of a pool than the courier remembers as counted, and batch how many of the stream's records a run takes.
const (
	counted = 100
	batch   = table.StreamBatch
)

// world is a product that runs the events of events/ and counts what they cost. Its clock stands still, so that settings
// once read stay in memory.
type world struct {
	*systemtest.Product
	meter  *systemtest.Meter
	mails  *atomic.Int64
	log    *bytes.Buffer
	values *story.Values
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{meter: &systemtest.Meter{}, mails: &atomic.Int64{}, log: &bytes.Buffer{}, values: story.NewValues()}
	now := time.Now().Truncate(time.Second)
	ses := passing(tb, parttest.OpenInbox(tb).URL(), w.mails)
	w.Product = systemtest.New(tb, systemtest.WithMiddleware(w.meter.Watch), func(c *system.Config) {
		c.NoCourier, c.Now, c.Log = true, func() time.Time { return now }, slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{ReplaceAttr: oneTime}))
		c.SESURL, c.Environment["PUBLIC_URL"] = ses, "https://id.example.com"
	})
	for _, c := range story.Clients() {
		if err := w.EnsureClient(tb.Context(), c, story.Secret); err != nil {
			tb.Fatal(err)
		}
	}
	return w
}

// oneTime makes all lines of a log of one length, which real times aren't: zeros at their end are left out.
func oneTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Time(a.Key, time.Date(2026, 2, 3, 4, 5, 6, 123_456_789, time.UTC))
	}
	return a
}

// passing counts the mails on their way to the inbox.
func passing(tb testing.TB, inbox string, mails *atomic.Int64) string {
	tb.Helper()
	to, err := url.Parse(inbox)
	if err != nil {
		tb.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mails.Add(1)
		proxy.ServeHTTP(rw, r)
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

// do runs an operation's event, which must succeed, with other names than the file's.
func (w *world) do(tb testing.TB, operation string, named func(event string) string) {
	tb.Helper()
	text, err := os.ReadFile("../../../events/" + operation + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal([]byte(w.values.Fill(named(string(text)))), &event); err != nil {
		tb.Fatal(err)
	}
	answer, err := w.Functions[functionOf(operation)](tb.Context(), event)
	if err != nil || answer.StatusCode >= 400 {
		tb.Fatalf("%s answers %d: %s, %v", operation, answer.StatusCode, answer.Body, err)
	}
	w.values.Hear(operation, answer.Body, answer.Cookies...)
}

func asWritten(event string) string { return event }

// rehearse runs an operation, and what must be before it, about others: in the same pool, or in another one where the operation is about
// pools or schemas. Its function has all in memory then that it keeps there. It answers what is left to do before the real run.
func (w *world) rehearse(tb testing.TB, operation string) (left []string) {
	tb.Helper()
	names := regexp.MustCompile(`\b(ann|ben|bea|cleo)\b`)
	left = slices.DeleteFunc(story.Given(operation), func(earlier string) bool { return earlier == "createPool" })
	if function := functionOf(operation); function == "pools" || function == "schemas" {
		names, left = regexp.MustCompile(`\b(partners|partner_profile)\b`), story.Given(operation)
	}
	for _, each := range append(story.Given(operation), operation) {
		w.do(tb, each, func(event string) string { return names.ReplaceAllString(event, "${1}_of_before") })
	}
	return left
}

func functionOf(operation string) string { return story.Route(operation).Function }

// measured is what something costs.
func (w *world) measured(name, function string, do func()) cost.Call {
	w.meter.Collect()
	w.mails.Store(0)
	w.log.Reset()
	do()
	got := w.meter.Collect()
	return cost.Call{
		Name: name, Function: function, RoundTrips: got.RoundTrips, Write: got.Write, Read: got.Read, Mails: int(w.mails.Load()), LogBytes: w.log.Len(),
	}
}

// route measures an operation.
func route(tb testing.TB, operation string) cost.Route {
	tb.Helper()
	w := newWorld(tb)
	for _, earlier := range w.rehearse(tb, operation) {
		w.do(tb, earlier, asWritten)
	}
	before := w.items(tb)
	out := cost.Route{Call: w.measured(operation, functionOf(operation), func() { w.do(tb, operation, asWritten) })}
	after := w.items(tb)
	out.Hashes = hashes(before, after)
	if out.Function == "credentials" {
		out.Hashes++ // of what is to be proved
	}
	for _, record := range records(before, after) {
		out.After = append(out.After, w.duty(tb, record))
	}
	return out
}

// items are all items by key.
func (w *world) items(tb testing.TB) map[string]systemtest.Item {
	tb.Helper()
	all := map[string]systemtest.Item{}
	for _, it := range w.Items(tb) {
		all[it["pk"]+" "+it["sk"]] = it
	}
	return all
}

// hashes is how many passwords were hashed and stored.
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

// records are those of the stream that wake the courier. A pool that is gone was marked as deleted first.
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
		all = append(all, record(events.DynamoDBOperationTypeModify, marked), record(events.DynamoDBOperationTypeRemove, before[key]))
	}
	return slices.DeleteFunc(all, func(r events.DynamoDBEventRecord) bool {
		return !table.IsTrigger(r.EventName, r.Change.Keys["pk"].String(), r.Change.Keys["sk"].String(), r.Change.NewImage)
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

// duty measures what the courier does about a record. It has no settings in memory, since it counts and mails too rarely for that.
func (w *world) duty(tb testing.TB, r events.DynamoDBEventRecord) cost.Call {
	tb.Helper()
	name := "look after a deleted pool"
	partition := r.Change.Keys["pk"].String()
	switch table.KindOf(partition) {
	case table.Messages:
		var message struct{ Kind identity.MessageKind }
		if err := json.Unmarshal([]byte(r.Change.NewImage["doc"].String()), &message); err != nil {
			tb.Fatal(err)
		}
		name = map[identity.MessageKind]string{
			identity.MessageActivation: "mail a code", identity.MessagePasswordSet: "mail that a password was set",
		}[message.Kind]
	case table.OfUser:
		name = "look whether a user is unproved"
	case table.Users:
		name = "count a user"
		w.fill(tb, partition)
	}
	return w.measured(name, "courier", func() { w.deliver(tb, r) })
}

// fill has the courier count as many users as a pool remembers, as it has in a pool that is in use. A pool that is gone has no count.
func (w *world) fill(tb testing.TB, partition string) {
	tb.Helper()
	pool := strings.Replace(partition, "USERS#", "POOL#", 1) + " POOL"
	if _, there := w.items(tb)[pool]; there {
		w.deliver(tb, strangers(partition, 0, counted)...)
	}
}

// strangers are records of users whom nobody else knows.
func strangers(partition string, from, n int) (all []events.DynamoDBEventRecord) {
	for i := range n {
		all = append(all, record(events.DynamoDBOperationTypeInsert, systemtest.Item{"pk": partition, "sk": fmt.Sprint("stranger-", from+i)}))
	}
	return all
}

// deliver has the courier do records, all of which it must get done.
func (w *world) deliver(tb testing.TB, records ...events.DynamoDBEventRecord) {
	tb.Helper()
	if failed := w.Courier.Stream(tb.Context(), events.DynamoDBEvent{Records: records}).BatchItemFailures; len(failed) > 0 {
		tb.Fatalf("%d records come again", len(failed))
	}
}

// measure measures everything.
func measure(tb testing.TB) (m cost.Measured) {
	tb.Helper()
	for _, r := range api.Routes() {
		m.Routes = append(m.Routes, route(tb, r.Operation))
	}
	w := newWorld(tb)
	for _, operation := range story.Given("systemGetUser") {
		w.do(tb, operation, asWritten)
	}
	m.UserBytes = userBytes(w.Items(tb))
	m.Tick = w.measured("look for messages that are due", "courier", func() {
		if err := w.Courier.Tick(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	})
	partition := "USERS#" + story.Tenant + "#partners"
	w.fill(tb, partition)
	m.Batch = w.measured(fmt.Sprintf("count %d users at once", batch), "courier", func() { w.deliver(tb, strangers(partition, counted, batch)...) })
	return m
}

// userBytes is the size of the items of the one user among items, with what DynamoDB adds to each for its own use.
func userBytes(items []systemtest.Item) float64 {
	const overhead = 100
	size := 0
	for _, it := range items {
		if kind := table.KindOf(it["pk"]); kind != table.Users && kind != table.Claims {
			continue
		}
		size += overhead
		for name, value := range it {
			size += len(name) + len(value)
		}
	}
	return float64(size)
}
