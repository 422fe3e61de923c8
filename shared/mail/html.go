package mail

import (
	_ "embed"
	"html"
	"strings"

	"identitypools/shared/identity"
)

//go:embed layout.html
var layout string

// What the paragraphs of a body become. Styles stand at their elements, since some clients drop the sheet in the head; the classes are for
// dark screens and narrow ones.
const (
	paragraphHTML = `<p class="text" style="margin:0 0 16px;color:#1f2937">{text}</p>` + "\n"

	codeHTML = `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr>` +
		`<td class="code" align="center" bgcolor="#f3f4f6" style="background-color:#f3f4f6;color:#111827;border-radius:8px;padding:20px 8px 20px 14px;` +
		`font:bold 32px/1.25 ui-monospace,SFMono-Regular,Menlo,Consolas,'Courier New',monospace;letter-spacing:6px;` +
		`-webkit-user-select:all;user-select:all">{code}</td></tr></table>` + "\n"

	// A button whose colour is that of a cell: Outlook draws no padding around a link. The border keeps it visible on a card of its own colour.
	linkHTML = `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>` +
		`<td align="center" bgcolor="{bar}" style="background-color:{bar};border:1px solid {on};border-radius:8px;mso-padding-alt:14px 28px">` +
		`<a href="{link}" style="display:inline-block;padding:14px 28px;border-radius:8px;color:{on};font-weight:bold;text-decoration:none">{button}</a>` +
		`</td></tr></table>` + "\n" +
		`<p class="text" style="margin:0 0 16px;color:#1f2937">{copy}<br>` +
		`<a class="text" href="{link}" style="color:#1f2937;word-break:break-all">{link}</a></p>` + "\n"
)

// enough of a preview says what the mail is about, in bytes: its first paragraphs do, but for a greeting alone.
const minPreview = 60

// padding is how many blanks follow the preview, so that lists of mails show nothing of what comes after it: the code above all.
const previewPadding = 120

// html is the part that most people see. Nothing in it is loaded or run.
func (p renderer) renderHTML() string {
	bar, on := identity.Colours(p.values.Colour)
	var body strings.Builder
	preview := ""
	for _, paragraph := range p.paragraphs {
		switch paragraph {
		case "{code}":
			body.WriteString(strings.Replace(codeHTML, "{code}", html.EscapeString(p.values.Code), 1))
		case "{link}":
			body.WriteString(strings.NewReplacer("{bar}", bar, "{on}", on, "{link}", html.EscapeString(p.values.Link),
				"{button}", html.EscapeString(p.words.Say("button")), "{copy}", html.EscapeString(p.words.Say("copy"))).Replace(linkHTML))
		default:
			text := p.escapedValues.Replace(html.EscapeString(paragraph))
			if len(preview) < minPreview {
				preview += text + " "
			}
			body.WriteString(strings.Replace(paragraphHTML, "{text}", strings.ReplaceAll(text, "\n", "<br>"), 1))
		}
	}
	return strings.NewReplacer(
		"{lang}", p.lang, "{subject}", html.EscapeString(p.subject), "{preview}", preview+strings.Repeat("&nbsp;&zwnj;", previewPadding), "{bar}", bar, "{on}", on,
		"{pool}", html.EscapeString(p.values.Pool), "{body}", body.String(), "{footer}", html.EscapeString(p.footer()),
	).Replace(layout)
}
