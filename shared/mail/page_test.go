package mail_test

import (
	"io"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"identitypools/shared/mail"
)

// tokens calls see for each token of a page, with the elements that are open around it. It fails
// the test if elements are not closed in the right order.
func tokens(tb testing.TB, text string, see func(token html.Token, open []string)) {
	tb.Helper()
	var open []string
	for z := html.NewTokenizer(strings.NewReader(text)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF || len(open) > 0 {
				tb.Errorf("ends with %v within %v", z.Err(), open)
			}
			return
		case html.StartTagToken:
			token := z.Token()
			see(token, open)
			if !slices.Contains([]string{"meta", "br", "img"}, token.Data) {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if token := z.Token(); len(open) == 0 || open[len(open)-1] != token.Data {
				tb.Fatalf("</%s> within %v", token.Data, open)
			}
			open = open[:len(open)-1]
		default:
			see(z.Token(), open)
		}
	}
}

// shape returns the tags of a page with the names of their attributes, without comments and text.
func shape(tb testing.TB, text string) []string {
	tb.Helper()
	var tags []string
	tokens(tb, text, func(token html.Token, _ []string) {
		if token.Type != html.StartTagToken {
			return
		}
		tag := token.Data
		for _, a := range token.Attr {
			tag += " " + a.Key
		}
		tags = append(tags, tag)
	})
	return tags
}

// visible returns the text of a page that people can read. What is set apart is divided by a space,
// and what is within a line (span) is not.
func visible(tb testing.TB, text string) string {
	tb.Helper()
	var b strings.Builder
	tokens(tb, text, func(token html.Token, open []string) {
		switch {
		case token.Type == html.TextToken && !slices.Contains(open, "head"):
			b.WriteString(token.Data)
		case token.Type == html.StartTagToken && token.Data != "span":
			b.WriteString(" ")
		}
	})
	return b.String()
}

// checkPage checks what the HTML of every mail must satisfy.
func checkPage(tb testing.TB, m mail.Mail, lang string) {
	tb.Helper()
	allowed := strings.Fields("html head meta title style body div table tr td h1 p br a span img")
	tokens(tb, m.HTML, func(token html.Token, open []string) {
		switch token.Type {
		case html.CommentToken:
			if !strings.HasPrefix(token.Data, "[if mso]>") {
				tb.Errorf("a comment: %s", token.Data)
			}
		case html.StartTagToken:
			if !slices.Contains(allowed, token.Data) {
				tb.Errorf("<%s>", token.Data)
			}
			checkAttributes(tb, token, lang)
		}
	})
	if found := regexp.MustCompile(`(?i)url\(|@import|expression\(|javascript:`).FindString(m.HTML); found != "" {
		tb.Errorf("HTML loads or runs something: %q", found)
	}
}

func checkAttributes(tb testing.TB, token html.Token, lang string) {
	tb.Helper()
	has := map[string]string{}
	for _, a := range token.Attr {
		has[a.Key] = a.Val
		isLogo := token.Data == "img" && a.Key == "src" && a.Val == logo
		if !isLogo && slices.Contains([]string{"src", "srcset", "background", "action", "data", "poster", "http-equiv"}, a.Key) || strings.HasPrefix(a.Key, "on") {
			tb.Errorf("<%s> has %s", token.Data, a.Key)
		}
	}
	switch {
	case token.Data == "html" && has["lang"] != lang:
		tb.Errorf("the language is %q, want %q", has["lang"], lang)
	case token.Data == "table" && has["role"] != "presentation":
		tb.Error("a table that is read out as one")
	case token.Data == "a" && !slices.Contains([]string{link, codePage, signIn}, has["href"]) && !isOwnLink(has["href"]):
		tb.Errorf("a link to %q", has["href"])
	}
	// Outlook uses the attribute, other clients use the style.
	background := regexp.MustCompile(`background-color:(#[0-9a-f]{6})`).FindStringSubmatch(has["style"])
	if set := has["bgcolor"]; (background != nil || set != "") && (background == nil || background[1] != set) {
		tb.Errorf("<%s> has the colour %q, and in its style %q", token.Data, set, background)
	}
}

