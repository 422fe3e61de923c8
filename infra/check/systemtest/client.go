package systemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/shared/api"
)

// Client calls one tree of the API as one caller.
type Client struct {
	ID, Secret string
	// Token is sent with every call. It is "" for browsers.
	Token      string
	base, tree string
}

// Response is an answer whose body was read completely.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Call sends a request to a path of the client's tree and returns the answer. The body is JSON text
// (a string or []byte), a value to encode as JSON, or nil for no body. The headers are pairs of
// names and values.
func (c *Client) Call(tb testing.TB, method, path string, body any, headers ...string) Response {
	tb.Helper()
	return Send(tb, c.Request(tb, method, path, body, headers...))
}

// Request returns the request that [Client.Call] would send.
func (c *Client) Request(tb testing.TB, method, path string, body any, headers ...string) *http.Request {
	tb.Helper()
	var payload io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		payload = strings.NewReader(b)
	case []byte:
		payload = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			tb.Fatalf("encode body: %v", err)
		}
		payload = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(tb.Context(), method, c.URL(path), payload)
	if err != nil {
		tb.Fatalf("make request: %v", err)
	}
	if payload != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// Must is like [Client.Call] and also fails the test if the answer has another status than want.
func (c *Client) Must(
	tb testing.TB, want int, method, path string, body any, headers ...string,
) Response {
	tb.Helper()
	got := c.Call(tb, method, path, body, headers...)
	if got.Status != want {
		tb.Fatalf("%s %s answered %d, want %d: %s", method, path, got.Status, want, got.Body)
	}
	return got
}

// FetchToken returns a new token for the client's credentials.
func (c *Client) FetchToken(tb testing.TB, tenant, tree string) string {
	tb.Helper()
	token, _ := Send(tb, c.TokenRequest(tb, tenant, tree)).Fields(tb)["access_token"].(string)
	if token == "" {
		tb.Fatal("no token for the client")
	}
	return token
}

// TokenRequest returns a request for a token with the client's credentials.
func (c *Client) TokenRequest(tb testing.TB, tenant, tree string) *http.Request {
	tb.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost,
		c.base+"/"+tenant+"/"+tree+"/oauth2/token", strings.NewReader(form))
	if err != nil {
		tb.Fatalf("make request: %v", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	return r
}

// Send sends a request and returns the answer.
func Send(tb testing.TB, r *http.Request) Response {
	tb.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatalf("call the product: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatalf("read the answer: %v", err)
	}
	return Response{Status: response.StatusCode, Header: response.Header, Body: body}
}

// InvokeFunction passes a request to a function without the gateway, with a context that the test
// chooses, and returns the function's answer.
func (p *Product) InvokeFunction(
	ctx context.Context, tb testing.TB, function string, r *http.Request,
) Response {
	tb.Helper()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			tb.Fatalf("read the request: %v", err)
		}
	}
	answer, err := p.Functions[function](ctx, api.Event(r, body, Unique()))
	if err != nil {
		tb.Fatalf("call function %s: %v", function, err)
	}
	got := Response{Status: answer.StatusCode, Header: http.Header{}, Body: []byte(answer.Body)}
	for name, value := range answer.Headers {
		got.Header.Set(name, value)
	}
	for _, cookie := range answer.Cookies {
		got.Header.Add("Set-Cookie", cookie)
	}
	return got
}

// Fields returns the body as a JSON object.
func (r Response) Fields(tb testing.TB) map[string]any {
	tb.Helper()
	var fields map[string]any
	if err := json.Unmarshal(r.Body, &fields); err != nil {
		tb.Fatalf("the answer is no JSON object: %s", r.Body)
	}
	return fields
}

// Text returns the value of a field of the body that must be a string.
func (r Response) Text(tb testing.TB, field string) string {
	tb.Helper()
	text, ok := r.Fields(tb)[field].(string)
	if !ok {
		tb.Fatalf("the answer has no text in %q: %s", field, r.Body)
	}
	return text
}

// URL returns the URL of a path of the client's tree.
func (c *Client) URL(path string) string { return c.base + c.tree + path }
