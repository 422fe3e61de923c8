package password

import "math"

// requiredBits returns the strength that a policy's word stands for, in bits, or 0 for an unknown
// word. The values follow the numbers of guesses for zxcvbn's scores 1 to 4: 10^3, 10^6, 10^8 and
// 10^10.
func requiredBits(word string) float64 {
	switch word {
	case "weak":
		return 10
	case "fair":
		return 20
	case "strong":
		return 27
	case "very_strong":
		return 34
	}
	return 0
}

// repeatBits is what a character contributes that repeats or continues the ones before it.
const repeatBits = 0.5

// estimateBits estimates how many guesses a password takes, in bits. Each character contributes
// half the bits that its classes offer, because people choose words rather than characters. It
// contributes only repeatBits if it equals or neighbours the character before it (aaa, abc, 321),
// or if the same two characters already occurred next to each other (abcXabcX).
func estimateBits(password string, c characterCounts) float64 {
	alphabet := 0.0
	for _, class := range []struct {
		has  int
		size float64
	}{{c.upper, 26}, {c.lower, 26}, {c.digit, 10}, {c.special, 32}, {c.other, 512}} {
		if class.has > 0 {
			alphabet += class.size
		}
	}
	type pair struct{ first, second rune }
	seen := map[pair]bool{}
	full, bits, last := math.Log2(max(alphabet, 2))/2, 0.0, rune(-10)
	for _, r := range password {
		next := pair{last, r}
		if step := r - last; step >= -1 && step <= 1 || seen[next] {
			bits += repeatBits
		} else {
			bits += full
		}
		seen[next] = true
		last = r
	}
	return bits
}
