package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Normalize is a schema document as it is stored and answered: compact, in the order given, without members that are null,
// which mean nothing but would be read back as mistakes by stricter clients. The error is that of Compile.
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

// copyToken copies one token, or skips a member that is null.
func copyToken(to *jsontext.Encoder, from *jsontext.Decoder) error {
	read, err := from.ReadToken()
	if err != nil {
		return err
	}
	token := read.Clone() // peeking voids what was read
	// The first, third… token within an object is a member's name; the closing brace is counted to the level around it.
	if kind, n := from.StackIndex(from.StackDepth()); kind == '{' && n%2 == 1 && from.PeekKind() == 'n' {
		return from.SkipValue()
	}
	return to.WriteToken(token)
}
