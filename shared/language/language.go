// Package language chooses the language of an answer and holds the messages in it. It determines
// which of the supported languages a request prefers, and reads messages from one file per
// language. It knows neither pages nor mails; the packages for these bring their own files.
package language

import (
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

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

// maxHeader is how many bytes of an Accept-Language header are read. Browsers send less than a tenth of
// that.
const maxHeader = 1000

// Accepted returns the supported language that the Accept-Language header of r prefers, or "" if there
// is none. Of a language tag only the primary language counts (RFC 4647 §3.4), so de-CH and de-formal
// are German. An element that is malformed is ignored, and so is what is beyond maxHeader.
func Accepted(r *http.Request) string {
	header := strings.Join(r.Header.Values("Accept-Language"), ",")
	preferred, most := "", 0.0
	for element := range strings.SplitSeq(header[:min(len(header), maxHeader)], ",") {
		tag, weight, ok := parseElement(element)
		code, _, _ := strings.Cut(tag, "-")
		if ok && weight > most && identity.IsLanguage(strings.ToLower(code)) {
			preferred, most = strings.ToLower(code), weight
		}
	}
	return preferred
}

// parseElement parses an element of an Accept-Language header, such as "de-CH;q=0.8" (RFC 9110
// §12.4.2). An element without a weight has the weight 1, and one with the weight 0 is not acceptable.
func parseElement(element string) (tag string, weight float64, ok bool) {
	tag, parameter, found := strings.Cut(element, ";")
	if !found {
		return strings.TrimSpace(tag), 1, true
	}
	name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
	weight, err := strconv.ParseFloat(value, 64)
	return strings.TrimSpace(tag), weight, err == nil && strings.EqualFold(name, "q") && weight <= 1
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
