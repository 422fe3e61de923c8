package system_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/golden"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/gateway"
	"identitypools/infra/local/system"
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
