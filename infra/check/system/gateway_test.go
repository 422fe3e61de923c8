package system_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/golden"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/gateway"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// A client observes of the local gateway what it observes of API Gateway.
func TestTheLocalGatewayIsLikeAPIGateway(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	product := strings.TrimSuffix(tenant.Admin.URL(""), "/api/identity/"+tenant.ID+"/admin")
	for _, fact := range gateway.Facts() {
		if fact.NotLocal != "" {
			continue
		}
		t.Run(fact.What, func(t *testing.T) {
			t.Parallel()
			r, err := fact.Request(t.Context(), product, tenant.ID, pool, tenant.Admin.Token)
			if err != nil {
				t.Fatal(err)
			}
			got := ask(t, fact.Ask.Function, r)
			for _, difference := range fact.Differences(r, got.Status, got.Header, got.Body) {
				t.Error(difference)
			}
		})
	}
}

// ask sends a request to the product, or to a local gateway whose functions behave in another way.
func ask(t *testing.T, behaviour gateway.Behaviour, r *http.Request) systemtest.Response {
	t.Helper()
	if behaviour == "" {
		return systemtest.Send(t, r)
	}
	broken := map[string]api.Gateway{}
	for _, f := range functions.All() {
		broken[f.Name()] = func(
			ctx context.Context, _ events.APIGatewayV2HTTPRequest,
		) (events.APIGatewayV2HTTPResponse, error) {
			switch behaviour {
			case gateway.Hangs:
				<-ctx.Done()
				return events.APIGatewayV2HTTPResponse{}, ctx.Err()
			case gateway.AnswersTooMuch:
				return events.APIGatewayV2HTTPResponse{
					StatusCode: 200, Body: strings.Repeat("x", gateway.MaxAnswer),
				}, nil
			}
			return events.APIGatewayV2HTTPResponse{}, http.ErrAbortHandler
		}
	}
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // instead of gateway.Timeout
	defer cancel()
	if behaviour != gateway.Hangs {
		soon = t.Context()
	}
	w := httptest.NewRecorder()
	system.Gateway(broken).ServeHTTP(w, r.WithContext(soon))
	return systemtest.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
}

func TestTheGatewayDocumentIsWrittenFromTheFacts(t *testing.T) {
	t.Parallel()
	golden.Same(t, "../../../docs/gateway.md", gateway.Document())
}

// A browser lets a page of another origin call exactly the routes whose rows say so, of those that
// need a method or a header that is not safe (Fetch, CORS-preflight fetch).
func TestOtherOriginsMayCallWhatRowsSay(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	ids := strings.NewReplacer(
		"{tid}", "default", "{ipID}", "p", "{userID}", "u", "{schID}", "s", "{kind}", "k", "{lang}", "l",
		"{metadataType}", "admin",
	)
	for _, route := range functions.Routes() {
		needs := []string{"content-type", "x-idempotency-key"}
		switch route.Caller {
		case access.Admin, access.System:
			needs = append(needs, "authorization")
		case access.OAuthClient:
			needs = []string{"authorization"}
		case access.Public:
			if !route.CrossOrigin {
				continue // a page, which needs no header and which everybody may see
			}
		}
		r, err := http.NewRequestWithContext(
			t.Context(), http.MethodOptions, product.BaseURL+ids.Replace(route.Path), nil,
		)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://app.example.com")
		r.Header.Set("Access-Control-Request-Method", route.Method)
		h := systemtest.Send(t, r).Header
		methods := strings.Split(h.Get("Access-Control-Allow-Methods"), ",")
		headers := strings.Split(h.Get("Access-Control-Allow-Headers"), ",")
		may := h.Get("Access-Control-Allow-Origin") == "*" && slices.Contains(methods, route.Method) &&
			!slices.ContainsFunc(needs, func(name string) bool { return !slices.Contains(headers, name) })
		if may != route.CrossOrigin {
			t.Errorf("%s: pages of other origins may call it: %t", route.Name, may)
		}
	}
}
