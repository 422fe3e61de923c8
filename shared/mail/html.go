package mail

import (
	_ "embed"
	"html"
	"strings"

	"identitypools/shared/identity"
)

//go:embed layout.html
var layout string

// Templates of the parts of a mail. Styles are attributes of their elements, because some mail
// clients ignore a style sheet in the head. The classes serve dark and narrow screens.
const (
	// logoHTML is white behind the logo, which is drawn for a white page, whatever colour the bar has.
	// The name of the pool follows it, so it needs no other text. Outlook takes the height from the
	// attribute.
	logoHTML = `<img src="{logo}" alt="" height="32" style="height:32px;max-width:160px;` +
		`background-color:#ffffff;padding:4px 8px;border:0;border-radius:6px;margin:0 12px 0 0;vertical-align:middle">`

	paragraphHTML = `<p class="text" style="margin:0 0 16px;color:#1f2937">{text}</p>` + "\n"

	// codeHTML shows the code in large digits. The groups are set apart by the space after a digit
	// (gapHTML) and not by a space character. So the code is copied as bare digits, which fit into any
	// form, and programs that look for codes, such as the AutoFill of iOS and the chips of Android,
	// find one number.
	codeHTML = `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"` +
		` style="margin:0 0 16px"><tr>` +
		`<td class="code" align="center" bgcolor="#f3f4f6"` +
		` style="background-color:#f3f4f6;color:#111827;border-radius:8px;padding:20px 8px 20px 12px;` +
		`font:bold 32px/1.25 ui-monospace,SFMono-Regular,Menlo,Consolas,'Courier New',monospace;` +
		`letter-spacing:4px;` +
		`-webkit-user-select:all;user-select:all">{code}</td></tr></table>` + "\n"
	gapHTML = `<span style="letter-spacing:18px">{digit}</span>`

	// enterHTML leads to the page on which the code is typed.
	enterHTML = `<p class="text" style="margin:0 0 16px;color:#1f2937">{enter}<br>{link}</p>` + "\n"

	// buttonHTML is a link. Its colour is that of a table cell, because Outlook draws no padding
	// around a link. The border keeps it visible if the card has the same colour.
	buttonHTML = `<table role="presentation" cellpadding="0" cellspacing="0" border="0"` +
		` style="margin:8px 0 24px"><tr>` +
		`<td align="center" bgcolor="{bar}" style="background-color:{bar};border:1px solid {on};` +
		`border-radius:8px;mso-padding-alt:14px 28px">` +
		`<a href="{link}" style="display:inline-block;padding:14px 28px;border-radius:8px;color:{on};` +
		`font-weight:bold;text-decoration:none">{button}</a>` +
		`</td></tr></table>` + "\n"
	copyHTML = `<p class="text" style="margin:0 0 16px;color:#1f2937">{copy}<br>{link}</p>` + "\n"
	linkHTML = `<a class="text" href="{link}" style="color:#1f2937;word-break:break-all">{link}</a>`
)

// minPreview is the length from which a preview is long enough, in bytes. The preview has as many
// paragraphs as that takes, because the first one may be only a greeting.
const minPreview = 60

// previewPadding is the number of blanks after the preview. They keep mail clients from showing in
// their lists what comes after the preview.
const previewPadding = 120