// isOwnLink reports whether a link is one that a pool's own text may have.
func isOwnLink(href string) bool {
	u, err := url.Parse(href)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

func TestLinkIsOneAttribute(t *testing.T) {
	t.Parallel()
	v := values("p")
	v.Link = `https://example.com/?a="><b onclick="x`
	got := shape(t, mustRender(t, mail.RegistrationLink, "en", nil, v).HTML)
	want := shape(t, mustRender(t, mail.RegistrationLink, "en", nil, values("p")).HTML)
	if !slices.Equal(got, want) {
		t.Errorf("a link ends its attribute:\n%s", got)
	}
}

// TestThePreview checks that a list of mails and a notification, which show the beginning of their
// texts, show the code that people type and how long it is valid. Of another mail they show its first
// sentences, and neither a link nor a code that nobody types.
func TestThePreview(t *testing.T) {
	t.Parallel()
	begin := map[string]string{"en": "is your code. It is valid for 24 hours.", "de": "ist Ihr Code. Er gilt 24 Stunden.", "es": "es su código. Es válido durante 24 horas.", "fr": "est votre code. Il est valable 24 heures.", "pl": "to Twój kod. Jest ważny przez 24 godziny."}
	preview := func(t *testing.T, m mail.Mail) string {
		t.Helper()
		shown := []rune(strings.TrimSpace(visible(t, m.HTML)))[:240]
		return strings.TrimRight(string(shown), " \u00a0\u200c\n")
	}
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		shown := preview(t, mustRender(t, kind, lang, nil, values("Acme")))
		want := strings.ReplaceAll(read, " ", "\u00a0") + " " + begin[lang]
		if len(shown) < 45 || strings.Contains(shown, code) || strings.Contains(shown, "http") || strings.HasPrefix(shown, want) != (carries(kind) == code) {
			t.Errorf("the preview is %q", shown)
		}
	})
	own := mail.Text{Subject: "s", Body: "{code}"}
	if shown := preview(t, mustRender(t, mail.RegistrationCode, "en", &own, values("Acme"))); !strings.HasSuffix(shown, begin["en"]) {
		t.Errorf("the preview of a text that is only a code is %q", shown)
	}
	v := values("Acme")
	v.Code = "AQphY3RpdmF0aW9uAnUxc2VjcmV0"
	if shown := preview(t, mustRender(t, mail.SignInCode, "en", nil, v)); strings.Contains(shown, v.Code) {
		t.Errorf("the preview shows an extended code: %q", shown)
	}
}

// TestLinksOfOwnTexts checks that the URLs in a pool's own text are links in the HTML part, and that
// those in values, which strangers may choose, are none.
func TestLinksOfOwnTexts(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		"See https://example.com/help.":                       {"https://example.com/help"},
		"(https://example.com/a_(b)), http://example.com?":    {"https://example.com/a_(b)", "http://example.com"},
		"HTTPS://example.com/ü?a=1&b=2#c «https://x.example»": {"HTTPS://example.com/ü?a=1&b=2#c", "https://x.example"},
		"two\nhttps://a.example\nhttps://b.example\nlines":    {"https://a.example", "https://b.example"},
		"https://example.com/{pool} and {pool}":               nil, // a value never ends up in an address
		"https://user:pass@example.com ftp://example.com":     nil,
		"javascript:alert(1) http:// https://. nohttps://":    nil,
		`https://example.com/"><script>`:                      {"https://example.com/"},
		"https://example.com/'onclick='x":                     {"https://example.com/'onclick='x"},
	} {
		m := mustRender(t, mail.Welcome, "en", &mail.Text{Subject: "s", Body: body}, values("Visit https://pool.example"))
		var got []string
		tokens(t, m.HTML, func(token html.Token, _ []string) {
			if token.Type == html.StartTagToken && token.Data == "a" {
				for _, a := range token.Attr {
					if a.Key == "href" {
						got = append(got, a.Val)
					}
				}
			}
		})
		if !slices.Equal(got, want) {
			t.Errorf("%q has the links %q, want %q", body, got, want)
		}
		plain := strings.Join(strings.Fields(strings.ReplaceAll(body, "{pool}", "Visit https://pool.example")), " ")
		if seen := strings.Join(strings.Fields(visible(t, m.HTML)), ""); !strings.Contains(seen, strings.ReplaceAll(plain, " ", "")) {
			t.Errorf("%q is shown as %s", body, seen)
		}
	}
}

// TestEveryMailHasAHeadline, which is its subject without the code, below the name of the pool.
func TestEveryMailHasAHeadline(t *testing.T) {
	t.Parallel()
	forEachMail(t, func(t *testing.T, kind mail.Kind, lang string) {
		v := values("Acme & Sons")
		subject := mustRender(t, kind, lang, nil, v).Subject
		v.CodeInSubject = true
		text := mustRender(t, kind, lang, nil, v).HTML
		headline := regexp.MustCompile(`<h1 [^>]*>([^<]*)</h1>`).FindAllStringSubmatch(text, -1)
		if len(headline) != 1 || html.UnescapeString(headline[0][1]) != subject {
			t.Errorf("the headlines are %q, want %q", headline, subject)
		}
	})
}

// TestMarginsOnAPhone checks that all parts of a mail have the same margins at the sides, on a wide
// screen and on a narrow one.
func TestMarginsOnAPhone(t *testing.T) {
	t.Parallel()
	text := mustRender(t, mail.RegistrationCode, "en", nil, values("Acme")).HTML
	cells := regexp.MustCompile(`<td class="([^"]*)"[^>]*;?padding:\d+px (\d+)px`).FindAllStringSubmatch(text, -1)
	parts := 0
	for _, cell := range cells {
		if slices.Contains(strings.Fields(cell[1]), "side") {
			parts++
			if cell[2] != "32" {
				t.Errorf("a part has a margin of %s", cell[2])
			}
		}
	}
	if parts != 3 || !strings.Contains(text, ".side { padding-left: 20px !important; padding-right: 20px !important; }") {
		t.Errorf("%d parts have the same margins: %q", parts, cells)
	}
}

