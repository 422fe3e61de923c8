package identity

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// IdentifierType is the type of an identifier.
type IdentifierType string

// The types of the published API. Addresses are of one of the first two.
const (
	TypeEmail     IdentifierType = "email"
	TypeMobile    IdentifierType = "mobile"
	TypeUID       IdentifierType = "uid"
	TypeExternal  IdentifierType = "external"
	TypeFederated IdentifierType = "federated"
)

// The maximum lengths in bytes: of an e-mail address and its local part as in RFC 5321 §4.5.3.1,
// and of other identifiers.
const (
	maxEmail      = 254
	maxLocalPart  = 64
	maxIdentifier = 256
)

// domainInASCII returns a domain in the form that the DNS uses. It refuses labels and names that
// are too long for the DNS (RFC 1035 §2.3.4).
func domainInASCII(domain string) (string, error) {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true)).ToASCII(strings.ToLower(domain))
}

// Normalize returns the form of an identifier or address in which it is compared, claimed and
// limited. In that form, the value is trimmed, in Unicode NFKC, and case-folded if the pool ignores
// case; the domain of an e-mail address is in ASCII (IDNA). Nothing else is changed, so dots and
// tags of e-mail addresses are kept. Normalize is idempotent.
//
// It refuses invisible characters, because two identifiers that look the same would have two
// owners. It does not refuse characters that look like those of another script. The error is a
// sentence about the value that does not contain it.
func (p Pool) Normalize(kind IdentifierType, value string) (string, error) {
	if !utf8.ValidString(value) || len(value) > 4*maxIdentifier {
		return "", WrongFormat("utf-8", "must be valid UTF-8 of at most 256 bytes")
	}
	value = strings.TrimSpace(norm.NFKC.String(value))
	if value == "" {
		return "", Required()
	}
	if strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
	}) {
		return "", Broken(CodeControlCharacters, "must not contain line breaks or control characters")
	}
	switch kind {
	case TypeEmail:
		return p.normalizeEmail(value)
	case TypeMobile:
		if !isE164(value) {
			return "", WrongFormat("e164", "must be a phone number in international form, such as +15550100")
		}
		return value, nil
	case TypeUID, TypeExternal, TypeFederated:
		value = p.fold(value)
		if strings.ContainsFunc(value, isInvisible) {
			return "", errInvisible()
		}
		if len(value) > maxIdentifier {
			return "", TooLong(maxIdentifier, "bytes")
		}
		return value, nil
	}
	return "", NotOneOf(identifierTypes()...)
}

func (p Pool) normalizeEmail(value string) (string, error) {
	notAnAddress := WrongFormat("email", "must be an e-mail address")
	at := strings.LastIndexByte(value, '@')
	if at < 1 || strings.HasPrefix(value, "\"") {
		return "", notAnAddress
	}
	local := p.fold(value[:at])
	if strings.ContainsFunc(local, isInvisible) { // IDNA checks the domain
		return "", errInvisible()
	}
	domain, err := domainInASCII(value[at+1:])
	if err != nil || len(local) > maxLocalPart { // after folding, which may make it longer
		return "", notAnAddress
	}
	address := local + "@" + domain
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || len(address) > maxEmail {
		return "", notAnAddress
	}
	return address, nil
}

// errInvisible returns the rule about characters for which isInvisible is true.
func errInvisible() Rule {
	return Broken(CodeInvisible,
		"must not contain characters that show nothing, such as zero-width spaces and marks of direction")
}

// identifierTypes returns the types of the published API as texts.
func identifierTypes() []string {
	return []string{
		string(TypeEmail), string(TypeMobile), string(TypeUID), string(TypeExternal), string(TypeFederated),
	}
}

// isInvisible reports whether a character shows nothing or only changes how others are shown:
// joiners, zero-width spaces, marks and overrides of direction, tags, fillers, variation selectors.
// RFC 8264 §9 excludes nearly all of them from identifiers too.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// fold removes differences of case if the pool ignores case. Folding can undo NFKC, so fold applies
// NFKC again. Unicode folds Cherokee to upper case, while package cases swaps upper and lower case
// there.
func (p Pool) fold(value string) string {
	if !p.CaseInsensitive {
		return value
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cherokee, r) {
			return unicode.ToUpper(r)
		}
		return r
	}, norm.NFKC.String(cases.Fold().String(value)))
}

// InferType returns the type of an identifier that was given without one: e-mail address, phone
// number in international form, or user name.
func InferType(value string) IdentifierType {
	value = strings.TrimSpace(norm.NFKC.String(value))
	switch {
	case strings.Contains(value, "@"):
		return TypeEmail
	case isE164(value):
		return TypeMobile
	}
	return TypeUID
}

// isValid reports whether t is a type of the published API.
func (t IdentifierType) isValid() bool {
	return slices.Contains(identifierTypes(), string(t))
}

// isAddress reports whether messages can be sent to identifiers of the type.
func (t IdentifierType) isAddress() bool { return t == TypeEmail || t == TypeMobile }

// isE164 reports whether value is a phone number in the form of ITU-T E.164: a plus sign and 7 to
// 15 digits.
func isE164(value string) bool {
	digits, plus := strings.CutPrefix(value, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// NormalizeAddress returns the normalized form of an e-mail address or phone number whose type is
// not given. Its errors are those of Normalize.
func (p Pool) NormalizeAddress(value string) (string, error) {
	return p.Normalize(InferType(value), value)
}

// LookupForms returns every normalized form in which a user of the pool can have an identifier or a
// verified address that somebody gives without its type. It returns one form or two, in the order
// in which their owners take precedence: first the form of user names, and then the form of e-mail
// addresses if value is one and the form differs. A phone number has one form for all types.
//
// The user name comes first because LookupForms of a form begins with that form. So a normalized
// identifier always finds its owner, whatever others have. If the e-mail address came first,
// somebody could register an address that is a user name in another spelling, and the owner of
// the user name would never be found.
//
// All spellings of an e-mail address have the last form in common. The number of forms depends only
// on the value and the pool. The error is a sentence about the value, which cannot be an identifier
// of any type.
func (p Pool) LookupForms(value string) ([]string, error) {
	var forms []string
	name, err := p.Normalize(TypeUID, value)
	if err == nil {
		forms = append(forms, name)
	}
	if address, notAnAddress := p.Normalize(TypeEmail, value); notAnAddress == nil && address != name {
		forms = append(forms, address)
	}
	if len(forms) == 0 {
		return nil, err
	}
	return forms, nil
}
