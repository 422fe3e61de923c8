package page

import (
	"net/http"

	"github.com/a-h/templ"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// Page is a page that can be drawn.
type Page struct {
	Words    language.Words
	Language string
	Pool     string // the name of the pool; "" if there is none
	Title    string
	Note     string // says what has happened, above the content; may be empty
	Form     Form
	Content  templ.Component // below the title and the errors of the form
	// SendsTo is where else the forms of the page may lead, as a source of a Content-Security-Policy, such
	// as an origin; "" if they lead nowhere else. Browsers also apply it to redirections after a form.
	SendsTo string

	logo, terms, privacy string
	languages            []languageLink
	brand                element
}

// languageLink is a link to the page in another language.
type languageLink struct {
	code, name string
	url        string // "" if it is the language of the page
}

// NewPage returns a page about the pool of the request. Its title is the word with the given key.
// Its language is the one in the address of the request, or else the browser's, or else the pool's.
// Links to the page in other languages keep the query parameters whose names are in kept, even if
// they are empty, besides those that all pages of the function keep.
func (r Request) NewPage(title string, kept ...string) *Page {
	pool := r.Pool
	pool.Branding = pool.Branding.Filled() // there may be no pool
	lang := language.Requested(r.HTTP)
	if r.look.words[lang] == nil { // the requested language is not served
		lang = pool.LanguageFor(identity.User{}, language.Accepted(r.HTTP))
	}
	words := r.look.words[lang]
	p := &Page{
		Words: words, Language: lang, Pool: pool.Name, Title: words.Say(title), Form: Form{words: words},
		logo: pool.Branding.LogoURL, terms: pool.Branding.TermsURL, privacy: pool.Branding.PrivacyURL,
		brand: newElement("style", brandStyle(pool)),
	}
	query := r.kept()
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

// heading returns the title of the browser's window. It begins with a message if the form has
// errors (WCAG 2.2, G88 and G199).
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

// Refuse returns the answer that shows the page with the errors of its form. If why is not about
// the form, Refuse returns the unchanged page and why.
func (p *Page) Refuse(why error) (Answer, error) {
	if err := p.Form.explain(why); err != nil {
		return Answer{Page: p}, err
	}
	p.Form.arrange()
	return Answer{Page: p, Status: http.StatusUnprocessableEntity, Why: why}, nil
}
