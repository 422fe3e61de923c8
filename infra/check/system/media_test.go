package system_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"testing"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// bodies sends the sample events of the routes that have a body, in a tenant of its own.
type bodies struct {
	product *systemtest.Product
	samples sample.Set
	values  *sample.Values
}

// newBodies returns a sender with the clients of the sample events.
func newBodies(t *testing.T) bodies {
	t.Helper()
	b := bodies{systemtest.New(t), samples(t), sample.NewValues()}
	for _, c := range sample.Clients() {
		if err := b.product.EnsureClient(t.Context(), c, sample.Secret); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// request returns the request of a route over HTTP, with another body and other headers than in its
// sample event.
func (b bodies) request(t *testing.T, route api.Route, body []byte, headers ...string) *http.Request {
	t.Helper()
	event := b.samples[route.Name].Request()
	r, err := http.NewRequestWithContext(
		t.Context(), route.Method, b.product.BaseURL+event.RawPath+"?"+event.RawQueryString, bytes.NewReader(body),
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range event.Headers {
		r.Header.Set(name, b.values.Fill(value))
	}
	r.Header.Del("X-Forwarded-For")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// prepare sends the sample events that obtain the tokens, and create the pool and the application of the
// others.
func (b bodies) prepare(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"client.adminToken", "client.systemToken", "admin.createPool", "admin.createAuthorizationServer",
		"admin.createIdentityPoolIDP", "admin.createClient",
	} {
		event := b.samples[name].Request()
		event.Body = b.values.Fill(event.Body)
		event.Headers["authorization"] = b.values.Fill(event.Headers["authorization"])
		answer, err := b.product.Functions[b.samples[name].Route.Function](t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		b.values.SetFromAnswer(name, answer.Body)
	}
}

// RFC 9110 §8.4, §12.5.3 and §15.5.16: every route that takes a body answers 415 to one with a
// content coding, and says that it accepts none. It does so before it looks at the body. A body of
// another media type is answered 415 without Accept-Encoding. The token endpoint differs, because
// RFC 6749 §5.2 says what it answers: 400 to a media type, and in its own form.
func TestContentCodingsAndMediaTypes(t *testing.T) {
	t.Parallel()
	b := newBodies(t)
	b.prepare(t)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte(`{"name":"x"}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, route := range functions.Routes() {
		if route.Body == nil {
			continue
		}
		asked++
		isToken := route.Caller == access.OAuthClient
		isBearer := route.Name == "client.userinfoByPost" // a body that is no form has no token (RFC 6750 §2.2)
		for _, coding := range []string{"gzip", "br", "x-gzip", "GZIP", "identity, gzip", "?"} {
			got := systemtest.Send(t, b.request(t, route, zipped.Bytes(), "Content-Encoding", coding))
			if got.Status != 415 || got.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s answers %d %v to %q: %s", route.Name, got.Status, got.Header, coding, got.Body)
			}
			if isToken && !isBearer && got.Text(t, "error") != "invalid_request" {
				t.Errorf("%s answers %s to %q", route.Name, got.Body, coding)
			}
		}
		for _, coding := range []string{"identity", "Identity", "", "identity, identity"} {
			got := systemtest.Send(t, b.request(t, route, []byte("{}"), "Content-Encoding", coding))
			if got.Status == 415 || got.Header.Get("Accept-Encoding") != "" {
				t.Errorf("%s answers %d %v to %q: %s", route.Name, got.Status, got.Header, coding, got.Body)
			}
		}
		want := http.StatusUnsupportedMediaType
		if isToken {
			want = http.StatusBadRequest
		}
		if isBearer {
			want = http.StatusUnauthorized
		}
		for _, kind := range []string{"text/plain", "application/xml", "multipart/form-data; boundary=x", ";"} {
			got := systemtest.Send(t, b.request(t, route, []byte("a=b"), "Content-Type", kind))
			if got.Status != want || got.Header.Get("Accept-Encoding") != "" {
				t.Errorf("%s answers %d %v to %q: %s", route.Name, got.Status, got.Header, kind, got.Body)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d routes take a body", asked)
	}
}
