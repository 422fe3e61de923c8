package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/api"
)

// A request survives the conversion to an event and back, and so does an answer.
func TestTheAdapterLosesNothing(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"no body": "", "a text": `{"a":"ä"}`, "bytes that are no text": "\xff\x00binary"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got *http.Request
			var body string
			function := api.Adapt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				got, body = r, string(text)
				answerWithEverything(w, content)
			}))
			r := httptest.NewRequest("PUT", "http://api.example.com/a/b%20c?x=1&x=%2F", nil)
			r.RemoteAddr = "[2001:db8::1]:4711"
			for name, values := range map[string][]string{
				"Cookie": {"p=1; q=2", "r=3"}, "X-Thing": {"one", "two"}, "X-Request-Id": {"forged"}, "User-Agent": {"test"},
			} {
				r.Header[name] = values
			}
			out, err := function(t.Context(), api.Event(r, []byte(content), "id-1"))
			if err != nil {
				t.Fatal(err)
			}
			checkRequest(t, got)
			if body != content || got.ContentLength != int64(len(content)) {
				t.Errorf("body is %q of %d bytes, want %q", body, got.ContentLength, content)
			}
			w := httptest.NewRecorder()
			if err := api.WriteResponse(w, out); err != nil {
				t.Fatal(err)
			}
			checkAnswer(t, w.Result(), content)
		})
	}
}

// answerWithEverything writes an answer with headers, cookies and a body.
func answerWithEverything(w http.ResponseWriter, content string) {
	w.Header().Add("X-Two", "a")
	w.Header().Add("X-Two", "b")
	http.SetCookie(w, &http.Cookie{Name: "c", Value: "1", Path: "/"})
	http.SetCookie(w, &http.Cookie{Name: "d", Value: "2, 3", Path: "/"})
	w.WriteHeader(http.StatusTeapot)
	w.WriteHeader(http.StatusOK) // has no effect, as with net/http
	_, _ = io.WriteString(w, content)
}

// checkRequest checks a request that was converted to an event and back.
func checkRequest(t *testing.T, got *http.Request) {
	t.Helper()
	if got.Method != "PUT" || got.URL.Path != "/a/b c" || got.URL.RawQuery != "x=1&x=%2F" || got.Host != "api.example.com" {
		t.Errorf("request is %s %s on %s", got.Method, got.URL, got.Host)
	}
	for _, cookie := range []struct{ name, value string }{{"p", "1"}, {"q", "2"}, {"r", "3"}} {
		if found, err := got.Cookie(cookie.name); err != nil || found.Value != cookie.value {
			t.Errorf("cookie %s is %v, want %s", cookie.name, found, cookie.value)
		}
	}
	if got.Header.Get("X-Thing") != "one,two" || got.UserAgent() != "test" {
		t.Errorf("headers are %v", got.Header)
	}
	if got.Header.Get("X-Request-Id") != "id-1" {
		t.Errorf("a caller sets the request id: %q", got.Header.Get("X-Request-Id"))
	}
	if got.RemoteAddr != "2001:db8::1" {
		t.Errorf("source is %q", got.RemoteAddr)
	}
}

// checkAnswer checks an answer that was converted to that of a Gateway and back.
func checkAnswer(t *testing.T, answer *http.Response, content string) {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusTeapot || string(body) != content || answer.Header.Get("X-Two") != "a, b" {
		t.Errorf("answer is %d %q %v", answer.StatusCode, body, answer.Header)
	}
	if cookies := answer.Cookies(); len(cookies) != 2 || cookies[0].Value != "1" || cookies[1].Value != "2, 3" {
		t.Errorf("cookies are %v", cookies)
	}
}

