package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// show prints an answer as JSON. If the answer is one to HTTP and its body is JSON, the body is
// printed after it instead of inside it as a string.
func show(out io.Writer, answer []byte) error {
	var fields map[string]json.RawMessage
	var body string
	if json.Unmarshal(answer, &fields) == nil && fields["statusCode"] != nil &&
		json.Unmarshal(fields["body"], &body) == nil && json.Valid([]byte(body)) {
		delete(fields, "body")
		return printed(out, fields, json.RawMessage(body))
	}
	return printed(out, json.RawMessage(answer))
}

func printed(out io.Writer, values ...any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // people read it
	for _, value := range values {
		if err := encoder.Encode(value); err != nil {
			return fmt.Errorf("the answer is no JSON: %w", err)
		}
	}
	if _, err := text.WriteTo(out); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}
