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
			return "", identity.InvalidField(pointer, identity.Rule{
				Code: "reused", Params: identity.Params{"max": kept},
				Reason: fmt.Sprintf("must not be one of the last %d", kept),
			})
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
		v.Add(pointer, fault)
	}
	return v.Err()
}

// Faults returns the rules of pool p that a password of user u breaks. It returns a single one for a
// password that is not valid UTF-8 or is longer than identity.MaxPasswordLength.
//
// Lengths count code points after normalization to NFKC (NIST SP 800-63B-4 §3.1.1.2). In addition
// to the rules that the pool sets, common passwords and the names of the pool and the user are
// refused (ASVS 6.2.4, 6.2.11).
//
// A reason completes a sentence that starts with "the password", and never repeats the password.
func Faults(p identity.Pool, u identity.User, password string) []identity.Rule {
	if !utf8.ValidString(password) {
		return []identity.Rule{identity.WrongFormat("utf-8", "must be valid UTF-8")}
	}
	password = norm.NFKC.String(password)
	policy, count := p.PasswordPolicy, countCharacters(password)
	if count.all > identity.MaxPasswordLength {
		return []identity.Rule{identity.TooLong(identity.MaxPasswordLength, "characters")}
	}
	var faults []identity.Rule
	fault := func(broken bool, rule identity.Rule) {
		if broken {
			faults = append(faults, rule)
		}
	}
	atLeast := func(has, wanted int, code, unit string) {
		rule := identity.TooShort(wanted, unit)
		rule.Code = code
		fault(has < wanted, rule)
	}
	atLeast(count.all, policy.MinLength, identity.CodeTooShort, "characters")
	atLeast(count.upper, policy.Capitals, "capital_letters", "capital letters")
	atLeast(count.lower, policy.Lowercase, "lowercase_letters", "lowercase letters")
	atLeast(count.digit, policy.Digits, "digits", "digits")
	atLeast(count.special, policy.Special, "special_characters", "special characters")
	fault(isCommon(password), identity.Broken("common", "is one of the most common passwords"))
	fault(isDecorated(password, forbiddenNames(p, u)),
		identity.Broken("name", "must not be the name of the pool or of the user"))
	fault(estimateBits(password, count) < requiredBits(policy.Strength),
		identity.Broken("strength", "is too easy to guess: make it longer or more varied"))
	return faults
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
