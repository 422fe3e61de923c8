package identity

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Languages are those in which people are spoken to, as ISO 639-1 codes. The first serves where nothing says which a person reads.
func Languages() []string { return []string{"en", "de", "es", "fr", "pl"} }

// IsLanguage says whether code is one of Languages.
func IsLanguage(code string) bool { return slices.Contains(Languages(), code) }

// Branding is how a pool's pages and mails look, and what they say. This project's own.
type Branding struct {
	Language      string              `json:"language"` // where nothing says which the reader's is
	LogoURL       string              `json:"logo_url,omitempty"`
	TermsURL      string              `json:"terms_url,omitempty"`
	PrivacyURL    string              `json:"privacy_url,omitempty"`
	SenderName    string              `json:"sender_name,omitempty"` // of mails; "" is that of the deployment's sender, else the pool's name
	ReplyTo       string              `json:"reply_to,omitempty"`    // an e-mail address; "" is none
	CodeInSubject bool                `json:"code_in_subject"`
	Texts         map[string]PageText `json:"texts,omitempty"` // by language
}

// PageText are a pool's own words on its pages, in a language; "" is what every pool says.
type PageText struct {
	Title  string            `json:"title,omitempty"`  // over the form
	Intro  string            `json:"intro,omitempty"`  // below the title
	Done   string            `json:"done,omitempty"`   // when the account is active
	Labels map[string]string `json:"labels,omitempty"` // of fields, by the name of the property of the payload's schema
}

// BrandingChange changes a Branding: what is absent stays, texts are replaced as a whole.
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

// Lengths of what a branding says, in characters, and of all its texts together, in bytes.
const (
	maxURL        = 512
	maxSenderName = 64
	maxTitle      = 100
	maxParagraph  = 500
	maxPageTexts  = 16 << 10
)

// Filled is the branding with the usual language where none was ever set.
func (b Branding) Filled() Branding {
	b.Language = set(Languages()[0], b.Language)
	return b
}

func (b *Branding) change(c BrandingChange) {
	replace(&b.Language, c.Language)
	replace(&b.LogoURL, c.LogoURL)
	replace(&b.TermsURL, c.TermsURL)
	replace(&b.PrivacyURL, c.PrivacyURL)
	replace(&b.SenderName, c.SenderName)
	replace(&b.ReplyTo, c.ReplyTo)
	replace(&b.CodeInSubject, c.CodeInSubject)
	replace(&b.Texts, c.Texts)
	*b = b.Filled()
}

func (b Branding) check(v *Violations) {
	const at = "/branding/"
	checkLanguage(v, at+"language", b.Language)
	for name, value := range map[string]string{"logo_url": b.LogoURL, "terms_url": b.TermsURL, "privacy_url": b.PrivacyURL} {
		if value != "" && !isWebAddress(value) {
			v.Add(at+name, fmt.Sprintf("must be an https URL of at most %d characters", maxURL))
		}
	}
	checkLine(v, at+"sender_name", b.SenderName, 0, maxSenderName)
	if strings.ContainsAny(b.SenderName, "@<>\"") { // which would look like an address that it isn't
		v.Add(at+"sender_name", `must not contain @, <, > or "`)
	}
	if strings.ContainsFunc(b.SenderName, isInvisible) {
		v.Add(at+"sender_name", errInvisible.Error())
	}
	if b.ReplyTo != "" {
		if _, err := Mailbox(b.ReplyTo); err != nil {
			v.Add(at+"reply_to", err.Error())
		}
	}
	size := 0
	for _, language := range slices.Sorted(maps.Keys(b.Texts)) {
		here := at + "texts/" + escapePointer(language)
		checkLanguage(v, here, language)
		size += b.Texts[language].check(v, here)
	}
	if size > maxPageTexts {
		v.Add(at+"texts", fmt.Sprintf("must have at most %d KB", maxPageTexts>>10))
	}
}

// check also tells the size of the texts in bytes.
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

// checkLanguage records a language that people are not spoken to in.
func checkLanguage(v *Violations, pointer, language string) {
	if !IsLanguage(language) {
		v.Add(pointer, "must be one of "+strings.Join(Languages(), ", "))
	}
}

// isWebAddress says whether text is an https URL that can stand in a page, and its origin in a page's Content-Security-Policy.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && utf8.RuneCountInString(text) <= maxURL && u.Scheme == "https" && u.User == nil && u.Host != "" &&
		strings.Trim(strings.ToLower(u.Host), "abcdefghijklmnopqrstuvwxyz0123456789.-:") == "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// Colour is the pool's badge colour as #rrggbb in small letters; "" where it has none, or one of another form, which is kept since the
// published API takes any text.
func (p Pool) Colour() string {
	digits, ok := strings.CutPrefix(strings.ToLower(p.BadgeColor), "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	if _, err := strconv.ParseUint(digits, 16, 24); !ok || err != nil || len(digits) != 6 {
		return ""
	}
	return "#" + digits
}

// LanguageFor is the language to speak to u in, as far as it is known: the one that was asked for, else the one that u signed up in or that
// u's payload has as the claim locale (OpenID Connect Core §5.1), else the pool's.
func (p Pool) LanguageFor(u User, asked string) string {
	for _, language := range []string{asked, u.Language, u.locale()} {
		if IsLanguage(language) {
			return language
		}
	}
	return p.Branding.Language
}

// locale is the language of the payload's claim locale, without the region that it may name ("de-AT", "de_AT").
func (u User) locale() string {
	var claims struct {
		Locale jsontext.Value `json:"locale"`
	}
	if json.Unmarshal(u.Payload, &claims, jsontext.AllowDuplicateNames(true)) != nil || claims.Locale.Kind() != '"' {
		return ""
	}
	var tag string
	_ = json.Unmarshal(claims.Locale, &tag) // is a string
	language, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return strings.ToLower(language)
}
