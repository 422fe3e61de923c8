package password

import (
	"context"
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// HashNew checks a new password of user u in pool p, as Check does, and returns its hash. It also
// refuses as many of the user's present and earlier passwords as the policy of p says. The user must
// have been read with its hashes. HashNew fails as Check and Hash do.
func (h *Hasher) HashNew(
	ctx context.Context, p identity.Pool, u identity.User, pointer, password string,
) (string, error) {
	if err := h.Check(p, u, pointer, password); err != nil {
		return "", err
	}
	kept := p.PasswordPolicy.NotUsedSince
	for _, used := range u.UsedHashes(kept) {
		result, err := h.Verify(ctx, used, password)
		if err != nil {
			return "", err
		}
		if result.OK {
			reason := fmt.Sprintf("must not be one of the last %d", kept)
			return "", identity.Invalid{Violations: []identity.Violation{
				{Pointer: pointer, Rule: "reused", Bound: kept, Reason: reason},
			}}
		}
	}
	return h.Hash(ctx, password)
}

// Check checks a new password of user u in pool p without hashing it. If the password breaks rules,
// the error is identity.Invalid with one violation for each of Faults, all at the given JSON
// Pointer.
func (h *Hasher) Check(p identity.Pool, u identity.User, pointer, password string) error {
	var v identity.Violations
	for _, fault := range Faults(p, u, password) {
		fault.Pointer = pointer
		v = append(v, fault)
	}
	return v.Err()
}

// Faults returns the rules of pool p that a password of user u breaks, each with its name and a
// reason, and without a pointer. It returns a single fault for a password that is not valid UTF-8
// or is longer than identity.MaxPasswordLength, and for the hash of a password.
//
// Lengths count code points after normalization to NFKC (NIST SP 800-63B-4 §3.1.1.2). In addition
// to the rules that the pool sets, common passwords, the names of the pool and the user, and what is
// guessed as easily, are refused (ASVS 6.2.4, 6.2.11).
//
// A reason completes a sentence that starts with "the password", and never repeats the password.
func Faults(p identity.Pool, u identity.User, password string) []identity.Violation {
	if !utf8.ValidString(password) {
		return []identity.Violation{{Rule: "text", Reason: "must be valid UTF-8"}}
	}
	if isHash(password) {
		return []identity.Violation{{Rule: "hash", Reason: "is the hash of a password, and hashes cannot be imported: " +
			"give the password itself, or none, so that the user chooses one at activation or by a reset"}}
	}
	password = norm.NFKC.String(password)
	policy, count := p.PasswordPolicy, countCharacters(password)
	if count.all > identity.MaxPasswordLength {
		const most = identity.MaxPasswordLength
		reason := fmt.Sprintf("must have at most %d characters", most)
		return []identity.Violation{{Rule: "max_length", Bound: most, Reason: reason}}
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
	common, names := isCommon(password), forbiddenNames(p, u)
	named := isDecorated(password, names)
	fault(common, "common", 0, "is one of the most common passwords")
	fault(named, "name", 0, "must not be the name of the pool or of the user")
	if !common && !named {
		why := whyGuessable(password, namesIn(names))
		fault(why != "", "guessable."+why, 0, reasonOf(why))
	}
	fault(estimateBits(password, count) < requiredBits(policy.Strength), "strength", 0,
		"is too easy to guess: make it longer or more varied")
	return faults
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// characterCounts counts the characters of a password by class. Letters of scripts without case
// count as other, and whatever is neither letter nor digit counts as special.
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
