package schema

import (
	"errors"
	"math/big"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// A number is a number as JSON writes it. It is compared exactly, and not as a double: different ids
// of 18 digits are different.
type number string

// decodeValue decodes JSON to values of Go as json.Unmarshal does, but numbers to values of type
// number. Its errors are those of json.Unmarshal.
func decodeValue(text []byte) (any, error) {
	var value any
	err := json.Unmarshal(text, &value, json.WithUnmarshalers(
		json.UnmarshalFromFunc(func(from *jsontext.Decoder, to *any) error {
			if from.PeekKind() != '0' {
				return errors.ErrUnsupported
			}
			token, err := from.ReadToken()
			if err != nil {
				return err
			}
			n := number(token.String())
			if !identity.IsDouble(string(n)) {
				return &json.SemanticError{GoType: reflect.TypeFor[any](), JSONPointer: from.StackPointer()}
			}
			*to = n
			return nil
		})))
	return value, err
}

// value returns n as a fraction.
func (n number) value() *big.Rat {
	value, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return new(big.Rat) // impossible: JSON has no number that Rat cannot read
	}
	return value
}

// isInteger reports whether n has no fractional part, however it is written. Most integers are written
// without a fraction and an exponent.
func (n number) isInteger() bool { return !strings.ContainsAny(string(n), ".eE") || n.value().IsInt() }