// renderHTML returns the HTML part. It runs nothing, and loads nothing but the pool's logo.
func (p renderer) renderHTML() string {
	bar, on := identity.Colours(p.values.Colour)
	var body strings.Builder
	preview := p.codePreview()
	isWhole := preview != ""
	for _, paragraph := range p.paragraphs {
		switch paragraph {
		case "{code}":
			body.WriteString(p.codeHTML())
		case "{link}":
			body.WriteString(p.buttonHTML(p.values.Link, p.words.Say(p.kind.buttonKey())))
			body.WriteString(strings.NewReplacer(
				"{copy}", html.EscapeString(p.words.Say("copy")), "{link}", anchor(p.values.Link),
			).Replace(copyHTML))
		default:
			text := p.paragraph(paragraph)
			if !isWhole && len(preview) < minPreview {
				preview += p.escapedValues.Replace(html.EscapeString(paragraph)) + " "
			}
			text = strings.ReplaceAll(text, "\n", "<br>")
			body.WriteString(strings.Replace(paragraphHTML, "{text}", text, 1))
		}
	}
	if p.hasSignIn() {
		body.WriteString(p.buttonHTML(p.values.SignIn, p.signInWords()))
	}
	logo := ""
	if p.values.Logo != "" {
		logo = strings.Replace(logoHTML, "{logo}", html.EscapeString(p.values.Logo), 1)
	}
	return strings.NewReplacer(
		"{lang}", p.lang,
		"{headline}", html.EscapeString(p.headline),
		"{preview}", preview+strings.Repeat("&nbsp;&zwnj;", previewPadding),
		"{bar}", bar, "{on}", on,
		"{logo}", logo,
		"{pool}", html.EscapeString(p.values.Pool),
		"{body}", body.String(),
		"{footer}", html.EscapeString(p.footer()),
	).Replace(layout)
}

// codePreview returns the preview of a mail with a code that people type: the code,
// so that a list of mails or a notification shows it, and how long it is valid. It returns "" for
// other mails.
func (p renderer) codePreview() string {
	if p.kind.mainVariable() != "code" || len(groups(p.values.Code)) == 1 {
		return ""
	}
	text := p.words.Say("preview_code",
		"code", grouped(p.values.Code, "\u00a0"), "duration", formatDuration(p.words, p.values.Duration))
	return html.EscapeString(text) + " "
}

// codeHTML returns the code, and the page on which it is typed if there is one.
func (p renderer) codeHTML() string {
	var digits strings.Builder
	all := groups(p.values.Code)
	for i, group := range all {
		last := len(group) - 1
		if i == len(all)-1 {
			digits.WriteString(html.EscapeString(group))
			break
		}
		digits.WriteString(group[:last] + strings.Replace(gapHTML, "{digit}", group[last:], 1))
	}
	code := strings.Replace(codeHTML, "{code}", digits.String(), 1)
	if p.values.CodePage == "" {
		return code
	}
	return code + strings.NewReplacer(
		"{enter}", html.EscapeString(p.words.Say("enter")), "{link}", anchor(p.values.CodePage),
	).Replace(enterHTML)
}

// buttonHTML returns a button with the given words that opens a URL.
func (p renderer) buttonHTML(url, words string) string {
	bar, on := identity.Colours(p.values.Colour)
	return strings.NewReplacer(
		"{bar}", bar, "{on}", on, "{link}", html.EscapeString(url), "{button}", html.EscapeString(words),
	).Replace(buttonHTML)
}

// hasSignIn reports whether the mail says where somebody with an account goes on.
func (p renderer) hasSignIn() bool {
	return (p.kind == Welcome || p.kind == AddressTaken) && p.values.SignIn != ""
}

// signInWords returns the words on the button that leads to Values.SignIn.
func (p renderer) signInWords() string { return p.words.Say(p.kind.buttonKey(), "pool", p.values.Pool) }

// paragraph returns a paragraph as HTML, with the URLs in its text as links. A URL within a value is
// none, because strangers may choose values. Neither is one that contains the name of a value.
func (p renderer) paragraph(text string) string {
	var b strings.Builder
	for {
		at := urlPattern().FindStringIndex(text)
		if at == nil {
			break
		}
		end := at[0] + len(withoutPunctuation(text[at[0]:at[1]]))
		b.WriteString(p.escapedValues.Replace(html.EscapeString(text[:at[0]])))
		if found := text[at[0]:end]; isURL(found) && !strings.HasPrefix(text[at[1]:], "{") {
			b.WriteString(anchor(found))
		} else {
			b.WriteString(html.EscapeString(found))
		}
		text = text[end:]
	}
	return b.String() + p.escapedValues.Replace(html.EscapeString(text))
}

// anchor returns a link that shows its URL.
func anchor(url string) string {
	return strings.ReplaceAll(linkHTML, "{link}", html.EscapeString(url))
}
