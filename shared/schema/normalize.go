package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Normalize returns a schema document in the form in which it is stored and answered: without
// insignificant whitespace, with its members in the given order, and without members that are null.
// Null means the same as an absent member, but stricter clients would refuse to read it. Normalize
// fails as Compile does.
func Normalize(text []byte) ([]byte, error) {
	if _, err := Compile(text); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	from, to := jsontext.NewDecoder(bytes.NewReader(text)), jsontext.NewEncoder(&out)
	for {
		err := copyToken(to, from)
		if errors.Is(err, io.EOF) {
			return bytes.TrimSpace(out.Bytes()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("normalize schema: %w", err)
		}
	}
}

// copyToken copies one token, or skips a member whose value is null. It returns io.EOF at the end.
func copyToken(to *jsontext.Encoder, from *jsontext.Decoder) error {
	read, err := from.ReadToken()
	if err != nil {
		return err
	}
	token := read.Clone() // PeekKind invalidates read
	// The first, third, … token within an object is the name of a member. The closing brace counts
	// as a token of the level above.
	if kind, n := from.StackIndex(from.StackDepth()); kind == '{' && n%2 == 1 && from.PeekKind() == 'n' {
		return from.SkipValue()
	}
	return to.WriteToken(token)
}
