package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

type body struct {
	Name    string            `json:"name"`
	Number  int               `json:"number"`
	TTL     identity.Duration `json:"ttl"`
	Flag    *bool             `json:"flag"`
	Items   []item            `json:"items"`
	Payload jsontext.Value    `json:"payload"`
}

type item struct {
	ID string `json:"id"`
}

func request(text, contentType string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(text))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestDecode(t *testing.T) {
	t.Parallel()
	const kind = "application/json"
	for _, c := range []struct {
		name, text, contentType string
		at                      string // pointer of the violation
		status                  string // words of any other fault
	}{
		{"a body", `{"name":"x","number":1,"ttl":"5m","flag":true,"items":[{"id":"a"}],"payload":{"a":null}}` + "\n", kind, "", ""},
		{"a body with a character set", `{"name":"x"}`, "application/json; charset=utf-8", "", ""},
		{"a body without a type", `{"name":"x"}`, "", "", ""},
		{"nulls, which are absent", `{"name":null,"number":null,"ttl":null,"flag":null,"items":null,"payload":null}`, kind, "", ""},
		{"an unknown field", `{"nam":"x"}`, kind, "/nam", ""},
		{"an unknown field below", `{"items":[{"id":"a"},{"ID":"b"}]}`, kind, "/items/1/ID", ""},
		{"a number for a text", `{"name":1}`, kind, "/name", ""},
		{"a text for a number", `{"number":"1"}`, kind, "/number", ""},
		{"a fraction for a whole number", `{"number":1.5}`, kind, "/number", ""},
		{"a number that is too big", `{"number":99999999999999999999}`, kind, "/number", ""},
		{"no duration", `{"ttl":"soon"}`, kind, "/ttl", ""},
		{"an object for a list", `{"items":{}}`, kind, "/items", ""},
		{"a wrong type below", `{"items":[{"id":{}}]}`, kind, "/items/0/id", ""},
		{"a list", `[]`, kind, "/", ""},
		{"nothing", "", kind, "", "empty"},
		{"broken JSON", `{"name":`, kind, "", "not"},
		{"more after it", `{} {}`, kind, "", "more after"},
		{"a name twice", `{"name":"a","name":"b"}`, kind, "", "not valid JSON"},
		{"invalid UTF-8", "{\"name\":\"\xff\"}", kind, "", "not valid JSON"},
		{"half a surrogate", `{"name":"\ud800"}`, kind, "", "not valid JSON"},
		{"too deep", `{"payload":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, kind, "", "deeper"},
		{"too much", `{"name":"` + strings.Repeat("x", 128<<10) + `"}`, kind, "", "128 KB"},
		{"another type", `{"name":"x"}`, "text/plain", "", "application/json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var v body
			err := api.Decode(request(c.text, c.contentType), &v)
			var invalid identity.Invalid
			switch {
			case c.at == "" && c.status == "":
				if err != nil {
					t.Error(err)
				}
			case c.at != "":
				if !errors.As(err, &invalid) || invalid.Violations[0].Pointer != strings.TrimSuffix(c.at, "/") {
					t.Errorf("got %v, want a violation at %q", err, c.at)
				}
			case err == nil || errors.As(err, &invalid) || !strings.Contains(err.Error(), c.status):
				t.Errorf("got %v, want %q", err, c.status)
			}
		})
	}
	if err := api.DecodeOptional(request("", ""), &body{}); err != nil {
		t.Errorf("a body that may be left out: %v", err)
	}
	if err := api.DecodeOptional(request(`{"nam":1}`, ""), &body{}); err == nil {
		t.Error("a body that is given is not checked")
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		`"7"`: true, `*`: true, `"1", "7"`: true, `"8"`: false, `W/"7"`: false, `7`: false, `""`: false, `"x"`: false, "": true,
	} {
		r := request("", "")
		if header != "" {
			r.Header.Set("If-Match", header)
		}
		if got := api.IfMatch(r).Check(7) == nil; got != want {
			t.Errorf("If-Match %s lets version 7 pass: %t", header, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"x","items":[{"id":"a"}]}`, `{"payload":[[[]]]}`, `null`, `{"a":1,"a":2}`, "{\"n\xff\":0}", `{"ttl":"1h"}`, `[`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var first, second body
		err := api.Decode(request(text, "application/json"), &first)
		if again := api.Decode(request(text, "application/json"), &second); (err == nil) != (again == nil) {
			t.Errorf("two answers: %v, %v", err, again)
		}
	})
}
