package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// MaxDepth is the maximum depth of nested JSON.
const MaxDepth = 64

// Decode decodes the JSON body of r into v. It is strict: it refuses unknown fields, wrong types,
// duplicate names, trailing data and invalid UTF-8. A null counts as absent. Members that v does not
// have but an answer has that the route ignores are left out: see [Action.Ignoring]. The error is
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
	return decode(body, v, exchangeOf(r.Context()).ignored)
}

// DecodeOptional is like Decode, but the body may be absent.
func DecodeOptional(r *http.Request, v any) error {
	body, err := readBody(r)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return err
	}
	return decode(body, v, exchangeOf(r.Context()).ignored)
}

// readBody reads a body of JSON up to the limit of the route.
func readBody(r *http.Request) ([]byte, error) {
	if err := checkJSON(r); err != nil {
		return nil, err
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

// decode decodes a body that is not empty. It ignores members of the answers.
func decode(body []byte, v any, answers []reflect.Type) error {
	if err := checkForm(body); err != nil {
		return err
	}
	strict := func() error { return json.Unmarshal(body, v, json.RejectUnknownMembers(true)) }
	err := strict()
	if errors.Is(err, json.ErrUnknownName) && len(answers) > 0 {
		target := reflect.ValueOf(v).Elem()
		target.SetZero()
		if body, err = withoutAnswers(body, target.Type(), answers); err != nil {
			return fmt.Errorf("leave out what was answered: %w", err)
		}
		err = strict()
	}
	var wrong *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return identity.InvalidField(string(wrong.JSONPointer), ruleOf(wrong))
	}
	return malformed("the body is not what is expected")
}

// checkForm refuses a body that is not a single JSON object, or is nested too deeply, or has a number
// that a double cannot hold: many clients could not read such a number when it is answered (RFC 8259
// §6).
func checkForm(body []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	kind := decoder.PeekKind()
	for {
		token, err := decoder.ReadToken()
		switch {
		case err != nil:
			return syntaxError(err)
		case token.Kind() == '0' && !identity.IsDouble(token.String()):
			return identity.InvalidField(string(decoder.StackPointer()), identity.NoDouble())
		case decoder.StackDepth() > MaxDepth:
			return malformed(fmt.Sprintf("the JSON nests deeper than %d levels", MaxDepth))
		case decoder.StackDepth() > 0:
			continue
		}
		if _, err := decoder.ReadToken(); err != io.EOF {
			return malformed("there is more after the JSON object")
		}
		if kind != '{' {
			return identity.InvalidField("", identity.Rule{
				Code: identity.CodeWrongType, Params: identity.Params{"type": "object"}, Reason: "must be a JSON object",
			})
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

// ruleOf says what the value should have been.
func ruleOf(wrong *json.SemanticError) identity.Rule {
	if errors.Is(wrong.Err, json.ErrUnknownName) {
		return identity.UnknownField()
	}
	if wrong.GoType == nil {
		return identity.Wrong("is not valid")
	}
	t := wrong.GoType
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[identity.Duration]():
		return identity.WrongFormat("duration", `must be a duration such as "24h0m0s"`)
	case t == reflect.TypeFor[identity.ID]():
		return identity.WrongFormat("id", identity.IDRule)
	case t == reflect.TypeFor[identity.Bytes]():
		return identity.WrongFormat("bytes", identity.BytesRule)
	case t == reflect.TypeFor[identity.Time]():
		return identity.WrongFormat("date-time", "must be a time as in RFC 3339")
	}
	switch t.Kind() {
	case reflect.String:
		return identity.WrongType("string")
	case reflect.Bool:
		return identity.WrongType("boolean")
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return identity.WrongType("integer")
	case reflect.Float64:
		return identity.WrongType("number")
	case reflect.Slice:
		return identity.WrongType("array")
	}
	return identity.WrongType("object")
}

// malformed returns an error that is answered with the status 400.
func malformed(reason string) error { return problem{http.StatusBadRequest, "malformed", reason} }
