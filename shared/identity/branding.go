package identity

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Languages returns the languages of pages and mails as ISO 639-1 codes. The first one is used if
// nothing says which language a person reads.
func Languages() []string { return []string{"en", "de", "es", "fr", "pl"} }

// IsLanguage reports whether code is one of Languages.
func IsLanguage(code string) bool { return slices.Contains(Languages(), code) }

// Branding is how the pages and the mails of a pool look and what they say. It is an extension of
// the published API.
//
// Mails of a pool without a SenderName have the name of the pool, or else that of the deployment's
// sender: see Pool.SenderName.
type Branding struct {
	Language      string              `json:"language"` // used if the reader's is not known
	LogoURL       string              `json:"logo_url,omitempty"`
	TermsURL      string              `json:"terms_url,omitempty"`
	PrivacyURL    string              `json:"privacy_url,omitempty"`
	SenderName    string              `json:"sender_name,omitempty"` // of mails; see below
	ReplyTo       string              `json:"reply_to,omitempty"`    // an e-mail address, or "" for none
	CodeInSubject bool                `json:"code_in_subject"`
	Texts         map[string]PageText `json:"texts,omitempty"` // by language
}

// PageText is a pool's own words on its pages in one language. An empty field stands for the usual
// words.
type PageText struct {
	Title  string            `json:"title,omitempty"`  // above the form
	Intro  string            `json:"intro,omitempty"`  // below the title
	Done   string            `json:"done,omitempty"`   // shown when the account is active
	Labels map[string]string `json:"labels,omitempty"` // of fields, by the property of the payload
}

// BrandingChange changes a Branding. Absent fields are left unchanged; texts are replaced as a
// whole.
type BrandingChange struct {
	Language      *string              `json:"language"`
	LogoURL       *string              `json:"logo_url"`
	TermsURL      *string              `json:"terms_url"`
	PrivacyURL    *string              `json:"privacy_url"`
	SenderName    *string              `json:"sender_name"`
	ReplyTo       *string              `json:"reply_to"`
	CodeInSubject *bool                `json:"code_in_subject"`
	Texts         *map[string]PageText `json:"texts"`
}

// The maximum lengths of the texts of a branding: of each text in characters, and of all page texts
// together in bytes.
const (
	maxURL        = 512
	maxSenderName = 64
	maxTitle      = 100
	maxParagraph  = 500
	maxPageTexts  = 16 << 10
)

// Filled returns the branding with the default language if no language was ever set.
func (b Branding) Filled() Branding {
	b.Language = firstNonEmpty(Languages()[0], b.Language)
	return b
}

// ReplyAddress returns the address for replies. Earlier releases stored it as it was given, and took
// addresses to which no mail can be sent, for which there is an error.
func (b Branding) ReplyAddress() (MailAddress, error) {
	if b.ReplyTo == "" {
		return MailAddress{}, nil
	}
	return ParseMailAddress(b.ReplyTo)
}

// change makes the change c. It records a violation if c gives an address for replies that is none.
// One that an earlier release has accepted stays and keeps no other change from being made.
func (b *Branding) change(v *Violations, c BrandingChange) {
	setIfGiven(&b.Language, c.Language)
	setIfGiven(&b.LogoURL, c.LogoURL)
	setIfGiven(&b.TermsURL, c.TermsURL)
	setIfGiven(&b.PrivacyURL, c.PrivacyURL)
	setIfGiven(&b.SenderName, c.SenderName)
	setIfGiven(&b.ReplyTo, c.ReplyTo)
	setIfGiven(&b.CodeInSubject, c.CodeInSubject)
	setIfGiven(&b.Texts, c.Texts)
	*b = b.Filled()
	switch address, err := b.ReplyAddress(); {
	case err == nil:
		b.ReplyTo = address.String()
	case c.ReplyTo != nil:
		v.Add("/branding/reply_to", RuleOf(err))
	}
}

func (b Branding) check(v *Violations) {
	const at = "/branding/"
	checkLanguage(v, at+"language", b.Language)
	for name, value := range map[string]string{
		"logo_url": b.LogoURL, "terms_url": b.TermsURL, "privacy_url": b.PrivacyURL,
	} {
		if value != "" && !isWebAddress(value) {
			v.Add(at+name, WrongFormat("https-url", fmt.Sprintf("must be an https URL of at most %d characters", maxURL)))
		}
	}
	checkSenderName(v, b.SenderName)
	size := 0
	for _, language := range slices.Sorted(maps.Keys(b.Texts)) {
		here := at + "texts/" + escapePointer(language)
		checkLanguage(v, here, language)
		size += b.Texts[language].check(v, here)
	}
	if size > maxPageTexts {
		v.Add(at+"texts", TooLong(maxPageTexts>>10, "KB"))
	}
}

