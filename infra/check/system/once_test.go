package system_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// idempotencyKey is a key that is long enough.
const idempotencyKey = "8e03978e-40d5-43dd-bc93-6894a57f9324"

// eventProduct is a product to which a test sends the sample events of the routes.
type eventProduct struct {
	*systemtest.Product
	samples sample.Set
	values  *sample.Values
}

// samples returns the sample events of the routes.
func samples(tb testing.TB) sample.Set {
	tb.Helper()
	set, err := sample.Read("../../..")
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// newEventProduct starts a product that has the clients of the events. The test has to call the
// courier.
func newEventProduct(t *testing.T) *eventProduct {
	t.Helper()
	l := &eventProduct{
		systemtest.New(t, func(c *system.Config) { c.Quiet = true }), samples(t), sample.NewValues(),
	}
	for _, c := range sample.Clients() {
		if err := l.EnsureClient(t.Context(), c, sample.Secret); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// event returns the event of an operation, with values from the answers before it.
func (l *eventProduct) event(t *testing.T, operation string) (event events.APIGatewayV2HTTPRequest) {
	t.Helper()
	text, err := l.samples[operation].JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(l.values.Fill(text)), &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// send passes an event to the function of an operation.
func (l *eventProduct) send(
	t *testing.T, operation string, event events.APIGatewayV2HTTPRequest,
) events.APIGatewayV2HTTPResponse {
	t.Helper()
	got, err := l.Functions[l.samples[operation].Route.Function](t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sendPrerequisites sends the events that must come before that of an operation.
func (l *eventProduct) sendPrerequisites(t *testing.T, operation string) {
	t.Helper()
	for _, before := range l.samples.Before(operation) {
		got := l.send(t, before, l.event(t, before))
		if got.StatusCode >= 400 {
			t.Fatalf("%s answers %d %s", before, got.StatusCode, got.Body)
		}
		l.values.SetFromResponse(before, got)
	}
}

// itemsWithoutAnswers returns the items of the table, except for stored answers, as sorted JSON
// texts.
func (l *eventProduct) itemsWithoutAnswers(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, item := range l.Items(t) {
		if item.Kind() != "ANSWER" {
			text, err := json.Marshal(item)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(text))
		}
	}
	return sorted(all)
}

// "Every POST takes Idempotency-Key: parallel repeats make one user and one mail; the same key with
// another body is 422", for each operation that changes something.
func TestARepeatTakesEffectOnce(t *testing.T) {
	t.Parallel()
	for _, route := range functions.Routes() {
		// The code of an app is right for half a minute, so no sample has one. The tests of functions/factors
		// repeat this request.
		if !faulttest.TakesKey(route) || route.Name == "system.changeTotpSecret" {
			continue
		}
		t.Run(route.Name, func(t *testing.T) {
			t.Parallel()
			l := newEventProduct(t)
			l.sendPrerequisites(t, route.Name)
			event := l.event(t, route.Name)
			event.Headers["idempotency-key"] = idempotencyKey
			answers := make([]events.APIGatewayV2HTTPResponse, 20)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() { answers[i] = l.send(t, route.Name, event) })
			}
			all.Wait()
			after, first := l.itemsWithoutAnswers(t), 0
			for _, got := range answers {
				if got.StatusCode != answers[0].StatusCode || got.StatusCode >= 300 ||
					got.Body != answers[0].Body || got.Headers["Etag"] != answers[0].Headers["Etag"] {
					t.Errorf(
						"answers differ: %d %s and %d %s", answers[0].StatusCode, answers[0].Body,
						got.StatusCode, got.Body,
					)
				}
				if got.Headers["X-Idempotent-Replayed"] == "" {
					first++
				}
			}
			if first != 1 {
				t.Errorf("%d of 20 repeats were carried out", first)
			}

			l.Clock.Advance(50 * time.Minute) // a late repeat, under the header's other name
			delete(event.Headers, "idempotency-key")
			event.Headers["x-idempotency-key"] = idempotencyKey
			again := l.send(t, route.Name, event)
			if again.Body != answers[0].Body || again.StatusCode != answers[0].StatusCode ||
				again.Headers["X-Idempotent-Replayed"] != "true" {
				t.Errorf("a late repeat answers %d %s", again.StatusCode, again.Body)
			}
			other := event
			other.RawQueryString += "&other=1"
			if got := l.send(t, route.Name, other); got.StatusCode != 422 ||
				!strings.Contains(got.Body, `"idempotency_key_reused"`) {
				t.Errorf("another request under the key answers %d %s", got.StatusCode, got.Body)
			}
			if now := l.itemsWithoutAnswers(t); !slices.Equal(now, after) {
				t.Errorf(
					"the repeats changed the table:\n%s\nbefore:\n%s", strings.Join(now, "\n"),
					strings.Join(after, "\n"),
				)
			}
			l.Clock.Advance(24 * time.Hour) // the tokens have expired too
			l.mustBeForgotten(t, route, event)
		})
	}
}

// mustBeForgotten checks that a key can be used again after a day.
func (l *eventProduct) mustBeForgotten(
	t *testing.T, route api.Route, event events.APIGatewayV2HTTPRequest,
) {
	t.Helper()
	if route.Caller != access.Public {
		for _, operation := range []string{"client.adminToken", "client.systemToken"} {
			l.values.SetFromAnswer(operation, l.send(t, operation, l.event(t, operation)).Body)
		}
		event.Headers["authorization"] = l.event(t, route.Name).Headers["authorization"]
	}
	if got := l.send(t, route.Name, event); got.Headers["X-Idempotent-Replayed"] != "" {
		t.Errorf("after a day the answer is still %d %s", got.StatusCode, got.Body)
	}
}

// An invalid key is refused, with the header's name in the answer. A request that fails does not
// use up its key.
func TestAKeyIsSpentByAChangeAlone(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path, user := "/pools/"+pool+"/users", fields{
		"status":      "new",
		"identifiers": []fields{{"identifier": systemtest.Address("ann"), "type": "email"}},
	}
	for name, key := range map[string]string{
		"too short": idempotencyKey[:31], "too long": strings.Repeat("k", 256),
		"with a space": idempotencyKey + " k",
	} {
		t.Run(name, func(t *testing.T) {
			got := tenant.Admin.Call(t, "POST", path, user, "X-Idempotency-Key", key)
			systemtest.CheckRefusal(t, got, 422, "invalid", "X-Idempotency-Key")
		})
	}
	t.Run("a request that was refused, corrected", func(t *testing.T) {
		tenant.Admin.Must(
			t, 422, "POST", path, fields{"status": "odd"}, "Idempotency-Key", idempotencyKey,
		)
		tenant.Admin.Must(t, 201, "POST", path, user, "Idempotency-Key", idempotencyKey)
	})
	t.Run("the same key in another tree and tenant is another", func(t *testing.T) {
		bea := fields{
			"status":      "new",
			"identifiers": []fields{{"identifier": systemtest.Address("bea"), "type": "email"}},
		}
		tenant.System.Must(t, 201, "POST", path, bea, "Idempotency-Key", idempotencyKey)
	})
}
