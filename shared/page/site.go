// Package page has what all pages for browsers need:
//
//   - the frame of a handler ([Site]);
//   - the layout with its style, its script and its Content-Security-Policy;
//   - the choice of a language, and the words that all pages share;
//   - the fields of forms, and the errors of forms ([Form]);
//   - the cookie in which a page keeps its state, encrypted ([Cookie]).
//
// A function has its own words, and the content of its own pages as templ components. The command
// "make generate" generates the files *_templ.go.
package page

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"sync"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// largestForm is the maximum size of a form in bytes.
const largestForm = api.MaxBody

// Config is what differs between the pages of different functions.
type Config struct {
	// Messages has the function's own words, in messages/<language>.json for every language. None
	// of them may have the key of a word that all pages share.
	Messages fs.FS
	// Pool returns the pool that a page is about. Its errors are shown as a page.
	Pool func(r *http.Request) (identity.Pool, error)
	// Origins are the origins from which forms may come, besides the host that is called.
	Origins *http.CrossOriginProtection
	// Kept are the query parameters that are kept in links to the same page in another language,
	// unless they have more than identity.MaxReturnURL bytes.
	Kept []string
}

// Site serves the pages of a function. A page is shown on GET. It changes something only on POST,
// and then redirects the browser, so that reloading a page repeats nothing.
type Site struct {
	config Config
	open   func() (look, error)
}

// New returns a site. It reads the words, the style and the script only when the first page is
// requested, so that they do not delay calls of an API of the same function.
func New(c Config) *Site {
	return &Site{config: c, open: sync.OnceValues(func() (look, error) { return openLook(c.Messages) })}
}

// Request is a request for a page.
type Request struct {
	HTTP *http.Request // its form has been parsed
	Pool identity.Pool // the zero value if there is none

	config Config
	look   look
}

// Answer is the answer to a request for a page: a page, or a redirection.
type Answer struct {
	Page     *Page
	Status   int    // of the page; 0 means 200
	Location string // if it is not empty, the browser is redirected there with status 303
	Cookies  []*http.Cookie
	// Why is set if the page is not the one that was requested. The request is then counted like
	// one that failed with this error.
	Why error
}

// Handle returns the handler of a page. If serve returns an error, the handler shows the page of
// the answer with a message, provided that there is a page and that trying again may help.
// Otherwise it shows a page that describes the error.
func (s *Site) Handle(serve func(ctx context.Context, r Request) (Answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		opened, err := s.open()
		if err != nil {
			api.Error(w, r, err)
			return
		}
		pool, err := s.config.Pool(r)
		asked := Request{HTTP: r, Pool: pool, config: s.config, look: opened}
		if err == nil {
			err = s.readForm(w, r)
		}
		var a Answer
		if err == nil {
			a, err = serve(r.Context(), asked)
		}
		if err != nil {
			a = asked.failed(w, a, err)
		} else {
			api.CountError(r, a.Why)
		}
		asked.write(w, a)
	}
}

// errForeign is the error for a form that was sent by another site.
var errForeign = identity.Refused{Code: "foreign_form", Reason: "the form comes from another site"}

// readForm parses the form of a POST. It refuses a form that another site made the browser send,
// according to the headers Sec-Fetch-Site and Origin, and a body that is no form.
func (s *Site) readForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if err := s.CheckOrigin(r); err != nil {
		return err
	}
	if err := api.CheckForm(r); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if r.ParseForm() != nil {
		return identity.InvalidField("", identity.WrongFormat("form", "must be a form of at most 128 KB"))
	}
	return nil
}

// CheckOrigin returns an error for a form that another site made the browser send.
func (s *Site) CheckOrigin(r *http.Request) error {
	if s.config.Origins.Check(r) != nil {
		return errForeign
	}
	return nil
}

// failed returns the answer for an error that no change of the form can correct. It is the page
// with the form as it was filled in if trying again may help, and otherwise a page that describes
// the error.
func (r Request) failed(w http.ResponseWriter, a Answer, err error) Answer {
	status := api.ReportError(w, r.HTTP, err)
	why := reason(err)
	if a.Page != nil && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) {
		a.Page.Form.AddFault(nil, a.Page.Words.Say(why))
		return Answer{Page: a.Page, Status: status}
	}
	p := r.NewPage("failed.title")
	if title, known := p.Words[why+".title"]; known {
		p.Title = title
	}
	p.Content = paragraph(p.Words.Say(why))
	return Answer{Page: p, Status: status}
}

// reason returns the key of the message that describes err.
func reason(err error) string {
	switch {
	case errors.As(err, new(identity.NotFound)):
		return "failed.missing"
	case errors.As(err, new(identity.Limited)):
		return "failed.limited"
	case errors.Is(err, errForeign):
		return "failed.foreign"
	}
	return "failed.text"
}

// write sends the answer.
func (r Request) write(w http.ResponseWriter, a Answer) {
	for _, cookie := range a.Cookies {
		http.SetCookie(w, cookie)
	}
	if a.Location != "" {
		w.Header().Set("Location", a.Location)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	if err := r.look.draw(r.HTTP.Context(), w, a.Status, a.Page); err != nil {
		api.Error(w, r.HTTP, err)
	}
}

// KeptQuery returns the query that a link to a page of another function needs to keep the language that was
// chosen and the parameters that all pages of this function keep.
func (r Request) KeptQuery() string {
	query := r.kept()
	if chosen := r.HTTP.URL.Query().Get(language.Parameter); identity.IsLanguage(chosen) {
		query.Set(language.Parameter, chosen)
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// kept returns the parameters of the request that all pages of the function keep.
func (r Request) kept() url.Values {
	query := url.Values{}
	for _, name := range r.config.Kept {
		if value := r.HTTP.URL.Query().Get(name); value != "" && len(value) <= identity.MaxReturnURL {
			query.Set(name, value)
		}
	}
	return query
}

// LanguageQuery returns the query that a link to another page needs to keep the language that was
// chosen. It is empty if none was chosen.
func (r Request) LanguageQuery() string {
	if chosen := r.HTTP.URL.Query().Get(language.Parameter); identity.IsLanguage(chosen) {
		return "?" + url.Values{language.Parameter: {chosen}}.Encode()
	}
	return ""
}
