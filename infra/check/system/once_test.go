package system_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

const idempotencyKey = "8e03978e-40d5-43dd-bc93-6894a57f9324"

// tale is a product in which the events of events/ happen.
type tale struct {
	*systemtest.Product
	values *story.Values
}

func newTale(t *testing.T) *tale {
	t.Helper()
	tale := &tale{systemtest.New(t, func(c *system.Config) { c.NoCourier = true }), story.NewValues()}
	for _, c := range story.Clients() {
		if err := tale.EnsureClient(t.Context(), c, story.Secret); err != nil {
			t.Fatal(err)
		}
	}
	return tale
}

func (l *tale) event(t *testing.T, operation string) (event events.APIGatewayV2HTTPRequest) {
	t.Helper()
	text, err := os.ReadFile("../../../events/" + operation + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(l.values.Fill(string(text))), &event); err != nil {
		t.Fatal(err)
	}
	return event
}

func (l *tale) send(t *testing.T, operation string, event events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	got, err := l.Functions[story.Route(operation).Function](t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (l *tale) given(t *testing.T, operation string) {
	t.Helper()
	for _, before := range story.Given(operation) {
		got := l.send(t, before, l.event(t, before))
		if got.StatusCode >= 400 {
			t.Fatalf("%s answers %d %s", before, got.StatusCode, got.Body)
		}
		l.values.Hear(before, got.Body, got.Cookies...)
	}
}

// changed are the items of the table without the answers and what counts tries.
func (l *tale) changed(t *testing.T) []string {
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

// The operations that have no need of a key: they change nothing, count their repeats themselves, come from a form, or come to the same each time.
var notOnce = []string{
	"admin.previewMail", "system.getUserByKey", "system.verifyPassword", "system.verifyPasswordV2", "public.registerByPage", "public.activateByCode", "public.activateByPage", "admin.clearSuppressions",
}

// "Every POST takes Idempotency-Key: parallel repeats make one user and one mail; the same key with another body is 422", for each
// operation that changes anything.
func TestARepeatTakesEffectOnce(t *testing.T) {
	t.Parallel()
	for _, route := range functions.Routes() {
		if route.Method == http.MethodGet || route.Caller == access.OAuthClient || slices.Contains(notOnce, route.Name) {
			continue
		}
		t.Run(route.Name, func(t *testing.T) {
			t.Parallel()
			l := newTale(t)
			l.given(t, route.Name)
			event := l.event(t, route.Name)
			event.Headers["idempotency-key"] = idempotencyKey
			answers := make([]events.APIGatewayV2HTTPResponse, 20)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() { answers[i] = l.send(t, route.Name, event) })
			}
			all.Wait()
			after, first := l.changed(t), 0
			for _, got := range answers {
				if got.StatusCode != answers[0].StatusCode || got.StatusCode >= 300 || got.Body != answers[0].Body || got.Headers["Etag"] != answers[0].Headers["Etag"] {
					t.Errorf("answers differ: %d %s and %d %s", answers[0].StatusCode, answers[0].Body, got.StatusCode, got.Body)
				}
				if got.Headers["X-Idempotent-Replayed"] == "" {
					first++
				}
			}
			if first != 1 {
				t.Errorf("%d of 20 repeats were carried out", first)
			}

			l.Clock.Advance(50 * time.Minute) // a repeat long after, under the other name
			delete(event.Headers, "idempotency-key")
			event.Headers["x-idempotency-key"] = idempotencyKey
			again := l.send(t, route.Name, event)
			if again.Body != answers[0].Body || again.StatusCode != answers[0].StatusCode || again.Headers["X-Idempotent-Replayed"] != "true" {
				t.Errorf("a late repeat answers %d %s", again.StatusCode, again.Body)
			}
			other := event
			other.RawQueryString += "&other=1"
			if got := l.send(t, route.Name, other); got.StatusCode != 422 || !strings.Contains(got.Body, `"idempotency_key_reused"`) {
				t.Errorf("another request under the key answers %d %s", got.StatusCode, got.Body)
			}
			if now := l.changed(t); !slices.Equal(now, after) {
				t.Errorf("the repeats changed the table:\n%s\nbefore:\n%s", strings.Join(now, "\n"), strings.Join(after, "\n"))
			}
			l.Clock.Advance(24 * time.Hour) // the token has ended too, where there is one
			l.mustBeForgotten(t, route, event)
		})
	}
}

// mustBeForgotten sees to it that after a day the key is as good as new.
func (l *tale) mustBeForgotten(t *testing.T, route api.Route, event events.APIGatewayV2HTTPRequest) {
	t.Helper()
	if route.Caller != access.Public {
		for _, operation := range []string{"client.adminToken", "client.systemToken"} {
			l.values.Hear(operation, l.send(t, operation, l.event(t, operation)).Body)
		}
		event.Headers["authorization"] = l.event(t, route.Name).Headers["authorization"]
	}
	if got := l.send(t, route.Name, event); got.Headers["X-Idempotent-Replayed"] != "" {
		t.Errorf("after a day the answer is still %d %s", got.StatusCode, got.Body)
	}
}

// A key that can't be one is refused by its name; a request that fails leaves its key free for a better one.
func TestAKeyIsSpentByAChangeAlone(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path, user := "/pools/"+pool+"/users", fields{"status": "new", "identifiers": []fields{{"identifier": systemtest.Address("ann"), "type": "email"}}}
	for name, key := range map[string]string{"too short": idempotencyKey[:31], "too long": strings.Repeat("k", 256), "with a space": idempotencyKey + " k"} {
		t.Run(name, func(t *testing.T) {
			got := tenant.Admin.Call(t, "POST", path, user, "X-Idempotency-Key", key)
			systemtest.CheckRefusal(t, got, 422, "invalid", "X-Idempotency-Key")
		})
	}
	t.Run("a request that was refused, corrected", func(t *testing.T) {
		tenant.Admin.Must(t, 422, "POST", path, fields{"status": "odd"}, "Idempotency-Key", idempotencyKey)
		tenant.Admin.Must(t, 201, "POST", path, user, "Idempotency-Key", idempotencyKey)
	})
	t.Run("the same key in another tree and tenant is another", func(t *testing.T) {
		bea := fields{"status": "new", "identifiers": []fields{{"identifier": systemtest.Address("bea"), "type": "email"}}}
		tenant.System.Must(t, 201, "POST", path, bea, "Idempotency-Key", idempotencyKey)
	})
}
