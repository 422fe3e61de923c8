package identity

import (
	"strconv"
	"strings"
)

// maxNumber is the largest number of bytes of a number. The largest double takes 309 digits.
const maxNumber = 400

// NoDouble is the reason for refusing a number for which IsDouble returns false.
const NoDouble = "is a number that is too large, too small or too long"

// IsDouble reports whether a number of JSON is in the range of a double, which is not so for 1e400, and
// not so close to zero that a double would be zero. Many clients can't read other numbers (RFC 8259
// §6). The bounds also limit the work to compare numbers exactly.
func IsDouble(text string) bool {
	if len(text) > maxNumber {
		return false
	}
	value, err := strconv.ParseFloat(text, 64)
	significand, _, _ := strings.Cut(strings.ToLower(text), "e")
	return err == nil && (value != 0 || !strings.ContainsAny(significand, "123456789"))
}