func TestAdapt(t *testing.T) {
	t.Parallel()
	t.Run("a body in base64 is decoded", func(t *testing.T) {
		t.Parallel()
		e := newEdge(t, function, func(w http.ResponseWriter, r *http.Request) {
			var v struct {
				Name string `json:"name"`
			}
			if err := api.Decode(r, &v); err != nil {
				api.Error(w, r, err)
				return
			}
			api.WriteJSON(w, 200, v.Name)
		})
		request := event("POST", poolsPath, e.admin(t), "eyJuYW1lIjoiw6QifQ==")
		request.IsBase64Encoded = true
		if answer := send(t, e.call, request); answer.Body != `"ä"` || answer.IsBase64Encoded {
			t.Errorf("answered %d %s", answer.StatusCode, answer.Body)
		}
	})
	t.Run("a body that is not base64 is the caller's fault", func(t *testing.T) {
		t.Parallel()
		e := newEdge(t, function, ok)
		request := event("POST", poolsPath, e.admin(t), "%%%")
		request.IsBase64Encoded = true
		answer := send(t, e.call, request)
		wantFailure(t, answer, 400, "malformed")
		if answer.Headers["X-Content-Type-Options"] != "nosniff" || answer.Headers["X-Request-Id"] != requestID {
			t.Errorf("the answer's headers are %v", answer.Headers)
		}
		if all := e.log.all(t); len(all) != 1 || all[0]["level"] != "WARN" || all[0]["request"] != requestID {
			t.Errorf("the log is %v", all)
		}
		if e.handled > 0 {
			t.Error("the handler was called")
		}
	})
	t.Run("a handler that says nothing answers 200", func(t *testing.T) {
		t.Parallel()
		call := api.Adapt(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		if answer := send(t, call, event("GET", "/", "", "")); answer.StatusCode != 200 || answer.Body != "" {
			t.Errorf("answered %d %q", answer.StatusCode, answer.Body)
		}
	})
	t.Run("a status after the body is too late", func(t *testing.T) {
		t.Parallel()
		call := api.Adapt(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "x")
			w.WriteHeader(500)
		}))
		if answer := send(t, call, event("GET", "/", "", "")); answer.StatusCode != 200 {
			t.Errorf("answered %d", answer.StatusCode)
		}
	})
	t.Run("the context of the call is the request's", func(t *testing.T) {
		t.Parallel()
		var same bool
		call := api.Adapt(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { same = r.Context() == t.Context() }))
		if send(t, call, event("GET", "/", "", "")); !same {
			t.Error("the request has another context")
		}
	})
}

func TestWriteRefusesWhatIsNotBase64(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	err := api.WriteResponse(w, events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: "%", IsBase64Encoded: true})
	if err == nil || w.Body.Len() > 0 {
		t.Errorf("error is %v, answered %q", err, w.Body)
	}
}

// Every event gets an answer with a status below 500, the id of the request, and JSON.
func FuzzAdapter(f *testing.F) {
	add := func(method, path, query, token, body string, encoded bool) {
		f.Add(method, path, query, "authorization", "Bearer "+token, body, encoded, requestID)
	}
	for _, path := range []string{poolsPath, poolsPath + "/p", "", "//", "/..", "no slash", "/%2e%2e/", "/api/identity/\xff/admin/pools", "/\x00"} {
		add("GET", path, "limit=5&order=desc", "x", "", false)
		add("POST", path, "%zz", "x", `{"name":"x"}`, false)
	}
	add("BAD METHOD", poolsPath, "", "x", "", false)
	add("CONNECT", poolsPath, "", "x", "", false)
	add("\xff", poolsPath, "", "x", "", false)
	add("POST", poolsPath, "", "x", "%%%", true)
	f.Add("POST", poolsPath, "", "Content-Type", "a/b; c", "\xff", false, "")
	f.Add("POST", poolsPath, "", "x\n:", "\r\n", "{}", false, strings.Repeat("i", 65))
	e := newEdge(f, function, func(w http.ResponseWriter, r *http.Request) {
		var v map[string]any
		if err := api.Decode(r, &v); err != nil {
			api.Error(w, r, err)
			return
		}
		api.WriteJSON(w, 200, v)
	})
	admin := e.admin(f)
	f.Fuzz(func(t *testing.T, method, path, query, header, value, body string, encoded bool, id string) {
		for _, authorization := range []string{"", "Bearer " + admin} {
			request := event(method, path, "", body)
			request.RawQueryString, request.IsBase64Encoded, request.RequestContext.RequestID = query, encoded, id
			if authorization != "" {
				request.Headers["authorization"] = authorization
			}
			request.Headers[header] = value
			answer := send(t, e.call, request)
			if answer.StatusCode < 200 || answer.StatusCode > 499 {
				t.Fatalf("answered %d %s", answer.StatusCode, answer.Body)
			}
			if answer.StatusCode > 399 {
				failureOf(t, answer)
			}
			if answer.Headers["X-Request-Id"] == "" && id != "" {
				t.Fatal("no X-Request-Id")
			}
			if err := api.WriteResponse(httptest.NewRecorder(), answer); err != nil {
				t.Fatal(err)
			}
		}
	})
}
