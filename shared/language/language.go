// Package language chooses the language of an answer and holds the messages in it. It determines
// which of the supported languages a request prefers, and reads messages from one file per
// language. It knows neither pages nor mails; the packages for these bring their own files.
package language

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"

	"identitypools/shared/identity"
)

// Parameter is the name of the query parameter and of the form field that name a language. They
// take precedence over the Accept-Language header.
const Parameter = "lang"

// Requested returns the language that r asks for: the value of Parameter in the query if there is
// one, otherwise the result of Accepted. The value of Parameter is returned unchecked, even if the
// language is not supported; the caller decides whether to refuse or ignore it.
func Requested(r *http.Request) string {
	if asked := r.URL.Query().Get(Parameter); asked != "" {
		return asked
	}
	return Accepted(r)
}

// maxHeader is the length of the longest Accept-Language header that is parsed, in bytes. Browsers
// send less than a tenth of that.
const maxHeader = 1000

// Accepted returns the supported language that the Accept-Language header of r prefers (RFC 9110
// §12.5.4), or "" if there is none.
func Accepted(r *http.Request) string {
	header := r.Header.Get("Accept-Language")
	if header == "" || len(header) > maxHeader {
		return ""
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return ""
	}
	for _, tag := range wanted {
		base, confidence := tag.Base()
		if confidence > language.Low && identity.IsLanguage(base.String()) {
			return base.String()
		}
	}
	return ""
}

// Words maps the keys of messages to their texts in one language.
type Words map[string]string

// Read reads the messages of all supported languages from the files <language>.json in a folder,
// and returns them by language. Each file is a JSON object of strings. Read fails if a file is
// missing or malformed, or if the files do not all have the same keys.
func Read(files fs.FS, folder string) (map[string]Words, error) {
	all := map[string]Words{}
	first := identity.Languages()[0]
	for _, code := range identity.Languages() {
		text, err := fs.ReadFile(files, folder+"/"+code+".json")
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		words := Words{}
		if err := json.Unmarshal(text, &words); err != nil {
			return nil, fmt.Errorf("read messages in %s: %w", code, err)
		}
		all[code] = words
		for key := range all[first] {
			if words[key] == "" {
				return nil, fmt.Errorf("read messages in %s: %q is missing", code, key)
			}
		}
		if len(words) != len(all[first]) {
			return nil, fmt.Errorf("read messages in %s: there are some that %s does not have", code, first)
		}
	}
	return all, nil
}

// Say returns the message with the given key. The pairs are names and values in turn: each {name}
// in the message is replaced by its value. Values are not searched for further names. If there is
// no such message, Say returns the key.
func (w Words) Say(key string, pairs ...string) string {
	text, ok := w[key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return text
	}
	old := make([]string, len(pairs))
	for i, part := range pairs {
		if old[i] = part; i%2 == 0 {
			old[i] = "{" + part + "}"
		}
	}
	return strings.NewReplacer(old...).Replace(text)
}
