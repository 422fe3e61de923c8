package page

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// Page is a page as it is drawn.
type Page struct {
	Words    language.Words
	Language string
	Pool     string // the name of the pool; "" where there is none
	Title    string
	Note     string // what has happened, over the content; "" for nothing
	Form     Form
	Content  templ.Component // what stands below the title and what is wrong with the form

	logo, terms, privacy string
	languages            []languageLink
	brand                element
}

// languageLink leads to the page in another language.
type languageLink struct {
	code, name string
	url        string // "" for the language of the page
}

// NewPage returns a page about the request's pool with the title that has the given key, in the language of the
// request's address, else of the browser, else of the pool. Links to the page in other languages carry the query
// parameters with the names in kept along, whatever their values, besides those that all pages of the function keep.
func (r Request) NewPage(title string, kept ...string) *Page {
	pool := r.Pool
	pool.Branding = pool.Branding.Filled() // of no pool, where the page says so
	lang := language.Requested(r.HTTP)
	if r.look.words[lang] == nil { // asked for, but not served: the browser may know better
		lang = pool.LanguageFor(identity.User{}, language.Accepted(r.HTTP))
	}
	words := r.look.words[lang]
	p := &Page{
		Words: words, Language: lang, Pool: pool.Name, Title: words.Say(title), Form: Form{words: words},
		logo: pool.Branding.LogoURL, terms: pool.Branding.TermsURL, privacy: pool.Branding.PrivacyURL,
		brand: newElement("style", brandStyle(pool)),
	}
	query := url.Values{}
	for _, name := range r.config.Kept {
		if value := r.HTTP.URL.Query().Get(name); value != "" && len(value) <= LongestKept {
			query.Set(name, value)
		}
	}
	for _, name := range kept {
		query.Set(name, r.HTTP.URL.Query().Get(name))
	}
	for _, code := range identity.Languages() {
		link := languageLink{code: code, name: r.look.words[code].Say("language.name")}
		if code != lang {
			query.Set(language.Parameter, code)
			link.url = "?" + query.Encode()
		}
		p.languages = append(p.languages, link)
	}
	return p
}

// heading returns the title of the browser's window, which says first that something is wrong (WCAG 2.2, G88 and G199).
func (p *Page) heading() string {
	title := p.Title
	if len(p.Form.Faults) > 0 {
		title = p.Words.Say("error.prefix") + " " + title
	}
	if p.Pool != "" {
		title += " – " + p.Pool
	}
	return title
}

// Refuse returns the answer that shows the page with what is wrong with its form. It returns an error that is not about
// what was typed, with an answer that has the page as it is.
func (p *Page) Refuse(why error) (Answer, error) {
	if err := p.Form.explain(why); err != nil {
		return Answer{Page: p}, err
	}
	p.Form.arrange()
	return Answer{Page: p, Status: http.StatusUnprocessableEntity, Why: why}, nil
}
