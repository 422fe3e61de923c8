package harness_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/local/sample"
	"identitypools/shared/access"
)

// TestEvents passes the sample event of each route to the program of its function, which must answer
// as the event says.
func TestEvents(t *testing.T) {
	t.Parallel()
	for name, event := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.given(t, d.samples.Before(name)...)
			got := d.call(t, name)
			if got.StatusCode != event.Answer.Status {
				t.Fatalf("answered %d, want %d: %s", got.StatusCode, event.Answer.Status, got.Body)
			}
			if !hasBody(t, got, event.Answer.Body) {
				t.Errorf("the body is\n%s\nand lacks\n%s", got.Body, event.Answer.Body)
			}
			// ASVS V16: the id that the gateway gave to a request leads an operator to its log
			// lines.
			want := event.Request().RequestContext.RequestID
			if got.Headers["X-Request-Id"] != want {
				t.Errorf("X-Request-Id is %q, want %q", got.Headers["X-Request-Id"], want)
			}
		})
	}
}

// hasBody reports whether an answer has the wanted body: none, a part of a page, or at least the
// wanted members of a JSON object, in which "…" is any text.
func hasBody(tb testing.TB, got events.APIGatewayV2HTTPResponse, want json.RawMessage) bool {
	tb.Helper()
	if want == nil {
		return got.Body == ""
	}
	var is, wanted any
	if err := json.Unmarshal(want, &wanted); err != nil {
		tb.Fatal(err)
	}
	if part, ok := wanted.(string); ok {
		return strings.HasPrefix(got.Headers["Content-Type"], "text/html") &&
			part != "" && strings.Contains(got.Body, part)
	}
	if err := json.Unmarshal([]byte(got.Body), &is); err != nil {
		return false
	}
	return got.Headers["Content-Type"] == "application/json" && includes(is, wanted)
}

func includes(is, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		is, ok := is.(map[string]any)
		for name, value := range want {
			ok = ok && includes(is[name], value)
		}
		return ok
	case []any:
		is, ok := is.([]any)
		return ok && slices.EqualFunc(is, want, includes)
	case string:
		text, ok := is.(string)
		return ok && (text == want || want == "…" && text != "")
	}
	return is == want
}

// TestEachRouteHasItsEvent checks that every route has a sample event with an answer that is
// expected.
func TestEachRouteHasItsEvent(t *testing.T) {
	t.Parallel()
	set := samples(t)
	for name := range routes() {
		if set[name].Answer.Status == 0 {
			t.Errorf("the route %s has no event, or its event has no answer", name)
		}
	}
}

// TestEventsAreWhatTheGatewaySends compares each event in the complete form with its route. It also
// checks that the values agree that API Gateway sends twice.
func TestEventsAreWhatTheGatewaySends(t *testing.T) {
	t.Parallel()
	set := samples(t)
	for operation, route := range routes() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			event := set[operation].Request()
			context := event.RequestContext
			path := regexp.MustCompile(`{(\w+)\+?}`).ReplaceAllStringFunc(route.Path,
				func(name string) string {
					return event.PathParameters[strings.Trim(name, "{+}")]
				})
			tenant := ""
			if strings.Contains(route.Path, "{tid}") {
				tenant = sample.Tenant
			}
			token := map[access.Caller]string{access.Admin: "Bearer TOKEN_ADMIN", access.System: "Bearer TOKEN_SYSTEM"}[route.Caller]
			for what, pair := range map[string][2]string{
				"version":                 {event.Version, "2.0"},
				"routeKey":                {event.RouteKey, route.Method + " " + route.Path},
				"routeKey of the context": {context.RouteKey, event.RouteKey},
				"rawPath":                 {event.RawPath, path},
				"path of the context":     {context.HTTP.Path, path},
				"method":                  {context.HTTP.Method, route.Method},
				"source address":          {context.HTTP.SourceIP, event.Headers["x-forwarded-for"]},
				"user agent":              {context.HTTP.UserAgent, event.Headers["user-agent"]},
				"domain":                  {context.DomainName, event.Headers["host"]},
				"token":                   {event.Headers["authorization"], token},
				"tenant":                  {event.PathParameters["tid"], tenant},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
				}
			}
			query, err := url.ParseQuery(event.RawQueryString)
			if err != nil || !maps.EqualFunc(query, event.QueryStringParameters,
				func(a []string, b string) bool {
					return strings.Join(a, ",") == b
				}) {
				t.Errorf("the raw query is %q, the parsed one %q, %v", event.RawQueryString,
					event.QueryStringParameters, err)
			}
			if context.RequestID == "" || context.Time == "" ||
				(event.Body == "") != (event.Headers["content-type"] == "") {
				t.Errorf("request id %q, time %q, or a body without a type",
					context.RequestID, context.Time)
			}
		})
	}
}

func strictly(tb testing.TB, text []byte, v any) {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		tb.Fatal(err)
	}
}

// TestFormsInBase64 sends the forms as API Gateway does: a body that is neither JSON nor text is
// encoded in base64. In the sample events they are plain, for people.
func TestFormsInBase64(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"client.systemToken", "public.activateByPage"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.given(t, d.samples.Before("public.activateByPage")...)
			event := d.samples[operation].Request()
			event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(d.values.Fill(event.Body))), true
			text, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.send(t, operation, string(text)); got.StatusCode >= 400 {
				t.Errorf("answered %d: %s", got.StatusCode, got.Body)
			}
		})
	}
}
