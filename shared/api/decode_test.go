package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// document has a field of every kind that the bodies of the API have.
type document struct {
	Name    string                       `json:"name"`
	Number  int                          `json:"number"`
	Ratio   float64                      `json:"ratio"`
	TTL     identity.Duration            `json:"ttl"`
	At      identity.Time                `json:"at"`
	Flag    *bool                        `json:"flag"`
	Items   []item                       `json:"items"`
	Names   []string                     `json:"names"`
	Options map[string]identity.Duration `json:"options"`
	Inner   *inner                       `json:"inner"`
	Payload jsontext.Value               `json:"payload"`
	Schema  identity.ID                  `json:"schema_id"`
}

type item struct {
	ID string `json:"id"`
}

type inner struct {
	Settings struct {
		Max *int `json:"max"`
	} `json:"settings"`
}

const asJSON = "application/json"

// newRequest returns a request with a body.
func newRequest(text, contentType string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(text))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// answerTo returns the answer to a request that fails with err.
func answerTo(t *testing.T, err error) failure {
	t.Helper()
	w := httptest.NewRecorder()
	api.Error(w, httptest.NewRequest("POST", "/", nil), err)
	return failureOf(t, recorded(w))
}

// nested returns JSON of the given depth.
func nested(depth int) string {
	return `{"payload":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
}

// filled returns a JSON object of the given size.
func filled(size int) string {
	const around = `{"name":""}`
	return `{"name":"` + strings.Repeat("x", size-len(around)) + `"}`
}

func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	full := `{"name":"ä","number":-1,"ratio":1.5,"ttl":"5m","at":"2026-01-02T03:04:05+01:00","flag":true,"items":[{"id":"a"}],"names":["b"],` +
		`"options":{"x":"1h"},"inner":{"settings":{"max":3}},"payload":{"a":null}}`
	for name, row := range map[string]struct{ text, contentType string }{
		"every kind of field":                 {full, asJSON},
		"space around it":                     {" \r\n\t{} \n", asJSON},
		"a character set":                     {`{"name":"x"}`, "application/json; charset=utf-8"},
		"a type that is JSON underneath":      {`{"name":"x"}`, "application/merge-patch+json"},
		"a type in capitals":                  {`{"name":"x"}`, "APPLICATION/JSON"},
		"no type":                             {`{"name":"x"}`, ""},
		"a whole number written with a point": {`{"ratio":1.0}`, asJSON},
		"numbers of every size": {
			`{"payload":[9007199254740993,123456789012345678901234567890,1e308,-5e-324,0e999,0.0,-0]}`, asJSON,
		},
		"64 levels": {nested(64), asJSON},
		"128 KB":    {filled(128 << 10), asJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := api.Decode(newRequest(row.text, row.contentType), &document{}); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("values arrive", func(t *testing.T) {
		t.Parallel()
		var d document
		if err := api.Decode(newRequest(full, asJSON), &d); err != nil {
			t.Fatal(err)
		}
		if d.Name != "ä" || d.Number != -1 || !*d.Flag || d.Items[0].ID != "a" || *d.Inner.Settings.Max != 3 || string(d.Payload) != `{"a":null}` {
			t.Errorf("decoded %+v", d)
		}
	})
	t.Run("null is absent", func(t *testing.T) {
		t.Parallel()
		var d document
		nulls := `{"name":null,"number":null,"ratio":null,"flag":null,"items":null,"names":null,"options":null,"inner":null,"ttl":null}`
		if err := api.Decode(newRequest(nulls, asJSON), &d); err != nil {
			t.Fatal(err)
		}
		if d.Name != "" || d.Number != 0 || d.Flag != nil || d.Items != nil || d.Options != nil || d.Inner != nil || d.TTL != 0 {
			t.Errorf("decoded %+v", d)
		}
	})
}

// ASVS V2.2.1: unexpected input is refused with the pointer of the field (RFC 6901), without its value.
func TestDecodeNamesTheField(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, at, says string }{
		{"an unknown field", `{"nam":"secret"}`, "/nam", "not a known field"},
		{"a field in capitals", `{"Name":"secret"}`, "/Name", "not a known field"},
		{"an unknown field in a list", `{"items":[{"id":"a"},{"ID":"secret"}]}`, "/items/1/ID", "not a known field"},
		{"an unknown field in an object", `{"inner":{"settings":{"min":1}}}`, "/inner/settings/min", "not a known field"},
		{"an unknown field whose name has a slash and a tilde", `{"a/b~c":1}`, "/a~1b~0c", "not a known field"},
		{"an unknown field without a name", `{"":1}`, "/", "not a known field"},
		{"a number for a text", `{"name":1}`, "/name", "must be a string"},
		{"an object for a text", `{"name":{}}`, "/name", "must be a string"},
		{"a text for a number", `{"number":"secret"}`, "/number", "must be a whole number"},
		{"a fraction for a whole number", `{"number":1.5}`, "/number", "must be a whole number"},
		{"a number that is too big", `{"number":99999999999999999999}`, "/number", "must be a whole number"},
		{"a number beyond a double", `{"ratio":1e400}`, "/ratio", "too large"},
		{"a number beyond a double in a free document", `{"payload":{"a":[1,-1e400]}}`, "/payload/a/1", "too large"},
		{"a number with many digits", `{"payload":{"a":` + strings.Repeat("9", 310) + `}}`, "/payload/a", "too large"},
		{"a number with a huge exponent", `{"payload":{"a/b":1e999999999999}}`, "/payload/a~1b", "too large"},
		{"a number that a double takes for zero", `{"payload":{"a":0.1E-400}}`, "/payload/a", "too small"},
		{
			"a number that is very long",
			`{"payload":{"a":0.` + strings.Repeat("3", 400) + `}}`, "/payload/a", "too long",
		},
		{"a text for a fraction", `{"ratio":"secret"}`, "/ratio", "must be a number"},
		{"a text for a flag", `{"flag":"true"}`, "/flag", "must be true or false"},
		{"no duration", `{"ttl":"secret"}`, "/ttl", "must be a duration"},
		{"a number for a duration", `{"ttl":60}`, "/ttl", "must be a duration"},
		{"no time", `{"at":"secret"}`, "/at", "must be a time"},
		{"a date for a time", `{"at":"2026-01-01"}`, "/at", "must be a time"},
		{"an object for a list", `{"items":{}}`, "/items", "must be an array"},
		{"a text for an object in a list", `{"items":[{},"secret"]}`, "/items/1", "must be an object"},
		{"a wrong type below a list", `{"items":[{"id":{}}]}`, "/items/0/id", "must be a string"},
		{"a wrong type in a list", `{"names":["a",2]}`, "/names/1", "must be a string"},
		{"a wrong type in a map", `{"options":{"a/b":"secret"}}`, "/options/a~1b", "must be a duration"},
		{"a wrong type behind two pointers", `{"inner":{"settings":{"max":"secret"}}}`, "/inner/settings/max", "must be a whole number"},
		{
			"an id that is too long",
			`{"schema_id":"` + strings.Repeat("secret", 1000) + `"}`, "/schema_id", "must be 1 to 128 characters",
		},
		{"an id with a sign", `{"schema_id":"secret#"}`, "/schema_id", "must be 1 to 128 characters"},
		{"a number for an id", `{"schema_id":1}`, "/schema_id", "must be 1 to 128 characters"},
		{"a list for the whole", `[]`, "", "must be a JSON object"},
		{"a text for the whole", `"secret"`, "", "must be a JSON object"},
		{"null for the whole", `null`, "", "must be a JSON object"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := api.Decode(newRequest(test.text, asJSON), &document{})
			var invalid identity.Invalid
			if !errors.As(err, &invalid) || len(invalid.Violations) != 1 {
				t.Fatalf("error is %v, want one violation", err)
			}
			violation := invalid.Violations[0]
			if violation.Pointer != test.at || !strings.Contains(violation.Reason, test.says) || strings.Contains(violation.Reason, "secret") {
				t.Errorf("violation is %q at %q, want %q at %q", violation.Reason, violation.Pointer, test.says, test.at)
			}
			if f := answerTo(t, err); f.Status != 422 || f.Code != "invalid" {
				t.Errorf("answered %d %s", f.Status, f.Code)
			}
		})
	}
}

// ASVS V1.5.2, V1.5.3, V15.3.7: JSON that parsers read differently is refused, and so is JSON that is too large.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, contentType string
		status                  int
		says                    string
	}{
		{"nothing", "", asJSON, 400, "empty"},
		{"nothing but space", " \n", asJSON, 400, "empty"},
		{"what ends too early", `{"name":`, asJSON, 400, "JSON"},
		{"what is not JSON", `name=x`, asJSON, 400, "not valid JSON at byte"},
		{"a comment", `{"name":"x" /* y */}`, asJSON, 400, "not valid JSON at byte 12"},
		{"a comma too many", `{"name":"x",}`, asJSON, 400, "not valid JSON"},
		{"a byte order mark", "\ufeff{}", asJSON, 400, "not valid JSON"},
		{"a second object", `{} {}`, asJSON, 400, "more after"},
		{"a brace too many", `{}}`, asJSON, 400, "more after"},
		{"a name twice", `{"name":"a","name":"b"}`, asJSON, 400, "not valid JSON"},
		{"a name twice, once escaped", `{"name":"a","\u006eame":"b"}`, asJSON, 400, "not valid JSON"},
		{"a name twice in a free document", `{"payload":{"a":1,"a":2}}`, asJSON, 400, "not valid JSON"},
		{"text that is not UTF-8", "{\"name\":\"\xff\"}", asJSON, 400, "not valid JSON"},
		{"a name that is not UTF-8", "{\"\xff\":1}", asJSON, 400, "not valid JSON"},
		{"half a surrogate", `{"name":"\ud800"}`, asJSON, 400, "not valid JSON"},
		{"65 levels", nested(65), asJSON, 400, "deeper than 64"},
		{"very many levels", nested(60_000), asJSON, 400, "deeper than 64"},
		{"a byte more than 128 KB", filled(128<<10 + 1), asJSON, 413, "128 KB"},
		{"space beyond 128 KB", `{}` + strings.Repeat(" ", 128<<10), asJSON, 413, "128 KB"},
		{"another type", `{}`, "text/plain", 415, "application/json"},
		{"a form", `a=b`, "application/x-www-form-urlencoded", 415, "application/json"},
		{"a type that only begins like JSON", `{}`, "application/jsonp", 415, "application/json"},
		{"a type that is none", `{}`, ";;", 415, "application/json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := answerTo(t, api.Decode(newRequest(test.text, test.contentType), &document{}))
			code := map[int]string{400: "malformed", 413: "too_large", 415: "unsupported_media_type"}[test.status]
			if f.Status != test.status || f.Code != code || !strings.Contains(f.Error, test.says) {
				t.Errorf("answered %d %s %q, want %d %q", f.Status, f.Code, f.Error, test.status, test.says)
			}
		})
	}
	t.Run("a body that breaks off", func(t *testing.T) {
		t.Parallel()
		r := httptest.NewRequest("POST", "/", iotest.ErrReader(errors.New("connection reset")))
		if f := answerTo(t, api.Decode(r, &document{})); f.Status != 400 || strings.Contains(f.Error, "reset") {
			t.Errorf("answered %d %q", f.Status, f.Error)
		}
	})
}

func TestDecodeOptional(t *testing.T) {
	t.Parallel()
	for _, nothing := range []string{"", " \n"} {
		if err := api.DecodeOptional(newRequest(nothing, ""), &document{}); err != nil {
			t.Errorf("the body %q is refused: %v", nothing, err)
		}
	}
	var d document
	if err := api.DecodeOptional(newRequest(`{"name":"x"}`, asJSON), &d); err != nil || d.Name != "x" {
		t.Errorf("decoded %q, error is %v", d.Name, err)
	}
	for text, want := range map[string]int{`{"nam":1}`: 422, `{`: 400, filled(128<<10 + 1): 413} {
		if f := answerTo(t, api.DecodeOptional(newRequest(text, asJSON), &document{})); f.Status != want {
			t.Errorf("a body that is there is answered %d, want %d", f.Status, want)
		}
	}
}

// No body causes a panic. A body that is refused gets an error with the status 4xx and a pointer.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"name":"x","items":[{"id":"a"}]}`, `{"payload":[[[]]]}`, `null`, `{"a":1,"a":2}`, "{\"n\xff\":0}", `{"ttl":"1h"}`, `[`,
		`{"at":"2026-01-01T00:00:00Z"}`, `{"inner":{"settings":{"max":1e2}}}`, `{"options":{"~/":"x"}}`, nested(64), nested(65),
	} {
		f.Add(text, asJSON)
	}
	f.Add(`{}`, "text/plain; charset")
	f.Fuzz(func(t *testing.T, text, contentType string) {
		var d document
		err := api.Decode(newRequest(text, contentType), &d)
		if err == nil {
			return
		}
		failed := answerTo(t, err)
		if failed.Status < 400 || failed.Status > 422 {
			t.Fatalf("answered %d %s", failed.Status, failed.Error)
		}
		for _, violation := range failed.Details.Violations {
			if !jsontext.Pointer(violation.Pointer).IsValid() {
				t.Errorf("%q is no JSON Pointer", violation.Pointer)
			}
		}
	})
}
