package mail

import (
	"strings"
	"unicode/utf8"
)

// lineWidth is the length of lines of plain text, in characters (RFC 5322 §2.1.1).
const lineWidth = 78

// renderText returns the plain text part, which says everything that the HTML part says.
func (p renderer) renderText() string {
	var b strings.Builder
	for _, paragraph := range p.paragraphs {
		switch paragraph {
		case "{code}":
			b.WriteString("    " + grouped(p.values.Code, " "))
			if p.values.CodePage != "" {
				b.WriteString("\n\n" + p.words.Say("enter") + "\n" + p.values.CodePage)
			}
		case "{link}":
			b.WriteString(p.plainValues.Replace(paragraph))
		default:
			b.WriteString(wrapLines(p.plainValues.Replace(paragraph)))
		}
		b.WriteString("\n\n")
	}
	if p.hasSignIn() {
		b.WriteString(p.signInWords() + "\n" + p.values.SignIn + "\n\n")
	}
	return b.String() + "-- \n" + wrapLines(p.footer()) + "\n" // RFC 3676 §4.3
}

// wrapLines breaks long lines at spaces. It does not break them at other blanks, such as no-break
// spaces.
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
