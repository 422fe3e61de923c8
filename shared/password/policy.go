package password

import (
	"context"
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// HashNew checks a new password of u in p and hashes it. Errors: identity.Invalid at pointer with what Faults says; those of
// Hash.
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

// Faults are the rules of p that a password of u breaks, in words; of one that is not text or too long, that alone. Lengths count code points after NFKC (NIST SP 800-63B-4
// §3.1.1.2). Beyond the pool's own rules, common passwords and the names of pool and user are refused (ASVS 6.2.4, 6.2.11).
// A reason follows "the password" in a sentence and never repeats it.
func Faults(p identity.Pool, u identity.User, password string) []string {
	if !utf8.ValidString(password) {
		return []string{"must be valid UTF-8"}
	}
	password = norm.NFKC.String(password)
	policy, count := p.PasswordPolicy, countClasses(password)
	if count.all > identity.MaxPasswordLength {
		return []string{fmt.Sprintf("must have at most %d characters", identity.MaxPasswordLength)}
	}
	var faults []string
	fault := func(broken bool, reason string) {
		if broken {
			faults = append(faults, reason)
		}
	}
	atLeast := func(has, wanted int, what string) {
		fault(has < wanted, fmt.Sprintf("must have at least %d %s%s", wanted, what, plural(wanted)))
	}
	atLeast(count.all, policy.MinLength, "character")
	atLeast(count.upper, policy.Capitals, "capital letter")
	atLeast(count.lower, policy.Lowercase, "lowercase letter")
	atLeast(count.digit, policy.Digits, "digit")
	atLeast(count.special, policy.Special, "special character")
	fault(isCommon(password), "is one of the most common passwords")
	fault(isDecorated(password, names(p, u)), "must not be the name of the pool or of the user")
	fault(strength(password, count) < wantedStrength(policy.Strength), "is too easy to guess: make it longer or more varied")
	return faults
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// classes counts characters; letters of scripts without case are in other.
type classes struct{ all, upper, lower, digit, special, other int }

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
		case unicode.IsLetter(r):
			c.other++
		default:
			c.special++
		}
	}
	return c
}
