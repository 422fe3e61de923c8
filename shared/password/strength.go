package password

import "math"

// wantedStrength is the policy's word as a number of bits, after the orders of magnitude of guesses (10^3, 10^6, 10^8, 10^10) that
// zxcvbn's scores 1 to 4 stand for. Any other word wants nothing.
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

// againBits is what a character is worth that repeats or continues what stands before it.
const repeatBits = 0.5

// strength estimates the guesses that a password takes, in bits: each character counts half of what its classes offer, for people
// choose words and not characters, and next to nothing where it is a neighbour of the one before (aaa, abc, 321) or where the two
// stood side by side already (abcXabcX).
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
