package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/access"
	"identitypools/shared/api"
)

// Event is a request of a route in the short form of events.json.
type Event struct {
	Route api.Route `json:"-"`
	// After has the names of the events that must be sent before, without those that issue tokens.
	// Set.Before adds those.
	After   []string          `json:"after"`
	Path    map[string]string `json:"path"` // parameters of the path, without the tenant
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"` // besides those that all requests of the caller have
	Cookies []string          `json:"cookies"`
	Body    json.RawMessage   `json:"body"` // a JSON object
	Form    map[string]string `json:"form"` // a form instead of a JSON object
	Answer  Answer            `json:"answer"`
}

// Answer is the expected answer to an event.
type Answer struct {
	Status int `json:"status"`
	// Body is nil for an empty body. A JSON object has some members of the expected object. A JSON
	// string is a part of the expected page.
	Body json.RawMessage `json:"body"`
}

// The parts of a request that do not depend on its route.
const (
	host    = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
	source  = "192.0.2.10"
	curl    = "curl/8.14.1"
	browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

	sentAt          = "10/Feb/2026:13:40:21 +0000"
	sentAtEpoch     = 1770730821795 // in milliseconds
	sentAtInTraceID = "698b3545"    // in seconds, in hexadecimal digits
)

// Request returns the event in the complete form: payload format 2.0 of API Gateway's HTTP API. A
// form is plain text in it, so that people can read it, while API Gateway sends it in base64.
func (e Event) Request() events.APIGatewayV2HTTPRequest {
	parameters, query, body := e.pathParameters(), encode(e.Query), e.encodedBody()
	path := parameter.ReplaceAllStringFunc(e.Route.Path, func(name string) string {
		return parameters[strings.Trim(name, "{+}")]
	})
	headers := e.headers()
	return events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: e.Route.Key(), RawPath: path,
		RawQueryString: query, QueryStringParameters: e.Query,
		Cookies: e.Cookies, Headers: headers, PathParameters: parameters, Body: body,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: e.Route.Key(), AccountID: "123456789012", Stage: "$default",
			RequestID: e.requestID(), APIID: "a1b2c3d4e5",
			DomainName: host, DomainPrefix: "a1b2c3d4e5", Time: sentAt, TimeEpoch: sentAtEpoch,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: e.Route.Method, Path: path, Protocol: "HTTP/1.1",
				SourceIP: source, UserAgent: headers["user-agent"],
			},
		},
	}
}

// completeEvent encodes an event with the members and the order of API Gateway.
type completeEvent struct {
	events.APIGatewayV2HTTPRequest
	RequestContext  requestContext `json:"requestContext"`
	Body            string         `json:"body,omitempty"`
	IsBase64Encoded bool           `json:"isBase64Encoded"`
}

// requestContext leaves out the member authentication, which only clients with certificates have.
type requestContext struct {
	events.APIGatewayV2HTTPRequestContext
	Authentication *struct{} `json:"authentication,omitempty"`
}

// JSON returns the event in the complete form as indented JSON.
func (e Event) JSON() (string, error) {
	request := e.Request()
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // people read it
	err := encoder.Encode(completeEvent{
		APIGatewayV2HTTPRequest: request, Body: request.Body,
		RequestContext: requestContext{APIGatewayV2HTTPRequestContext: request.RequestContext},
	})
	if err != nil {
		return "", fmt.Errorf("encode the event of %s: %w", e.Route.Name, err)
	}
	return text.String(), nil
}

// pathParameters returns the parameters of the path, with the tenant if the path has one.
func (e Event) pathParameters() map[string]string {
	all := map[string]string{}
	if strings.Contains(e.Route.Path, "{tid}") {
		all["tid"] = Tenant
	}
	maps.Copy(all, e.Path)
	return all
}

// encodedBody returns the body of the request, which is "" if it has none.
func (e Event) encodedBody() string {
	if e.Form != nil {
		return encode(e.Form)
	}
	var body bytes.Buffer
	if e.Body != nil {
		_ = json.Compact(&body, e.Body) // Read has decoded it, so it is valid
	}
	return body.String()
}

// encode returns the parameters as a query or a form.
func encode(parameters map[string]string) string {
	values := url.Values{}
	for name, value := range parameters {
		values.Set(name, value)
	}
	return values.Encode()
}

// headers returns the headers that the route's caller sends, and those that API Gateway adds.
func (e Event) headers() map[string]string {
	digest := sha256.Sum256([]byte(e.Route.Name))
	all := map[string]string{
		"host": host, "accept": "application/json", "user-agent": curl,
		"x-amzn-trace-id": "Root=1-" + sentAtInTraceID + "-" + hex.EncodeToString(digest[:12]),
		"x-forwarded-for": source, "x-forwarded-port": "443", "x-forwarded-proto": "https",
	}
	switch {
	case e.Form != nil:
		all["content-type"] = "application/x-www-form-urlencoded"
	case e.Body != nil:
		all["content-type"] = "application/json"
	}
	switch e.Route.Caller {
	case access.Admin:
		all["authorization"] = "Bearer TOKEN_ADMIN"
	case access.System:
		all["authorization"] = "Bearer TOKEN_SYSTEM"
	case access.Public:
		e.addBrowserHeaders(all)
	}
	maps.Copy(all, e.Headers)
	return all
}

// addBrowserHeaders adds the headers of a browser: those of a script on a page of another origin if
// the route allows that, or else those of a page that the browser shows.
func (e Event) addBrowserHeaders(headers map[string]string) {
	headers["user-agent"] = browser
	if e.Route.CrossOrigin {
		headers["origin"] = "https://app.example.com"
		return
	}
	headers["accept"] = "text/html,application/xhtml+xml"
	if e.Route.Method != http.MethodGet {
		headers["origin"], headers["sec-fetch-site"] = "https://id.example.com", "same-origin"
	}
}

// requestID returns an id that only the event of this route has, of the length that API Gateway's
// have.
func (e Event) requestID() string {
	digest := sha256.Sum256([]byte("request " + e.Route.Name))
	return base64.URLEncoding.EncodeToString(digest[:11])
}
