package mail

import (
	"strings"
	"unicode/utf8"
)

// width is how long lines of plain text are, in characters (RFC 5322 §2.1.1).
const lineWidth = 78

// text is the part for readers without HTML. It says everything that the other one does.
func (p renderer) renderText() string {
	var b strings.Builder
	for _, paragraph := range p.paragraphs {
		switch paragraph {
		case "{code}":
			b.WriteString("    " + p.plainValues.Replace(paragraph))
		case "{link}":
			b.WriteString(p.plainValues.Replace(paragraph))
		default:
			b.WriteString(wrapLines(p.plainValues.Replace(paragraph)))
		}
		b.WriteString("\n\n")
	}
	return b.String() + "-- \n" + wrapLines(p.footer()) + "\n" // RFC 3676 §4.3
}

// wrapped breaks lines at spaces; those that must not be broken at are other characters.
func wrapLines(text string) string {
	var b strings.Builder
	at := 0
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
			at = 0
		}
		for word := range strings.SplitSeq(line, " ") {
			n := utf8.RuneCountInString(word)
			switch {
			case at > 0 && at+1+n > lineWidth:
				b.WriteByte('\n')
				at = 0
			case at > 0:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(word)
			at += n
		}
	}
	return b.String()
}
