package mail

import (
	"embed"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"

	"identitypools/shared/language"
)

//go:embed messages
var messages embed.FS

// Texts are the usual texts in all languages, and make mails of them. They are safe for concurrent use.
type Texts struct{ words map[string]language.Words }

// Open reads the texts. It is for the start of a process.
func LoadTexts() (*Texts, error) {
	words, err := language.Read(messages, "messages")
	if err != nil {
		return nil, fmt.Errorf("texts of mails: %w", err)
	}
	return &Texts{words: words}, nil
}

// Usual is what mails of a kind say where a pool has no text of its own. It is empty for a kind or a language that there isn't.
func (t *Texts) Default(k Kind, lang string) Text {
	if !t.has(k, lang) {
		return Text{}
	}
	return Text{Subject: t.words[lang].Say(string(k) + ".subject"), Body: t.words[lang].Say(string(k) + ".body")}
}

func (t *Texts) has(k Kind, lang string) bool {
	return t.words[lang] != nil && slices.Contains(Kinds(), k)
}

// Render is the mail of a kind in a language: of a pool's own text, where it has one that Check accepts, else of the usual one. Nothing in a
// text is executed: a name is replaced, once, by a value that is escaped for where it stands. text/template could do more than that, and
// would cost the function four megabytes. Errors: only for a kind or a language that there isn't.
func (t *Texts) Render(k Kind, lang string, own *Text, v Values) (Mail, error) {
	if !t.has(k, lang) {
		return Mail{}, fmt.Errorf("there is no mail %q in language %q", k, lang)
	}
	v.Pool = oneLine(v.Pool)
	p := renderer{lang: lang, words: t.words[lang], values: v}
	p.plainValues, p.escapedValues = p.replacers(k)
	text := t.Default(k, lang)
	if own != nil {
		text = *own
	}
	p.subject = oneLine(p.plainValues.Replace(text.Subject))
	switch {
	case !v.CodeInSubject || k.mainVariable() != "code":
	case own == nil:
		p.subject = p.words.Say("code_in_subject", "code", v.Code, "pool", v.Pool)
	default:
		p.subject = v.Code + " – " + p.subject
	}
	p.paragraphs = paragraphs(text.Body)
	return Mail{Subject: p.subject, Text: p.renderText(), HTML: p.renderHTML()}, nil
}

// parts are what both parts of a mail are made of.
type renderer struct {
	lang                       string
	words                      language.Words
	values                     Values
	plainValues, escapedValues *strings.Replacer // of names by values, the second by values that are escaped
	subject                    string
	paragraphs                 []string // with the names of values
}

// replacers replace the names that the kind has, and only those.
func (p renderer) replacers(k Kind) (plain, rich *strings.Replacer) {
	var values, escaped []string
	for _, name := range k.Variables() {
		value := p.value(name)
		values, escaped = append(values, "{"+name+"}", value), append(escaped, "{"+name+"}", html.EscapeString(value))
	}
	return strings.NewReplacer(values...), strings.NewReplacer(escaped...)
}

func (p renderer) value(name string) string {
	switch name {
	case "pool":
		return p.values.Pool
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

// footer says who sent the mail and why, and whom to ask where there is somebody.
func (p renderer) footer() string {
	text := p.words.Say("footer", "pool", p.values.Pool)
	if p.values.ReplyTo != "" {
		text += " " + p.words.Say("footer_reply", "address", p.values.ReplyTo)
	}
	return text
}

// paragraphs are the parts of a text between blank lines, without the spaces around their lines.
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

// oneLine keeps line breaks and other control characters out of subjects, and those that turn the direction of the text after them.
func oneLine(text string) string { return strings.Join(strings.Fields(strings.Map(tame, text)), " ") }

func tame(r rune) rune {
	if isUnsafe(r) {
		return ' '
	}
	return r
}

func isUnsafe(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Bidi_Control, r)
}
