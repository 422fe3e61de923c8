package identity

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// IdentifierType says what an identifier is.
type IdentifierType string

// The types of the published API. Addresses have the first two.
const (
	TypeEmail     IdentifierType = "email"
	TypeMobile    IdentifierType = "mobile"
	TypeUID       IdentifierType = "uid"
	TypeExternal  IdentifierType = "external"
	TypeFederated IdentifierType = "federated"
)

// Lengths of identifiers in bytes: an e-mail address as RFC 5321 §4.5.3.1 allows it, anything else 256.
const (
	maxEmail      = 254
	maxLocalPart  = 64
	maxIdentifier = 256
)

// domainInASCII is a domain as the DNS has it; labels and names that are too long for it are refused (RFC 1035 §2.3.4).
func domainInASCII(domain string) (string, error) {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true)).ToASCII(strings.ToLower(domain))
}

// Normalize is the form of an identifier or address that is compared, claimed and limited: trimmed, Unicode NFKC, the
// domain of an e-mail address in ASCII (IDNA), and case-folded where the pool ignores case. Nothing cleverer: no dots or
// tags are dropped. It is idempotent. Characters that show nothing are refused, for two identifiers that look the same would
// have two owners; what merely looks alike in another script is not. The error is a sentence about the value, without it.
func (p Pool) Normalize(kind IdentifierType, value string) (string, error) {
	if !utf8.ValidString(value) || len(value) > 4*maxIdentifier {
		return "", reason("must be valid UTF-8 of at most 256 bytes")
	}
	value = strings.TrimSpace(norm.NFKC.String(value))
	if strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
	}) {
		return "", reason("must not contain line breaks or control characters")
	}
	switch kind {
	case TypeEmail:
		return p.normalizeEmail(value)
	case TypeMobile:
		if !isE164(value) {
			return "", reason("must be a phone number in international form, such as +15550100")
		}
		return value, nil
	case TypeUID, TypeExternal, TypeFederated:
		value = p.fold(value)
		if strings.ContainsFunc(value, isInvisible) {
			return "", errInvisible
		}
		if value == "" || len(value) > maxIdentifier {
			return "", reason("must have 1 to 256 bytes")
		}
		return value, nil
	}
	return "", reason("has a type that is not one of email, mobile, uid, external, federated")
}

func (p Pool) normalizeEmail(value string) (string, error) {
	notAnAddress := reason("must be an e-mail address")
	at := strings.LastIndexByte(value, '@')
	if at < 1 || strings.HasPrefix(value, "\"") {
		return "", notAnAddress
	}
	local := p.fold(value[:at])
	if strings.ContainsFunc(local, isInvisible) { // those of the domain are IDNA's matter
		return "", errInvisible
	}
	domain, err := domainInASCII(value[at+1:])
	if err != nil || len(local) > maxLocalPart { // counted when folded, which may lengthen it
		return "", notAnAddress
	}
	address := local + "@" + domain
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || len(address) > maxEmail {
		return "", notAnAddress
	}
	return address, nil
}

const errInvisible = reason("must not contain characters that show nothing, such as zero-width spaces and marks of direction")

// isInvisible says whether a character shows nothing or only changes how others show: joiners, zero-width spaces, marks and overrides
// of direction, tags, fillers, variation selectors. RFC 8264 §9 keeps nearly all of them out of identifiers too.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// fold makes case irrelevant where the pool says so. Folding can undo NFKC, so that comes again. Unicode folds Cherokee to its
// capitals; the library swaps capitals and small letters.
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

// InferType is the type of an identifier that came without one: an e-mail address, a phone number in international form,
// else a plain user name.
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

// isAddress says whether messages can be sent to identifiers of the type.
func (t IdentifierType) isAddress() bool { return t == TypeEmail || t == TypeMobile }

// isE164 says whether value is a phone number as ITU-T E.164 writes it: a plus sign and 7 to 15 digits.
func isE164(value string) bool {
	digits, plus := strings.CutPrefix(value, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// reason is an error whose text is for the caller.
type reason string

func (r reason) Error() string { return string(r) }

// Find is the normalized form under which value, an identifier or verified address of unknown type, would be claimed.
func (p Pool) Find(value string) (string, error) {
	normalized, err := p.Normalize(InferType(value), value)
	if err != nil {
		return p.Normalize(TypeUID, value)
	}
	return normalized, nil
}