// TestColours checks that the name and the button can be read whatever colour a pool has (WCAG 2.2
// §1.4.3).
func TestColours(t *testing.T) {
	t.Parallel()
	pair := regexp.MustCompile(`<td class="bar side" bgcolor="(#[0-9a-f]{6})"[^>]*>\s*<p style="[^"]*;color:(#[0-9a-f]{6})`)
	button := regexp.MustCompile(`<td align="center" bgcolor="(#[0-9a-f]{6})"[^>]*><a href="[^"]*" style="[^"]*;color:(#[0-9a-f]{6})`)
	for colour, want := range map[string][2]string{
		"":           {"#1a56db", "#ffffff"},
		"red":        {"#1a56db", "#ffffff"},
		"#12345":     {"#1a56db", "#ffffff"},
		"#gggggg":    {"#1a56db", "#ffffff"},
		`#"><b>x`:    {"#1a56db", "#ffffff"},
		"#000000":    {"#000000", "#ffffff"},
		"#ffffff":    {"#ffffff", "#000000"},
		"#ffd700":    {"#ffd700", "#000000"},
		"#ff0000":    {"#ff0000", "#000000"},
		"#b00020":    {"#b00020", "#ffffff"},
		"#767676":    {"#767676", "#000000"},
		"#757575":    {"#757575", "#ffffff"},
		"#00ff00":    {"#00ff00", "#000000"},
		"#0000ff":    {"#0000ff", "#ffffff"},
		"#1a56db; x": {"#1a56db", "#ffffff"},
	} {
		v := values("Acme")
		v.Colour = colour
		text := mustRender(t, mail.RegistrationLink, "en", nil, v).HTML
		for name, at := range map[string]*regexp.Regexp{"bar": pair, "button": button} {
			found := at.FindStringSubmatch(text)
			if found == nil || found[1] != want[0] || found[2] != want[1] {
				t.Fatalf("%q: the %s is %q, want %q", colour, name, found, want)
			}
			if c := contrast(t, found[1], found[2]); c < 4.5 {
				t.Errorf("%q: the contrast of the %s is %.2f", colour, name, c)
			}
		}
	}
}

// TestContrast checks that text can be read on its background, on light and on dark screens: both
// in clients that keep the styles of elements, and in Outlook, which has rules of its own for dark
// screens.
func TestContrast(t *testing.T) {
	t.Parallel()
	m := mustRender(t, mail.RegistrationCode, "en", nil, values("Acme"))
	light := map[string]string{}
	for class, style := range classes(t, m.HTML+mustRender(t, mail.RegistrationLink, "en", nil, values("Acme")).HTML) {
		for _, kind := range []string{"color", "background-color"} {
			if found := regexp.MustCompile(`(?:^|;)` + kind + `:(#[0-9a-f]{6})`).FindStringSubmatch(style); found != nil {
				light[class+" "+kind] = found[1]
			}
		}
	}
	dark, outlook := map[string]string{}, map[string]string{}
	for _, rule := range regexp.MustCompile(`(\[data-og..\] )?\.(\w+) \{([^}]*)\}`).FindAllStringSubmatch(m.HTML, -1) {
		for _, set := range regexp.MustCompile(`(background-color|color): (#[0-9a-f]{6})`).FindAllStringSubmatch(rule[3], -1) {
			if rule[1] == "" {
				dark[rule[2]+" "+set[1]] = set[2]
			} else {
				outlook[rule[2]+" "+set[1]] = set[2]
			}
		}
	}
	for scheme, is := range map[string]map[string]string{"light": light, "dark": dark, "Outlook's dark": outlook} {
		for _, on := range [][2]string{{"text", "card"}, {"note", "page"}, {"code", "code"}} {
			text, behind := is[on[0]+" color"], is[on[1]+" background-color"]
			if text == "" || behind == "" {
				t.Errorf("%s has no colour for %v: %v", scheme, on, is)
			} else if c := contrast(t, text, behind); c < 4.5 {
				t.Errorf("%s: the contrast of %v is %.2f", scheme, on, c)
			}
		}
	}
}

// classes returns the styles of a page's elements by class.
func classes(tb testing.TB, text string) map[string]string {
	tb.Helper()
	styles := map[string]string{}
	for _, found := range regexp.MustCompile(`class="([^"]*)"[^>]*style="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		for class := range strings.FieldsSeq(found[1]) {
			styles[class] = found[2]
		}
	}
	return styles
}

// contrast returns the contrast of two colours as WCAG 2.2 defines it.
func contrast(tb testing.TB, a, b string) float64 {
	tb.Helper()
	light := func(colour string) (sum float64) {
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
			if err != nil {
				tb.Fatal(err)
			}
			if c := float64(n) / 255; c <= 0.04045 {
				sum += weight * c / 12.92
			} else {
				sum += weight * math.Pow((c+0.055)/1.055, 2.4)
			}
		}
		return sum
	}
	return (max(light(a), light(b)) + 0.05) / (min(light(a), light(b)) + 0.05)
}
