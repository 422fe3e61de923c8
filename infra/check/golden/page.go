package golden

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// inline has the names of the elements beside which browsers show white space. A label is not one
// of them, because the style makes it a block.
const inline = " a b bdi button img input select span textarea "

// Page returns a page for a golden file, with one tag or text on each line, without the white space that
// browsers do not show, and without values that differ between runs.
func Page(page []byte) string {
	differing := regexp.MustCompile(
		`\w+-\w{8,}@example\.com|[?&]code=[\w%.-]{20,}|[?&]for=[\w-]{20,}|^[\w.-]{22}$|^[\w.-]{36,}$|^\{"algorithm".*\}$`,
	)
	var lines []string
	isInline, inRaw := false, false
	space := func() { // adds white space if the elements before and after it show it
		if n := len(lines); n > 0 && isInline && lines[n-1] != "␣" {
			lines = append(lines, "␣")
		}
	}
	for tokens := html.NewTokenizer(strings.NewReader(string(page))); tokens.Next() != html.ErrorToken; {
		token := tokens.Token()
		switch {
		case token.Type == html.TextToken && inRaw:
			lines = append(lines, "…")
		case token.Type == html.TextToken:
			words := strings.Join(strings.Fields(token.Data), " ")
			if strings.TrimLeft(token.Data, " \n\r\t") != token.Data {
				space()
			}
			if words != "" {
				lines, isInline = append(lines, "  "+differing.ReplaceAllString(words, "…")), true
			}
			if words != "" && strings.TrimRight(token.Data, " \n\r\t") != token.Data {
				space()
			}
		default:
			inRaw = token.Type == html.StartTagToken && (token.Data == "style" || token.Data == "script")
			isInline = strings.Contains(inline, " "+token.Data+" ")
			if n := len(lines); !isInline && n > 0 && lines[n-1] == "␣" {
				lines = lines[:n-1]
			}
			line := map[html.TokenType]string{html.EndTagToken: "/"}[token.Type] + token.Data
			for _, a := range token.Attr {
				if a.Key == "aria-describedby" { // has a list of ids
					a.Val = strings.Join(strings.Fields(a.Val), " ")
				}
				line += fmt.Sprintf(" %s=%q", a.Key, differing.ReplaceAllString(a.Val, "…"))
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
