package password

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// commonPasswords holds the 6,000 most common passwords of at least eight characters: in lower
// case, sorted, one per line. They are taken from zxcvbn-ts (language-common 4.1.3, MIT licence,
// see common.LICENSE). ASVS 6.2.4 asks for 3,000.
//
//go:embed common.txt
var commonPasswords string

// isCommon reports whether a password is in the list of common passwords, ignoring case. It
// searches the embedded text by bisection, so that nothing has to be prepared when a process
// starts.
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

// forbiddenNames returns the names that a password of u in p must not consist of: the name of the
// pool, the user's identifiers, and of email addresses also the local part and the domain.
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

// minNameLength is the length in characters of the shortest name that is forbidden. Shorter names
// occur in too many good passwords.
const minNameLength = 4

// namesIn returns those of the names that are forbidden, as they are found in a password in lower case.
func namesIn(names []string) (found []string) {
	for _, name := range names {
		name = strings.ToLower(norm.NFKC.String(name))
		if utf8.RuneCountInString(name) >= minNameLength {
			found = append(found, name)
		}
	}
	return found
}

// isDecorated reports whether a password consists of one of the names, once or repeated, with
// nothing but digits, punctuation and spaces around or between. It ignores case, and punctuation
// within the name.
func isDecorated(password string, names []string) bool {
	given := alphanumeric(password)
	for _, name := range names {
		name = alphanumeric(norm.NFKC.String(name))
		if utf8.RuneCountInString(name) < minNameLength || !strings.Contains(given, name) {
			continue
		}
		rest := strings.ReplaceAll(given, name, "")
		// A name without letters, such as a phone number, is refused only if nothing is around it:
		// otherwise it would forbid too many passwords.
		if rest == "" || hasLetter(name) && !hasLetter(rest) {
			return true
		}
	}
	return false
}

// alphanumeric returns the letters, combining marks and digits of a text, in lower case.
func alphanumeric(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

func hasLetter(text string) bool { return strings.ContainsFunc(text, unicode.IsLetter) }
