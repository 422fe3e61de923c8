package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/api"
)

// A request goes into an event and out of it, and so does an answer, without a loss.
func TestTheAdapterLosesNothing(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", `{"a":"ä"}`, "\xff\x00binary"} {
		var got *http.Request
		var gotBody []byte
		function := api.Adapt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r
			gotBody, _ = io.ReadAll(r.Body)
			w.Header().Add("X-Two", "a")
			w.Header().Add("X-Two", "b")
			http.SetCookie(w, &http.Cookie{Name: "c", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "d", Value: "2"})
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, content)
		}))
		r := httptest.NewRequest("PUT", "http://api.example.com/a/b%20c?x=1&x=2", nil)
		r.Header.Set("Cookie", "p=1; q=2")
		r.Header.Set("X-Thing", "thing")
		r.Header.Set("X-Request-Id", "forged")
		out, err := function(t.Context(), api.Event(r, []byte(content), "id-1"))
		if err != nil {
			t.Fatal(err)
		}
		if got.Method != "PUT" || got.URL.Path != "/a/b c" || got.URL.RawQuery != "x=1&x=2" || got.Host != "api.example.com" {
			t.Errorf("request %s %s on %s", got.Method, got.URL, got.Host)
		}
		if q, err := got.Cookie("q"); err != nil || q.Value != "2" || got.Header.Get("X-Thing") != "thing" {
			t.Errorf("headers %v", got.Header)
		}
		if got.Header.Get("X-Request-Id") != "id-1" {
			t.Errorf("a caller sets the request id: %q", got.Header.Get("X-Request-Id"))
		}
		if string(gotBody) != content {
			t.Errorf("body %q, want %q", gotBody, content)
		}
		w := httptest.NewRecorder()
		if err := api.Write(w, out); err != nil {
			t.Fatal(err)
		}
		answer := w.Result()
		back, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusTeapot || string(back) != content || answer.Header.Get("X-Two") != "a, b" || len(answer.Cookies()) != 2 {
			t.Errorf("answer %d %q %v", answer.StatusCode, back, answer.Header)
		}
	}
}

func FuzzAdapter(f *testing.F) {
	f.Add([]byte(`{"version":"2.0","rawPath":"/api/identity/t1/admin/schemas","headers":{"a":"b"},"requestContext":{"http":{"method":"GET"}}}`))
	f.Add([]byte(`{"rawPath":"no slash","isBase64Encoded":true,"body":"%%%"}`))
	f.Add([]byte(`{"rawPath":"/%2e%2e/","rawQueryString":"%zz","headers":null,"cookies":["a=b",""],"requestContext":{"http":{"method":"BAD METHOD"}}}`))
	f.Add([]byte(`{"headers":{"":"","x\n":"y"},"body":"\u0000","requestContext":{"http":{"method":""}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var event events.APIGatewayV2HTTPRequest
		if json.Unmarshal(text, &event) != nil {
			return
		}
		h := handlerOf(t, &bytes.Buffer{}, func(w http.ResponseWriter, r *http.Request) {
			var v map[string]any
			if err := api.Decode(r, &v); err != nil {
				api.Error(w, r, err)
				return
			}
			api.Reply(w, http.StatusOK, v)
		})
		out, err := api.Adapt(h)(t.Context(), event)
		if err != nil || out.StatusCode < 200 || out.StatusCode > 499 {
			t.Errorf("answers %d, %v", out.StatusCode, err)
		}
	})
}
