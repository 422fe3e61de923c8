package mail

import (
	"embed"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"identitypools/shared/language"
)

//go:embed messages
var messages embed.FS

// Texts has the default texts of all mails in all languages, and renders mails. It is safe for
// concurrent use.
type Texts struct{ words map[string]language.Words }

// LoadTexts reads the texts, which are part of the program. A process calls it once, when it
// starts.
func LoadTexts() (*Texts, error) {
	words, err := language.Read(messages, "messages")
	if err != nil {
		return nil, fmt.Errorf("texts of mails: %w", err)
	}
	return &Texts{words: words}, nil
}

// Default returns the text of a kind for pools that have none of their own. It returns an empty
// Text for an unknown kind or language.
func (t *Texts) Default(k Kind, lang string) Text {
	if !t.has(k, lang) {
		return Text{}
	}
	return Text{Subject: t.words[lang].Say(string(k) + ".subject"), Body: t.words[lang].Say(string(k) + ".body")}
}

func (t *Texts) has(k Kind, lang string) bool {
	return t.words[lang] != nil && slices.Contains(Kinds(), k)
}

// Render returns a mail of the given kind and language. It is made from the pool's own text, which
// must have passed Check, or from the default text if own is nil. Render fails only for an unknown
// kind or language.
//
// Each name in a text is replaced by its value, escaped for the part that it is in. Nothing in a
// text is executed, and names within values stay. A package such as text/template would allow a
// text to do more than that, and would add four megabytes to the function.
func (t *Texts) Render(k Kind, lang string, own *Text, v Values) (Mail, error) {
	if !t.has(k, lang) {
		return Mail{}, fmt.Errorf("there is no mail %q in language %q", k, lang)
	}
	v.Pool, v.Name = oneLine(v.Pool), oneLine(v.Name)
	p := renderer{kind: k, lang: lang, words: t.words[lang], values: v}
	p.plainValues, p.escapedValues = p.replacers(k)
	text := t.Default(k, lang)
	if own != nil {
		text = *own
	}
	if v.Name == "" {
		text = Text{Subject: withoutName(text.Subject), Body: withoutName(text.Body)}
	}
	p.headline = oneLine(p.plainValues.Replace(text.Subject))
	p.paragraphs = paragraphs(text.Body)
	subject := p.headline
	if v.CodeInSubject && k.mainVariable() == "code" {
		subject = grouped(v.Code, " ") + " – " + subject // which still says what the code is for, and who sends it
	}
	return Mail{Subject: subject, Text: p.renderText(), HTML: p.renderHTML()}, nil
}

// A renderer has what both parts of a mail are made from.
type renderer struct {
	kind          Kind
	lang          string
	words         language.Words
	values        Values
	plainValues   *strings.Replacer // replaces names by their values
	escapedValues *strings.Replacer // replaces names by their values, escaped for HTML
	headline      string            // the subject without the code, with values
	paragraphs    []string          // with the names of values
}

// replacers returns replacers for the names that the kind has, and for no others.
func (p renderer) replacers(k Kind) (plain, rich *strings.Replacer) {
	var values, escaped []string
	for _, name := range k.Variables() {
		value := p.value(name)
		values = append(values, "{"+name+"}", value)
		escaped = append(escaped, "{"+name+"}", html.EscapeString(value))
	}
	return strings.NewReplacer(values...), strings.NewReplacer(escaped...)
}

func (p renderer) value(name string) string {
	switch name {
	case "pool":
		return p.values.Pool
	case "name":
		return p.values.Name
	case "code":
		return p.values.Code
	case "link":
		return p.values.Link
	case "duration":
		return formatDuration(p.words, p.values.Duration)
	case "until":
		return formatMoment(p.words, p.values.Until)
	}
	return formatMoment(p.words, p.values.Time)
}

// footer says who sent the mail and why, and whom to ask if the pool gives an address.
func (p renderer) footer() string {
	text := p.words.Say("footer", "pool", p.values.Pool)
	if p.values.ReplyTo != "" {
		text += " " + p.words.Say("footer_reply", "address", p.values.ReplyTo)
	}
	return text
}

// paragraphs returns the paragraphs of a text, which are separated by blank lines. It removes the
// spaces around each line.
func paragraphs(text string) []string {
	var list []string
	last := ""
	for line := range strings.SplitSeq(text+"\n\n", "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line != "" && last != "":
			last += "\n" + line
		case line != "":
			last = line
		case last != "":
			list, last = append(list, last), ""
		}
	}
	return list
}

// withoutName returns a text for a receiver whose name is not known. The name is left out together
// with the space and the comma before it, so that "Hello {name}," becomes "Hello,". At the beginning
// of a line it is left out with what divides it from the next word, which gets a capital, or with the
// line if there is no other word.
func withoutName(text string) string {
	text = regexp.MustCompile(`(?m)^[ \t]*\{name\}[,:;!]?[ \t]*(\n|\pL)?`).ReplaceAllStringFunc(text, func(found string) string {
		last, _ := utf8.DecodeLastRuneInString(found)
		if !unicode.IsLetter(last) {
			return ""
		}
		return string(unicode.ToUpper(last))
	})
	return regexp.MustCompile(`,?[ \x{a0}]*\{name\}`).ReplaceAllString(text, "")
}

// oneLine returns a text as a single line for a subject: without control characters, line
// separators and characters that change the direction of the following text.
func oneLine(text string) string {
	safe := strings.Map(func(r rune) rune {
		if isUnsafe(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(safe), " ")
}

// isUnsafe reports whether a character must not be in a subject.
func isUnsafe(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) ||
		unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}
