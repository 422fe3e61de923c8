package schema_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"identitypools/shared/identity"
	"identitypools/shared/schema"
)

// FuzzSchema compiles any document and checks any value against it. Nothing panics. Errors are
// identity.Invalid, limited in size, and point into what was given. The normalized document means
// the same as the original, and the verdicts are those of the library for the whole schema.
func FuzzSchema(f *testing.F) {
	f.Add([]byte(typical), []byte(typicalValue))
	for _, document := range []string{`{}`, `{"type":null,"enum":null}`, `{"$ref":"#"}`, nested(schema.MaxDepth)} {
		f.Add([]byte(document), []byte(`{"a":[1,"x",null]}`))
	}
	for _, row := range keywords() {
		f.Add([]byte(row.document), []byte(row.valid))
		f.Add([]byte(row.document), []byte(row.invalid))
	}
	f.Fuzz(func(t *testing.T, document, value []byte) {
		s, err := schema.Compile(document)
		if err != nil {
			checkViolations(t, err)
			return
		}
		stored, err := schema.Normalize(document)
		if err != nil {
			t.Fatalf("compiles, but is not normalized: %v", err)
		}
		verdict := s.Validate(value)
		if again := mustCompile(t, string(stored)).Validate(value); text(again) != text(verdict) {
			t.Fatalf("stored as %s: %q, was %q", stored, text(again), text(verdict))
		}
		checkViolations(t, verdict)
		if len(document) <= 4096 && len(value) <= 4096 && !strings.Contains(text(verdict), "too much work") {
			compare(t, stored, value, verdict)
		}
	})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func checkViolations(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	invalid, ok := err.(identity.Invalid)
	if !ok || len(invalid.Violations) == 0 || len(invalid.Violations) > schema.MaxViolations {
		t.Fatalf("error is %T: %v", err, err)
	}
	for _, v := range invalid.Violations {
		if v.Pointer != "" && v.Pointer[0] != '/' || v.Reason == "" {
			t.Fatalf("violation %+v", v)
		}
	}
}

// compare checks that the library comes to the same verdict on an object within the limits.
func compare(t *testing.T, stored, value []byte, verdict error) {
	t.Helper()
	var reference jsonschema.Schema
	if err := json.Unmarshal(stored, &reference); err != nil {
		t.Fatalf("the library does not read %s: %v", stored, err)
	}
	resolved, err := reference.Resolve(nil)
	if err != nil {
		t.Fatalf("the library does not resolve %s: %v", stored, err)
	}
	// A value that cannot be decoded shows nothing about the schema.
	if mustCompile(t, `{}`).Validate(value) != nil {
		return
	}
	var instance any
	if err := json.NewDecoder(bytes.NewReader(value)).Decode(&instance); err != nil {
		t.Fatalf("%s is read here only: %v", value, err)
	}
	if err := resolved.Validate(instance); (err == nil) != (verdict == nil) {
		t.Fatalf("schema %s, value %s: verdict is %v, the library's %v", stored, value, verdict, err)
	}
}
