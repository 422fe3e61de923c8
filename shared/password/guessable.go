package password

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// common has the 6,000 most common passwords of at least eight characters, in lower case, sorted, one a line. It is made of the list
// of zxcvbn-ts (language-common 4.1.3, MIT licence, see common.LICENSE). ASVS 6.2.4 asks for 3,000.
//
//go:embed common.txt
var commonPasswords string

// isCommon looks for a line, in any case, by halves. The list is used as it stands, so a start costs nothing.
func isCommon(password string) bool {
	wanted, rest := strings.ToLower(password), commonPasswords
	for rest != "" {
		start := strings.LastIndexByte(rest[:len(rest)/2], '\n') + 1
		end := start + strings.IndexByte(rest[start:], '\n')
		switch line := rest[start:end]; {
		case wanted == line:
			return true
		case wanted < line:
			rest = rest[:start]
		default:
			rest = rest[end+1:]
		}
	}
	return false
}

// names are what a password of u must not be made of: the pool's name, local part and domain of addresses, other identifiers.
func forbiddenNames(p identity.Pool, u identity.User) []string {
	list := []string{p.Name}
	claims := u.Claims()
	for _, a := range u.Addresses {
		claims = append(claims, a.Normalized)
	}
	for _, claim := range claims {
		local, domain, isEmail := strings.Cut(claim, "@")
		list = append(list, local)
		if isEmail {
			list = append(list, claim, domain)
			list = append(list, strings.Split(domain, ".")...)
		}
	}
	return list
}

// minName is the shortest name that counts, in characters: shorter ones are in too many good passwords.
const minNameLength = 4

// isDecorated says whether a password is one of the names, once or repeated, with nothing but digits, punctuation and spaces around
// or between. Case and punctuation within the name do not matter.
func isDecorated(password string, names []string) bool {
	given := alphanumeric(password)
	for _, name := range names {
		name = alphanumeric(norm.NFKC.String(name))
		if utf8.RuneCountInString(name) < minNameLength || !strings.Contains(given, name) {
			continue
		}
		rest := strings.ReplaceAll(given, name, "")
		if rest == "" || hasLetter(name) && !hasLetter(rest) { // a name of digits would forbid too much
			return true
		}
	}
	return false
}

// alphanumeric is the letters, their marks and the digits of a text, in lower case.
func alphanumeric(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

func hasLetter(text string) bool { return strings.ContainsFunc(text, unicode.IsLetter) }
