package mail

import (
	_ "embed"
	"html"
	"strings"

	"identitypools/shared/identity"
)

//go:embed layout.html
var layout string

// Templates of the paragraphs of a body. Styles are attributes of their elements, because some mail
// clients ignore a style sheet in the head. The classes serve dark and narrow screens.
const (
	paragraphHTML = `<p class="text" style="margin:0 0 16px;color:#1f2937">{text}</p>` + "\n"

	codeHTML = `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"` +
		` style="margin:0 0 16px"><tr>` +
		`<td class="code" align="center" bgcolor="#f3f4f6"` +
		` style="background-color:#f3f4f6;color:#111827;border-radius:8px;padding:20px 8px 20px 14px;` +
		`font:bold 32px/1.25 ui-monospace,SFMono-Regular,Menlo,Consolas,'Courier New',monospace;` +
		`letter-spacing:6px;` +
		`-webkit-user-select:all;user-select:all">{code}</td></tr></table>` + "\n"

	// linkHTML is a button. Its colour is that of a table cell, because Outlook draws no padding
	// around a link. The border keeps it visible if the card has the same colour.
	linkHTML = `<table role="presentation" cellpadding="0" cellspacing="0" border="0"` +
		` style="margin:8px 0 24px"><tr>` +
		`<td align="center" bgcolor="{bar}" style="background-color:{bar};border:1px solid {on};` +
		`border-radius:8px;mso-padding-alt:14px 28px">` +
		`<a href="{link}" style="display:inline-block;padding:14px 28px;border-radius:8px;color:{on};` +
		`font-weight:bold;text-decoration:none">{button}</a>` +
		`</td></tr></table>` + "\n" +
		`<p class="text" style="margin:0 0 16px;color:#1f2937">{copy}<br>` +
		`<a class="text" href="{link}" style="color:#1f2937;word-break:break-all">{link}</a></p>` + "\n"
)

// minPreview is the length from which a preview is long enough, in bytes. The preview has as many
// paragraphs as that takes, because the first one may be only a greeting.
const minPreview = 60

// previewPadding is the number of blanks after the preview. They keep mail clients from showing in
// their lists what comes after the preview, above all the code.
const previewPadding = 120

// renderHTML returns the HTML part. It loads nothing and runs nothing.
func (p renderer) renderHTML() string {
	bar, on := identity.Colours(p.values.Colour)
	var body strings.Builder
	preview := ""
	for _, paragraph := range p.paragraphs {
		switch paragraph {
		case "{code}":
			body.WriteString(strings.Replace(codeHTML, "{code}", html.EscapeString(p.values.Code), 1))
		case "{link}":
			body.WriteString(strings.NewReplacer(
				"{bar}", bar, "{on}", on,
				"{link}", html.EscapeString(p.values.Link),
				"{button}", html.EscapeString(p.words.Say(p.kind.buttonKey())),
				"{copy}", html.EscapeString(p.words.Say("copy")),
			).Replace(linkHTML))
		default:
			text := p.escapedValues.Replace(html.EscapeString(paragraph))
			if len(preview) < minPreview {
				preview += text + " "
			}
			text = strings.ReplaceAll(text, "\n", "<br>")
			body.WriteString(strings.Replace(paragraphHTML, "{text}", text, 1))
		}
	}
	return strings.NewReplacer(
		"{lang}", p.lang,
		"{subject}", html.EscapeString(p.subject),
		"{preview}", preview+strings.Repeat("&nbsp;&zwnj;", previewPadding),
		"{bar}", bar, "{on}", on,
		"{pool}", html.EscapeString(p.values.Pool),
		"{body}", body.String(),
		"{footer}", html.EscapeString(p.footer()),
	).Replace(layout)
}
