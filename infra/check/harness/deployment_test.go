package harness_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/harness"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/api"
	"identitypools/shared/table"
)

// world is a table of its own with the functions' programs on it. Nothing else works on that table: what happens, they do.
type world struct {
	table     *table.Table
	inbox     *parttest.Inbox
	env       map[string]string
	functions map[string]*harness.Function
	values    *story.Values
	names     *strings.Replacer   // of people, where this world's mails must not be taken for others'; nil: as the events have them
	stored    *systemtest.Product // to look into the table past the functions; it does nothing itself
}

// newWorld makes the table, with an admin client and a system client. The product that makes them has stopped when it returns.
func newWorld(tb testing.TB) *world {
	tb.Helper()
	inbox, name := parttest.OpenInbox(tb), "events-"+systemtest.Unique()
	env := map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": parttest.Engine(tb), "AWS_ENDPOINT_URL_SESV2": inbox.URL(), "TABLE_NAME": name,
		"CODE_SECRET": systemtest.Secret(), "TOKEN_SECRET": systemtest.Secret(),
		"PUBLIC_URL": "https://id.example.com", "MAIL_FROM": "Identity Pools <no-reply@example.com>",
	}
	product, err := system.Start(tb.Context(), system.Config{
		DynamoDBURL: env["AWS_ENDPOINT_URL_DYNAMODB"], SESURL: inbox.URL(), Table: name, Address: "127.0.0.1:0", Environment: env,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatalf("start the product: %v", err)
	}
	defer product.Stop()
	for _, c := range story.Clients() {
		if err := product.EnsureClient(tb.Context(), c, story.Secret); err != nil {
			tb.Fatalf("make client: %v", err)
		}
	}
	return &world{
		table: product.Table, inbox: inbox, env: env, functions: map[string]*harness.Function{}, values: story.NewValues(),
		stored: &systemtest.Product{System: product},
	}
}

// invoke has a function's program do an event, and fails the test where that is an error.
func (w *world) invoke(tb testing.TB, function, event string) []byte {
	tb.Helper()
	f, ok := w.functions[function]
	if !ok {
		f = start(tb, bootstraps(tb)[function], w.env)
		w.functions[function] = f
	}
	body, err := f.Invoke(tb.Context(), []byte(event))
	if err != nil {
		tb.Fatalf("invoke %s: %v\n%s", function, err, f.Output())
	}
	return body
}

// call runs a route's event, and learns the tokens, codes and tickets of its answer.
func (w *world) call(tb testing.TB, operation string) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	return w.send(tb, operation, w.filled(tb, operation))
}

// filled is an operation's event with everything that is known in it.
func (w *world) filled(tb testing.TB, operation string) string {
	tb.Helper()
	text := string(readEvent(tb, operation))
	if w.names != nil {
		text = w.names.Replace(text)
	}
	return w.values.Fill(text)
}

func (w *world) send(tb testing.TB, operation, event string) (answer events.APIGatewayV2HTTPResponse) {
	tb.Helper()
	if err := json.Unmarshal(w.invoke(tb, routes()[operation].Function, event), &answer); err != nil {
		tb.Fatalf("%s: decode the answer: %v", operation, err)
	}
	w.values.Hear(operation, answer.Body, answer.Cookies...)
	return answer
}

// given runs events that must succeed before the one that is tested.
func (w *world) given(tb testing.TB, operations ...string) {
	tb.Helper()
	for _, operation := range operations {
		if answer := w.call(tb, operation); answer.StatusCode >= 400 {
			tb.Fatalf("%s answers %d: %s", operation, answer.StatusCode, answer.Body)
		}
	}
}

// routes is the route table by operation.
func routes() map[string]api.Route {
	all := map[string]api.Route{}
	for _, route := range api.Routes() {
		all[route.Operation] = route
	}
	return all
}
