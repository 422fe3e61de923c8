package mail

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"identitypools/shared/identity"
)

// Maximal lengths of a pool's own text, in characters.
const (
	MaxSubject = 150
	MaxBody    = 4000
)

// Check checks whether a pool may use a text of its own for a kind. The text must not be too long.
// It may contain only values that the kind has. If the kind has a code or a link, the body must
// contain it exactly once, in a paragraph of its own, and the subject must not contain it. The
// error is identity.Invalid with pointers to /subject and /body.
//
// The name of the receiver is not always known. A text that has {name} must be one without it too.
//
// A name is anything of up to 40 characters in braces on one line. A single brace is plain text.
func Check(k Kind, t Text) error {
	var v identity.Violations
	checkSubject(&v, k, t.Subject)
	checkBody(&v, k, t.Body)
	checkWithoutName(&v, "/subject", t.Subject)
	checkWithoutName(&v, "/body", t.Body)
	return v.Err()
}

func checkSubject(v *identity.Violations, k Kind, text string) {
	const at = "/subject"
	checkLength(v, at, text, MaxSubject)
	if strings.ContainsFunc(text, isUnsafe) {
		v.Add(at, identity.Broken(identity.CodeControlCharacters, "must be one line without control characters"))
	}
	for _, name := range namesInBraces(text) {
		switch {
		case name == k.mainVariable() && name == "code":
			v.Add(at, identity.NotAllowed("must not have {code}: the pool's setting code_in_subject puts it there"))
		case name == k.mainVariable():
			v.Add(at, identity.NotAllowed("must not have {"+name+"}"))
		default:
			checkVariable(v, at, k, name)
		}
	}
}

func checkBody(v *identity.Violations, k Kind, text string) {
	const at = "/body"
	checkLength(v, at, text, MaxBody)
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		v.Add(at, identity.Broken(identity.CodeControlCharacters, "must not contain control characters but line breaks"))
	}
	times := 0
	for _, name := range namesInBraces(text) {
		if checkVariable(v, at, k, name); name == k.mainVariable() {
			times++
		}
	}
	name := "{" + k.mainVariable() + "}"
	if k.mainVariable() != "" && (times != 1 || !slices.Contains(paragraphs(text), name)) {
		v.Add(at, identity.Wrong(fmt.Sprintf("must have %s once, in a paragraph of its own", name)))
	}
}

func checkLength(v *identity.Violations, at, text string, most int) {
	switch {
	case strings.TrimSpace(text) == "":
		v.Add(at, identity.Required())
	case utf8.RuneCountInString(text) > most:
		v.Add(at, identity.TooLong(most, "characters"))
	case !utf8.ValidString(text):
		v.Add(at, identity.WrongFormat("utf-8", "must be UTF-8"))
	}
}

// checkWithoutName checks that a text can also be sent to somebody whose name is not known: leaving
// out the name must neither leave nothing nor make the name of another value.
func checkWithoutName(v *identity.Violations, at, text string) {
	rest := withoutName(text)
	others := slices.DeleteFunc(namesInBraces(text), func(name string) bool { return name == "name" })
	switch {
	case rest == text:
	case strings.TrimSpace(rest) == "":
		v.Add(at, identity.Wrong("must say something without {name}, which is not always known"))
	case !slices.Equal(namesInBraces(rest), others):
		v.Add(at, identity.NotAllowed("must not have {name} within braces"))
	}
}

func checkVariable(v *identity.Violations, at string, k Kind, name string) {
	if !slices.Contains(k.Variables(), name) {
		v.Add(at, identity.Wrong(fmt.Sprintf("has {%s}, which is none of the values of this mail: %s",
			strings.ToValidUTF8(name, "?"), strings.Join(k.Variables(), ", "))))
	}
}

// namesInBraces returns the names in a text, each as often as it occurs.
func namesInBraces(text string) []string {
	var list []string
	for _, found := range regexp.MustCompile(`\{([^{}\n]{1,40})\}`).FindAllStringSubmatch(text, -1) {
		list = append(list, found[1])
	}
	return list
}
