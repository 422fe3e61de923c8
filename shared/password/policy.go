package password

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// common has the 6,000 most common passwords of at least eight characters, sorted, one a line. It is made of the list of
// zxcvbn-ts (language-common 4.1.3, MIT licence, see common.LICENSE).
//
//go:embed common.txt
var common string

// HashNew checks a new password of u in p and hashes it. Errors: identity.Invalid at pointer with every rule that it breaks; those
// of Hash.
func (h *Hasher) HashNew(ctx context.Context, p identity.Pool, u identity.User, pointer, password string) (string, error) {
	var v identity.Violations
	for _, reason := range Faults(p, u, password) {
		v.Add(pointer, reason)
	}
	if err := v.Err(); err != nil {
		return "", err
	}
	return h.Hash(ctx, password)
}

// Faults are the rules of p that a password of u breaks, in words. Lengths count code points after NFKC (NIST SP 800-63B-4
// §3.1.1.2). Beyond the pool's own rules, common passwords and the names of pool and user are refused (ASVS 6.2.4, 6.2.11).
func Faults(p identity.Pool, u identity.User, password string) []string {
	if !utf8.ValidString(password) {
		return []string{"must be valid UTF-8"}
	}
	password = norm.NFKC.String(password)
	var faults []string
	fault := func(broken bool, format string, args ...any) {
		if broken {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	policy, count := p.PasswordPolicy, countClasses(password)
	fault(count.all < policy.MinLength, "must have at least %d characters", policy.MinLength)
	fault(count.all > identity.MaxPasswordLength, "must have at most %d characters", identity.MaxPasswordLength)
	fault(count.upper < policy.Capitals, "must have at least %d capital letters", policy.Capitals)
	fault(count.lower < policy.Lowercase, "must have at least %d lowercase letters", policy.Lowercase)
	fault(count.digit < policy.Digits, "must have at least %d digits", policy.Digits)
	fault(count.special < policy.Special, "must have at least %d special characters", policy.Special)
	fault(isCommon(password), "is one of the most common passwords")
	fault(isDecorated(password, words(p, u)), "must not be the name of the pool or of the user")
	fault(strength(password, count) < wantedStrength(policy.Strength), "is too easy to guess: make it longer or more varied")
	return faults
}

type classes struct{ all, upper, lower, digit, special int }

func countClasses(password string) classes {
	var c classes
	for _, r := range password {
		c.all++
		switch {
		case unicode.IsUpper(r):
			c.upper++
		case unicode.IsLower(r):
			c.lower++
		case unicode.IsDigit(r):
			c.digit++
		case !unicode.IsLetter(r):
			c.special++
		}
	}
	return c
}

// isCommon looks for a line, in any case. The list is short enough to search as it stands.
func isCommon(password string) bool {
	line := strings.ToLower(password) + "\n"
	return strings.HasPrefix(common, line) || strings.Contains(common, "\n"+line)
}

// words are what a password of u must not be made of.
func words(p identity.Pool, u identity.User) []string {
	list := []string{p.Name}
	for _, claim := range append(u.Claims(), addresses(u)...) {
		local, domain, isEmail := strings.Cut(claim, "@")
		list = append(list, local)
		if isEmail {
			list = append(list, domain, strings.Split(domain, ".")[0])
		}
	}
	return list
}

func addresses(u identity.User) []string {
	var list []string
	for _, a := range u.Addresses {
		list = append(list, a.Normalized)
	}
	return list
}

// isDecorated says whether a password is one of the words, once or repeated, with nothing but digits and punctuation around it.
func isDecorated(password string, words []string) bool {
	core := strings.ToLower(strings.TrimFunc(password, func(r rune) bool { return !unicode.IsLetter(r) }))
	for _, word := range words {
		word = strings.ToLower(strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }))
		if len(word) >= 4 && core != "" && strings.ReplaceAll(core, word, "") == "" {
			return true
		}
	}
	return false
}

// wantedStrength is the policy's word as a number of bits, after the orders of magnitude of guesses that zxcvbn's scores 1 to 4 stand for.
func wantedStrength(word string) float64 {
	return map[string]float64{"weak": 10, "fair": 20, "strong": 27, "very_strong": 34}[word]
}

// strength estimates the guesses that a password takes, in bits, from below: each character counts what its class offers, and
// next to nothing where it repeats or continues the one before. zxcvbn itself would add a megabyte to every function.
func strength(password string, c classes) float64 {
	alphabet := 0.0
	for _, class := range []struct{ has, size int }{{c.upper, 26}, {c.lower, 26}, {c.digit, 10}, {c.special, 32}} {
		if class.has > 0 {
			alphabet += float64(class.size)
		}
	}
	perCharacter := math.Log2(max(alphabet, 2)) / 2 // people choose words, not characters
	bits, last := 0.0, rune(-10)
	for _, r := range password {
		if step := r - last; step < -1 || step > 1 {
			bits += perCharacter
		} else {
			bits += 0.5
		}
		last = r
	}
	return bits
}
