// Package language finds the language of a reader and says things in it: which of the served languages a request prefers, and the
// messages of pages and mails, one file a language. It knows neither pages nor mails; they bring their files.
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

// Parameter is the name of the query parameter, and of the form's field, that names a language. It wins over the header.
const Parameter = "lang"

// Of is the language that r asks for: by Parameter, else by Accept-Language (RFC 9110 §12.5.4). It is "" where r asks for none that is
// served; of Parameter also a language that is not served is told, for the caller to refuse or ignore.
func Requested(r *http.Request) string {
	if asked := r.URL.Query().Get(Parameter); asked != "" {
		return asked
	}
	return Accepted(r)
}

// longest bounds an Accept-Language that is looked at, in bytes. Browsers send less than a tenth.
const maxHeader = 1000

// Accepted is the served language that r's Accept-Language prefers, "" for none.
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

// Words are what is said in a language, by key.
type Words map[string]string

// Read reads the files <language>.json of a folder: an object of texts each, for every served language and no other, all with the same keys.
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

// Say is the message of a key, with each {name} replaced, once, by the value that follows the name in pairs. A key that isn't there shows as
// itself.
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
