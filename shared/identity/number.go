package identity

import (
	"strconv"
	"strings"
)

// maxNumber is the largest number of bytes of a number. The largest double takes 309 digits.
const maxNumber = 400

// NoDouble is the rule for a number for which IsDouble returns false.
func NoDouble() Rule {
	return WrongFormat("double", "is a number that is too large, too small or too long")
}

// CanonicalNumber returns a form of a number of JSON that all spellings of its value have, and no other
// number: its digits without zeros at either end, and the exponent of the last of them.
func CanonicalNumber(text string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	mantissa, isNegative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	digits := strings.TrimRight(all, "0")
	if digits == "" {
		return "0"
	}
	power, _ := strconv.Atoi(exponent) // absent is 0, and what is too large is the largest
	power += len(all) - len(digits) - len(fraction)
	if isNegative {
		digits = "-" + digits
	}
	return digits + "e" + strconv.Itoa(power)
}

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
