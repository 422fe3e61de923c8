package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// requestIDHeader is the header by which the adapter gives the gateway's request id to the handler.
// The adapter overwrites what a caller sends in it.
const requestIDHeader = "X-Request-Id"

// Gateway is a function in the form in which API Gateway calls it.
type Gateway func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Adapt returns a Gateway that calls h, for the payload format 2.0 of HTTP APIs. The path is not
// escaped, because API Gateway sends it decoded. If the body of an event is not valid base64
// although the event says so, h gets a request whose body cannot be read; a handler that New
// returned answers it with 400.
func Adapt(h http.Handler) Gateway {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		w := &recorder{header: http.Header{}, status: http.StatusOK}
		h.ServeHTTP(w, request(ctx, event))
		return w.response(), nil
	}
}

// request returns the request of an event.
func request(ctx context.Context, event events.APIGatewayV2HTTPRequest) *http.Request {
	body, length := io.ReadCloser(readCloser{strings.NewReader(event.Body)}), len(event.Body)
	if event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(event.Body)
		body, length = readCloser{bytes.NewReader(decoded)}, len(decoded)
		if err != nil {
			body = unreadable{}
		}
	}
	header := make(http.Header, len(event.Headers)+2)
	for name, value := range event.Headers {
		header.Set(name, value)
	}
	if len(event.Cookies) > 0 {
		header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	header.Set(requestIDHeader, event.RequestContext.RequestID)
	path := event.RawPath
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	r := &http.Request{
		Method: event.RequestContext.HTTP.Method, URL: &url.URL{Path: path, RawQuery: event.RawQueryString},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Host: event.RequestContext.DomainName,
		RemoteAddr: event.RequestContext.HTTP.SourceIP, ContentLength: int64(length), Body: body,
	}
	return r.WithContext(ctx)
}

// readCloser adds a Close method that does nothing.
type readCloser struct{ io.Reader }

func (readCloser) Close() error { return nil }

// unreadable is the body of an event that is not valid base64.
type unreadable struct{}

func (unreadable) Read([]byte) (int, error) { return 0, errors.New("not valid base64") }

func (unreadable) Close() error { return nil }

// recorder is an http.ResponseWriter that collects an answer.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if !w.wrote {
		w.status, w.wrote = status, true
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.wrote = true
	return w.body.Write(p)
}

// response returns the answer in the form of API Gateway.
func (w *recorder) response() events.APIGatewayV2HTTPResponse {
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: make(map[string]string, len(w.header))}
	for name, values := range w.header {
		if name == "Set-Cookie" {
			out.Cookies = values
			continue
		}
		out.Headers[name] = strings.Join(values, ", ")
	}
	if body := w.body.Bytes(); utf8.Valid(body) {
		out.Body = string(body)
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return out
}

// Event returns the event that API Gateway makes of a request with the given body.
func Event(r *http.Request, body []byte, requestID string) events.APIGatewayV2HTTPRequest {
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: routeKey(r.Pattern), RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery,
		Headers: make(map[string]string, len(r.Header)),
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			event.Cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		event.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	source, _, _ := net.SplitHostPort(r.RemoteAddr) // without an address, the source is empty
	event.RequestContext = events.APIGatewayV2HTTPRequestContext{
		RequestID: requestID, DomainName: r.Host,
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
		},
	}
	isForm := strings.HasPrefix(r.Header.Get("Content-Type"), FormType) // which does not count as text
	if utf8.Valid(body) && !isForm {
		event.Body = string(body)
	} else {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return event
}

// WriteResponse answers an HTTP request with the answer of a Gateway.
func WriteResponse(w http.ResponseWriter, out events.APIGatewayV2HTTPResponse) error {
	for name, value := range out.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range out.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	body := []byte(out.Body)
	if out.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(out.Body)
		if err != nil {
			return err
		}
		body = decoded
	}
	w.WriteHeader(out.StatusCode)
	_, err := w.Write(body)
	return err
}
