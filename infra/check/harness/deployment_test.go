package harness_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/harness"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/infra/local/system"
	"identitypools/shared/api"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// deployment is a table with the programs of the functions. Nothing else works on the table.
type deployment struct {
	table     *table.Table
	inbox     *parttest.Inbox
	env       map[string]string
	functions map[string]*harness.Function
	samples   sample.Set
	values    *sample.Values
	// names replaces the addresses of the events by addresses that no other deployment uses. It is
	// nil if that is not needed.
	names *strings.Replacer
	// reader reads the table without the functions. It has stopped otherwise.
	reader *systemtest.Product
}

// newDeployment creates a table with an admin client and a system client. The product that creates
// them is stopped before it returns.
func newDeployment(tb testing.TB) *deployment {
	tb.Helper()
	inbox, name := parttest.OpenInbox(tb), "events-"+systemtest.Unique()
	env := map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": parttest.Engine(tb), "AWS_ENDPOINT_URL_SESV2": inbox.URL(),
		"AWS_ENDPOINT_URL_SQS": parttest.Queue(tb), "MAIL_QUEUE_URL": "none",
		"TABLE_NAME":  name,
		"CODE_SECRET": systemtest.Secret(), "TOKEN_SECRET": systemtest.Secret(),
		"PUBLIC_URL": "https://id.example.com", "MAIL_FROM": "Identity Pools <no-reply@example.com>",
	}
	product, err := system.Start(tb.Context(), system.Config{
		DynamoDBURL: env["AWS_ENDPOINT_URL_DYNAMODB"], SESURL: inbox.URL(), Table: name, Quiet: true,
		Address: "127.0.0.1:0", Environment: env,
		Now: time.Now, Retry: retry.Random(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatalf("start the product: %v", err)
	}
	defer product.Stop()
	for _, c := range sample.Clients() {
		if err := product.EnsureClient(tb.Context(), c, sample.Secret); err != nil {
			tb.Fatalf("make client: %v", err)
		}
	}
	return &deployment{
		table: product.Table, inbox: inbox, env: env, functions: map[string]*harness.Function{},
		samples: samples(tb), values: sample.NewValues(),
		reader: &systemtest.Product{System: product},
	}
}

// invoke passes an event to the program of a function. It fails the test if the function answers
// with an error.
func (d *deployment) invoke(tb testing.TB, function, event string) []byte {
	tb.Helper()
	f, ok := d.functions[function]
	if !ok {
		f = start(tb, bootstraps(tb)[function], d.env)
		d.functions[function] = f
	}
	body, err := f.Invoke(tb.Context(), []byte(event))
	if err != nil {
		tb.Fatalf("invoke %s: %v\n%s", function, err, f.Output())
	}
	return body
}

// call passes the event of a route to its function and remembers the tokens, codes and tickets of
// the answer.
func (d *deployment) call(tb testing.TB, operation string) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	return d.send(tb, operation, d.filledEvent(tb, operation))
}

// filledEvent returns the event of an operation in which the known values replace the placeholders.
func (d *deployment) filledEvent(tb testing.TB, operation string) string {
	tb.Helper()
	text, err := d.samples[operation].JSON()
	if err != nil {
		tb.Fatal(err)
	}
	if d.names != nil {
		text = d.names.Replace(text)
	}
	return d.values.Fill(text)
}

func (d *deployment) send(
	tb testing.TB, operation, event string,
) (answer events.APIGatewayV2HTTPResponse) {
	tb.Helper()
	if err := json.Unmarshal(d.invoke(tb, d.samples[operation].Route.Function, event), &answer); err != nil {
		tb.Fatalf("%s: decode the answer: %v", operation, err)
	}
	d.values.SetFromResponse(operation, answer)
	return answer
}

// given runs events that are required before the one that is tested, and that must succeed.
func (d *deployment) given(tb testing.TB, operations ...string) {
	tb.Helper()
	for _, operation := range operations {
		if answer := d.call(tb, operation); answer.StatusCode >= 400 {
			tb.Fatalf("%s answers %d: %s", operation, answer.StatusCode, answer.Body)
		}
	}
}

// routes returns the route table by operation.
func routes() map[string]api.Route {
	all := map[string]api.Route{}
	for _, route := range functions.Routes() {
		all[route.Name] = route
	}
	return all
}
