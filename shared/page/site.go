// Package page has what every page that people open in a browser needs: the frame of a handler, the layout with its
// style, script and Content-Security-Policy, the choice of a language and the words that all pages share, fields of
// forms and what is wrong with them, and the cookie in which a page keeps its state, sealed. A function brings its own
// words and the content of its own pages, as templ components.
//
// The generated files *_templ.go are made by "make generate".
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

// largestForm bounds a form, in bytes.
const largestForm = api.MaxBody

// Config is what a function's pages differ in.
type Config struct {
	// Messages has the function's own words, in messages/<language>.json: for every served language, and none that all
	// pages share.
	Messages fs.FS
	// Pool finds the pool that a page is about. Its errors are shown as a page.
	Pool func(r *http.Request) (identity.Pool, error)
	// Origins are the origins that forms may come from, besides the host that is called.
	Origins *http.CrossOriginProtection
	// Kept are the query parameters that links to the same page in another language carry along, where they have a
	// value of at most LongestKept bytes.
	Kept []string
}

// LongestKept bounds a query parameter that is kept, in bytes.
const LongestKept = 1000

// Site serves the pages of a function. Each page shows itself on GET, acts on POST alone, and sends browsers on from
// there, so that reloading repeats nothing.
type Site struct {
	config Config
	open   func() (look, error)
}

// New returns a site. Its words, style and script are read for the first page that is asked for: who calls an API of
// the same function does not wait for them.
func New(c Config) *Site {
	return &Site{config: c, open: sync.OnceValues(func() (look, error) { return openLook(c.Messages) })}
}

// Request is a request for a page.
type Request struct {
	HTTP *http.Request // with its form read
	Pool identity.Pool // a zero one where there is none

	config Config
	look   look
}

// Answer is what a page answers: a page, or where the browser is to go on.
type Answer struct {
	Page     *Page
	Status   int    // of the page; 0 is 200
	Location string // where the browser goes on, with status 303; "" shows the page
	Cookie   *http.Cookie
	// Why says that the page is not what was asked for. Then the request counts like one that failed with that error.
	Why error
}

// Handle returns the handler of a page. An error of serve that the form cannot explain is answered with the page of the
// answer if it has one and trying again may help, else with a page that says what is the matter.
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

// errForeign is the error for a form that another site has sent.
var errForeign = identity.Refused{Code: "foreign_form", Reason: "the form comes from another site"}

// readForm reads the form that comes with a POST. It refuses one that another site has made a browser send, as the
// browser tells by Sec-Fetch-Site or Origin.
func (s *Site) readForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if s.config.Origins.Check(r) != nil {
		return errForeign
	}
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if r.ParseForm() != nil {
		return identity.InvalidField("", "must be a form of at most 128 KB")
	}
	return nil
}

// failed returns the answer where nothing in a form can mend err: the page with the form as it was filled in where
// trying again may help, else a page that says what is the matter.
func (r Request) failed(w http.ResponseWriter, a Answer, err error) Answer {
	status := api.ReportError(w, r.HTTP, err)
	why := reason(err)
	if a.Page != nil && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) {
		a.Page.Form.Fault(nil, a.Page.Words.Say(why))
		return Answer{Page: a.Page, Status: status}
	}
	p := r.NewPage("failed.title")
	if title, known := p.Words[why+".title"]; known {
		p.Title = title
	}
	p.Content = paragraph(p.Words.Say(why))
	return Answer{Page: p, Status: status}
}

// reason returns the key of the message that says what is the matter.
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
	if a.Cookie != nil {
		http.SetCookie(w, a.Cookie)
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

// LanguageQuery returns the query with which a link carries a language that was chosen on to another page: "" where
// none was chosen.
func (r Request) LanguageQuery() string {
	if chosen := r.HTTP.URL.Query().Get(language.Parameter); identity.IsLanguage(chosen) {
		return "?" + url.Values{language.Parameter: {chosen}}.Encode()
	}
	return ""
}
