package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// MaxDepth is the maximum depth of nested JSON.
const MaxDepth = 64

// Decode decodes the JSON body of r into v. It is strict: it refuses unknown fields, wrong types,
// duplicate names, trailing data and invalid UTF-8. A null counts as absent. The error is
// identity.Invalid with the pointer of the field that is at fault, or an error that [Error] answers
// with the status of HTTP for the fault.
func Decode(r *http.Request, v any) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return malformed("the body is empty, it must be a JSON object")
	}
	return decode(body, v)
}

// DecodeOptional is like Decode, but the body may be absent.
func DecodeOptional(r *http.Request, v any) error {
	body, err := readBody(r)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return err
	}
	return decode(body, v)
}

// readBody reads a body of JSON up to the limit of the route.
func readBody(r *http.Request) ([]byte, error) {
	if declared := r.Header.Get("Content-Type"); declared != "" {
		kind, _, err := mime.ParseMediaType(declared)
		if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return nil, problem{
				http.StatusUnsupportedMediaType, "unsupported_media_type", "the body must be application/json",
			}
		}
	}
	most := exchangeOf(r.Context()).route.MaxBody
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(most)+1))
	switch {
	case err != nil:
		return nil, malformed("the body could not be read")
	case len(body) > most:
		return nil, problem{
			http.StatusRequestEntityTooLarge, "too_large",
			fmt.Sprintf("the body must have at most %d KB", most>>10),
		}
	}
	return body, nil
}

// decode decodes a body that is not empty.
func decode(body []byte, v any) error {
	if err := checkForm(body); err != nil {
		return err
	}
	err := json.Unmarshal(body, v, json.RejectUnknownMembers(true))
	var wrong *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return identity.InvalidField(string(wrong.JSONPointer), reason(wrong))
	}
	return malformed("the body is not what is expected")
}

// checkForm refuses a body that is not a single JSON object, or is nested too deeply.
func checkForm(body []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	kind := decoder.PeekKind()
	for {
		_, err := decoder.ReadToken()
		switch {
		case err != nil:
			return syntaxError(err)
		case decoder.StackDepth() > MaxDepth:
			return malformed(fmt.Sprintf("the JSON nests deeper than %d levels", MaxDepth))
		case decoder.StackDepth() > 0:
			continue
		}
		if _, err := decoder.ReadToken(); err != io.EOF {
			return malformed("there is more after the JSON object")
		}
		if kind != '{' {
			return identity.InvalidField("", "must be a JSON object")
		}
		return nil
	}
}

// syntaxError returns the error for JSON that cannot be read.
func syntaxError(err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return malformed("the body is not complete JSON")
	}
	return malformed(fmt.Sprintf("the body is not valid JSON at byte %d", syntax.ByteOffset))
}

// reason says what the value should have been.
func reason(wrong *json.SemanticError) string {
	if errors.Is(wrong.Err, json.ErrUnknownName) {
		return "is not a known field"
	}
	if wrong.GoType == nil {
		return "is not valid"
	}
	t := wrong.GoType
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[identity.Duration]():
		return `must be a duration such as "24h0m0s"`
	case t == reflect.TypeFor[identity.ID]():
		return identity.IDRule
	case t == reflect.TypeFor[identity.Time]():
		return "must be a time as in RFC 3339"
	}
	switch t.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "must be a whole number"
	case reflect.Float64:
		return "must be a number"
	case reflect.Slice:
		return "must be an array"
	}
	return "must be an object"
}

// malformed returns an error that is answered with the status 400.
func malformed(reason string) error { return problem{http.StatusBadRequest, "malformed", reason} }

// IfMatch returns the precondition of r (RFC 9110 §13.1.1). A tag that is not the tag of a version
// never matches.
func IfMatch(r *http.Request) identity.Match {
	values := r.Header.Values("If-Match")
	m := identity.Match{Given: len(values) > 0}
	for tag := range strings.SplitSeq(strings.Join(values, ","), ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" {
			m.Any = true
		}
		if version, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64); err == nil && tag == versionTag(version) {
			m.Versions = append(m.Versions, version)
		}
	}
	return m
}
