package password

import (
	"context"
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// HashNew checks a new password of u in p and hashes it. Errors: those of Check and Hash.
func (h *Hasher) HashNew(ctx context.Context, p identity.Pool, u identity.User, pointer, password string) (string, error) {
	if err := h.Check(p, u, pointer, password); err != nil {
		return "", err
	}
	return h.Hash(ctx, password)
}

// Check is the check of HashNew alone, for who will not need the hash. Errors: identity.Invalid at pointer with what Faults says.
func (h *Hasher) Check(p identity.Pool, u identity.User, pointer, password string) error {
	var v identity.Violations
	for _, fault := range Faults(p, u, password) {
		fault.Pointer = pointer
		v = append(v, fault)
	}
	return v.Err()
}

// Faults are the rules of p that a password of u breaks, by name and in words, without a pointer; of one that is not text or too long, that alone. Lengths count code points after NFKC (NIST SP 800-63B-4
// §3.1.1.2). Beyond the pool's own rules, common passwords and the names of pool and user are refused (ASVS 6.2.4, 6.2.11).
// A reason follows "the password" in a sentence and never repeats it.
func Faults(p identity.Pool, u identity.User, password string) []identity.Violation {
	if !utf8.ValidString(password) {
		return []identity.Violation{{Rule: "text", Reason: "must be valid UTF-8"}}
	}
	password = norm.NFKC.String(password)
	policy, count := p.PasswordPolicy, countCharacters(password)
	if count.all > identity.MaxPasswordLength {
		const most = identity.MaxPasswordLength
		return []identity.Violation{{Rule: "max_length", Bound: most, Reason: fmt.Sprintf("must have at most %d characters", most)}}
	}
	var faults []identity.Violation
	fault := func(broken bool, rule string, bound int, reason string) {
		if broken {
			faults = append(faults, identity.Violation{Rule: rule, Bound: bound, Reason: reason})
		}
	}
	atLeast := func(has, wanted int, rule, what string) {
		fault(has < wanted, rule, wanted, fmt.Sprintf("must have at least %d %s%s", wanted, what, plural(wanted)))
	}
	atLeast(count.all, policy.MinLength, "min_length", "character")
	atLeast(count.upper, policy.Capitals, "capital_letters", "capital letter")
	atLeast(count.lower, policy.Lowercase, "lowercase_letters", "lowercase letter")
	atLeast(count.digit, policy.Digits, "digits", "digit")
	atLeast(count.special, policy.Special, "special_characters", "special character")
	fault(isCommon(password), "common", 0, "is one of the most common passwords")
	fault(isDecorated(password, forbiddenNames(p, u)), "name", 0, "must not be the name of the pool or of the user")
	fault(estimateBits(password, count) < requiredBits(policy.Strength), "strength", 0, "is too easy to guess: make it longer or more varied")
	return faults
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// classes counts characters; letters of scripts without case are in other.
type characterCounts struct{ all, upper, lower, digit, special, other int }

func countCharacters(password string) characterCounts {
	var c characterCounts
	for _, r := range password {
		c.all++
		switch {
		case unicode.IsUpper(r):
			c.upper++
		case unicode.IsLower(r):
			c.lower++
		case unicode.IsDigit(r):
			c.digit++
		case unicode.IsLetter(r):
			c.other++
		default:
			c.special++
		}
	}
	return c
}
