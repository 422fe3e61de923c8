package registration

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

//go:embed pages messages
var files embed.FS

// pages draw what people see.
type pages struct {
	template      *template.Template
	words         map[string]language.Words
	style, script element
}

// element is a style or script that stands in each page, with what the page's policy allows it by.
type element struct {
	html template.HTML
	hash string
}

func inline(tag, text string) element {
	sum := sha256.Sum256([]byte(text))
	return element{template.HTML("<" + tag + ">" + text + "</" + tag + ">"), "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
}

func openPages() (pages, error) {
	words, err := language.Read(files, "messages")
	if err != nil {
		return pages{}, err
	}
	drawn, err := template.ParseFS(files, "pages/page.html")
	if err != nil {
		return pages{}, fmt.Errorf("read page: %w", err)
	}
	style, err := files.ReadFile("pages/style.css")
	if err != nil {
		return pages{}, fmt.Errorf("read style: %w", err)
	}
	script, err := files.ReadFile("pages/script.js")
	if err != nil {
		return pages{}, fmt.Errorf("read script: %w", err)
	}
	return pages{drawn, words, inline("style", string(style)), inline("script", string(script))}, nil
}

// The kinds of pages.
const (
	pageRegister = "register"
	pageCode     = "code"
	pageLink     = "link"
	pageDead     = "dead" // of a link that is no good
	pageLost     = "lost" // of a registration that this browser doesn't know
	pageDone     = "done"
	pageFailed   = "failed"
)

// view is a page as it is drawn.
type view struct {
	language.Words
	Kind, Lang, Pool   string
	Title, Intro, Note string
	Errors             []fault
	Fields, More       []field // before and after the password
	Password           *field  // nil where none is asked for
	Rules              []rule

	Address   string // that a code went to, or a link is for
	Wait      int    // seconds until a new code may be asked for
	FormURL   string
	Code      string // of a link
	Invited   bool
	Open      bool   // people may ask for mails
	Challenge string // for whoever asks for a mail, as JSON; "" while there are enough
	SignIn    string // where to go on; "" where nobody said

	Logo, Terms, Privacy string
	Languages            []languageLink
	Style, Script        template.HTML

	brand element
}

// fault is a line of what is wrong with a form.
type fault struct{ ID, Label, Text string }

// rule is one for passwords.
type rule struct {
	Rule  string
	Bound int
	Text  string
}

type languageLink struct{ Code, Name, URL string }

// view is the frame of a page about p for whoever asked r.
func (ps pages) view(p identity.Pool, r *http.Request, kind string) view {
	p.Branding = p.Branding.Filled() // of no pool, where the page says so
	lang := language.Requested(r)
	if ps.words[lang] == nil { // asked for, but not served: the browser may know better
		lang = p.LanguageFor(identity.User{}, language.Accepted(r))
	}
	v := view{
		Words: ps.words[lang], Kind: kind, Lang: lang, Pool: p.Name, Logo: p.Branding.LogoURL, Terms: p.Branding.TermsURL, Privacy: p.Branding.PrivacyURL,
		Script: ps.script.html, brand: inline("style", brandStyle(p)),
	}
	v.Style = ps.style.html + v.brand.html
	v.Title, v.FormURL = v.Say(kind+".title"), "register"+languageQuery(r)
	for _, code := range identity.Languages() {
		link := languageLink{Code: code, Name: ps.words[code].Say("language.name")}
		if code != lang {
			link.URL = "?" + v.sameIn(r, code)
		}
		v.Languages = append(v.Languages, link)
	}
	return v
}

// sameIn is the query of the page that r shows, in another language.
func (v view) sameIn(r *http.Request, code string) string {
	query := url.Values{language.Parameter: {code}}
	if to := r.URL.Query().Get("return_to"); to != "" && len(to) <= longestReturn {
		query.Set("return_to", to)
	}
	if v.Kind == pageLink {
		query.Set("code", r.URL.Query().Get("code"))
	}
	return query.Encode()
}

// languageQuery carries a language that was chosen on to the next page.
func languageQuery(r *http.Request) string {
	if chosen := r.URL.Query().Get(language.Parameter); identity.IsLanguage(chosen) {
		return "?" + url.Values{language.Parameter: {chosen}}.Encode()
	}
	return ""
}

// brandStyle has the pool's colour, and what can be read on it.
func brandStyle(p identity.Pool) string {
	surface, on := identity.Colours(p.Colour())
	return ":root{--brand:" + surface + ";--on-brand:" + on + "}"
}

// each visits the fields in the order of the page, but for the password.
func (v *view) each(visit func(*field)) {
	each(v.Fields, visit)
	each(v.More, visit)
}

// fault records what is wrong with a field, of which the first counts, or with none in particular.
func (v *view) fault(f *field, text string) {
	switch {
	case f == nil:
		v.Errors = append(v.Errors, fault{Text: text})
	case f.Error == "":
		f.Error = text
	}
}

// arrange lists what is wrong with fields in the order of the page, and puts the focus to the first of them.
func (v *view) arrange() {
	var ordered []fault
	list := func(f *field) {
		f.Focus = f.Error != "" && len(ordered) == 0
		if f.Error != "" {
			ordered = append(ordered, fault{f.ID, f.Label, f.Error})
		}
	}
	each(v.Fields, list)
	if v.Password != nil {
		list(v.Password)
	}
	each(v.More, list)
	v.Errors = append(ordered, v.Errors...)
}

// draw answers with the page. Its address may have a code, which must not leave it; nothing is loaded but the pool's logo, and nothing runs
// but the one script (ASVS 3.4.3 to 3.4.6, 14.3.2).
func (ps pages) draw(w http.ResponseWriter, status int, v view) error {
	var page bytes.Buffer
	if err := ps.template.ExecuteTemplate(&page, "page", v); err != nil {
		return fmt.Errorf("draw page %s: %w", v.Kind, err)
	}
	images := "data:"
	if logo, err := url.Parse(v.Logo); err == nil && logo.Host != "" {
		images += " https://" + logo.Host
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", v.Lang)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "same-origin") // with none at all, browsers would hide where a form comes from
	header.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "style-src " + ps.style.hash + " " + v.brand.hash, "script-src " + ps.script.hash, "img-src " + images,
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
	}, "; "))
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // a caller who has gone away can't be told
	return nil
}
