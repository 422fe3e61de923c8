// Package contract tests the product with the vendor's published Go client, which is used
// unchanged. It is a module of its own, so that neither the client nor its dependencies become
// dependencies of the product. It contains only tests.
package contract_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	acpclient "github.com/cloudentity/acp-client-go"
	admin "github.com/cloudentity/acp-client-go/clients/identity/client"
	adminpools "github.com/cloudentity/acp-client-go/clients/identity/client/pools"
	adminusers "github.com/cloudentity/acp-client-go/clients/identity/client/users"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	system "github.com/cloudentity/acp-client-go/clients/identitysystem/client"
	"github.com/go-openapi/runtime"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// caller is a tenant with the vendor's client for each tree.
type caller struct {
	*systemtest.Tenant
	product *systemtest.Product
	admin   *admin.Acp
	system  *system.Acp
	wire    *wire // records the requests of both clients
}

// open starts a product and returns a caller of it.
func open(t *testing.T) *caller {
	t.Helper()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	c := &caller{Tenant: tenant, product: product, wire: &wire{}}
	c.admin = build(t, product, tenant.ID, "admin", tenant.Admin.ID, tenant.Admin.Secret,
		c.wire).Identity.Acp
	c.system = build(t, product, tenant.ID, "system", tenant.System.ID, tenant.System.Secret,
		c.wire).IdentitySystem.Acp
	return c
}

// build returns the vendor's client as its README makes it: for an issuer, with an id and a secret
// and without a scope.
func build(
	t *testing.T, product *systemtest.Product, tenant, tree, id, secret string, w *wire,
) acpclient.Client {
	t.Helper()
	client, err := acpclient.New(config(t, product, tenant, tree, id, secret, w))
	if err != nil {
		t.Fatalf("make the client: %v", err)
	}
	return client
}

func config(
	t *testing.T, product *systemtest.Product, tenant, tree, id, secret string, w *wire,
) acpclient.Config {
	t.Helper()
	issuer, err := url.Parse(product.BaseURL + "/" + tenant + "/" + tree)
	if err != nil {
		t.Fatal(err)
	}
	return acpclient.Config{
		ClientID: id, ClientSecret: secret, IssuerURL: issuer,
		HttpClient: &http.Client{Transport: w},
	}
}

// newPool creates a pool that allows registration, with the client.
func (c *caller) newPool(t *testing.T) string {
	t.Helper()
	params := adminpools.NewCreatePoolParams().WithPool(&adminmodels.Pool{
		Name: "Partners", PublicRegistrationAllowed: true,
		AuthenticationMechanisms: adminmodels.AuthenticationMechanisms{"password", "otp"},
	})
	return must(c.admin.Pools.CreatePool(params, nil))(t).Payload.ID
}

// newUser creates a user that has only an e-mail identifier, with the client.
func (c *caller) newUser(t *testing.T, pool, email string) string {
	t.Helper()
	user := &adminmodels.NewUserPayload{
		Status:      "new",
		Identifiers: []*adminmodels.NewUserIdentifier{{Identifier: email, Type: "email"}},
	}
	return must(c.admin.Users.CreateUser(adminusers.NewCreateUserParams().WithIPID(pool).WithNewUser(user), nil))(t).Payload.ID
}

// must returns the answer of a call, and fails the test if the call failed.
func must[T any](answer T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("the client says: %v", err)
		}
		return answer
	}
}

// typed returns an error as the type that the client has for it.
func typed[E error](t *testing.T, err error) E {
	t.Helper()
	failure, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("the client says %T (%v), want %T", err, err, failure)
	}
	return failure
}

// plain checks that an error is one that the client knows only by its status.
func plain(t *testing.T, err error, status int) {
	t.Helper()
	if failure := typed[*runtime.APIError](t, err); failure.Code != status {
		t.Fatalf("the client says %v, want status %d", err, status)
	}
}

// ptr returns a pointer to a value, for optional parameters.
func ptr[T any](value T) *T { return &value }

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wire is an http.RoundTripper that records what the client sends.
type wire struct {
	mu   sync.Mutex
	sent []exchange
}

type exchange struct {
	method, path string
	header       http.Header
	body         string
	status       int
}

// RoundTrip sends a request unchanged. It reads a copy of the body, because net/http needs the
// original when the client repeats a call.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	kept := exchange{method: r.Method, path: r.URL.EscapedPath(), header: r.Header.Clone()}
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		kept.body = string(text)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	kept.status = response.StatusCode
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, kept)
	return response, nil
}

// to returns the requests whose path ends with suffix, oldest first.
func (w *wire) to(suffix string) []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []exchange
	for _, e := range w.sent {
		if strings.HasSuffix(e.path, suffix) {
			found = append(found, e)
		}
	}
	return found
}

// last returns the newest request whose path ends with suffix.
func (w *wire) last(t *testing.T, suffix string) exchange {
	t.Helper()
	sent := w.to(suffix)
	if len(sent) == 0 {
		t.Fatalf("nothing was sent to …%s", suffix)
	}
	return sent[len(sent)-1]
}
