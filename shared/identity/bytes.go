package identity

import (
	"encoding/base64"
	"strings"

	"github.com/go-json-experiment/json"
)

// BytesRule describes the forms in which a caller may give bytes.
const BytesRule = "must be bytes in base64, or an array of numbers from 0 to 255"

// Bytes are bytes in a body. Answers have them in standard base64, as Go programs write them. Requests
// may have them in either alphabet of base64 (RFC 4648 §4, §5), with or without padding, since browsers
// use the other one; or as an array of numbers, as the published description says.
type Bytes []byte

// UnmarshalJSON reads bytes in any of these forms, and null as none.
func (b *Bytes) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		var numbers []uint8Number
		if err := json.Unmarshal(text, &numbers); err != nil {
			return WrongFormat("bytes", BytesRule)
		}
		*b = make(Bytes, len(numbers))
		for i, n := range numbers {
			(*b)[i] = byte(n)
		}
		return nil
	}
	var encoded string
	if err := json.Unmarshal(text, &encoded); err != nil {
		return WrongFormat("bytes", BytesRule)
	}
	decoded, err := decodeBase64(encoded)
	if err != nil {
		return WrongFormat("bytes", BytesRule)
	}
	*b = decoded
	return nil
}

// uint8Number is a number from 0 to 255. It is no byte, since json takes arrays of bytes only in base64.
type uint8Number uint8

// decodeBase64 decodes base64 in either alphabet, with or without padding.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	if strings.ContainsAny(text, "\r\n") { // which package base64 ignores
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawStdEncoding.DecodeString(text)
}