// checkSenderName records the violations of a name that stands before the address of a sender.
func checkSenderName(v *Violations, name string) {
	const at = "/branding/sender_name"
	checkLine(v, at, name, 0, maxSenderName)
	// It could be mistaken for the sender's address, or for the encoding of one (RFC 2047 §2).
	if strings.ContainsAny(name, "@<>\"") || strings.Contains(name, "=?") {
		v.Add(at, Wrong(`must not contain @, <, >, " or =?`))
	}
	if strings.ContainsFunc(name, func(r rune) bool { return isInvisible(r) || unicode.In(r, unicode.Zl, unicode.Zp) }) {
		v.Add(at, errInvisible())
	}
}

// check records the violations of t, and returns the size of its texts in bytes.
func (t PageText) check(v *Violations, at string) (size int) {
	checkLine(v, at+"/title", t.Title, 0, maxTitle)
	checkLine(v, at+"/intro", t.Intro, 0, maxParagraph)
	checkLine(v, at+"/done", t.Done, 0, maxParagraph)
	size = len(t.Title) + len(t.Intro) + len(t.Done)
	for _, name := range slices.Sorted(maps.Keys(t.Labels)) {
		checkLine(v, at+"/labels/"+escapePointer(name), t.Labels[name], 1, maxTitle)
		size += len(name) + len(t.Labels[name])
	}
	return size
}

// checkLanguage records a violation at pointer if language is not one of Languages.
func checkLanguage(v *Violations, pointer, language string) {
	if !IsLanguage(language) {
		v.Add(pointer, NotOneOf(Languages()...))
	}
}

// maxSignInURL is the maximum size of Pool.SignInURL in bytes.
const maxSignInURL = 2048

// isSignInURL reports whether text is a URL to which a page may lead people who are done: an https URL with
// a host and without a user name, or an http URL of this machine, where applications are developed.
func isSignInURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxSignInURL || u.Host == "" || u.User != nil || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return false
	}
	isLocal := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && isLocal
}

// isWebAddress reports whether text is an https URL that can be used in a page, and whose origin
// can be used in the page's Content-Security-Policy.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	const ofHosts = "abcdefghijklmnopqrstuvwxyz0123456789.-:"
	notVisible := func(r rune) bool { return r <= ' ' || r == 0x7f }
	return err == nil && utf8.RuneCountInString(text) <= maxURL &&
		u.Scheme == "https" && u.User == nil && u.Host != "" &&
		strings.Trim(strings.ToLower(u.Host), ofHosts) == "" && !strings.ContainsFunc(text, notVisible)
}

// Colour returns the pool's badge colour, which may be a name of CSS, in the form #rrggbb, in lower case. It
// returns "" if the pool has no badge colour, or one in another form: the published API accepts any text, so
// the pool keeps it.
func (p Pool) Colour() string {
	given := strings.ToLower(strings.TrimSpace(p.BadgeColor))
	digits, ok := strings.CutPrefix(given, "#")
	if !ok {
		return namedColour(given)
	}
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	if _, err := strconv.ParseUint(digits, 16, 24); err != nil || len(digits) != 6 {
		return ""
	}
	return "#" + digits
}

// LanguageFor returns the language in which to address u. It is the first of these that is known:
// the language that was asked for, the one in which u signed up, the claim locale of u's payload
// (OpenID Connect Core §5.1), and the pool's language.
func (p Pool) LanguageFor(u User, asked string) string {
	for _, language := range []string{asked, u.Language, u.locale()} {
		if IsLanguage(language) {
			return language
		}
	}
	return p.Branding.Language
}

// locale returns the language of the payload's claim locale, without the region that the claim may
// name ("de-AT", "de_AT").
func (u User) locale() string {
	var claims struct {
		Locale jsontext.Value `json:"locale"`
	}
	if json.Unmarshal(u.Payload, &claims, jsontext.AllowDuplicateNames(true)) != nil || claims.Locale.Kind() != '"' {
		return ""
	}
	var tag string
	_ = json.Unmarshal(claims.Locale, &tag) // it is a string, so this cannot fail
	language, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return strings.ToLower(language)
}
