package registration

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// site has the pages with which people sign up. Each shows itself on GET, acts on POST alone, and sends browsers on from there, so that
// reloading repeats nothing.
type site struct {
	*Service
	pages
	keeper
	open    func() (pages, error) // once, for the first page: who calls the API has no need of them
	source  func(*http.Request) string
	origins *http.CrossOriginProtection
}

// largestForm bounds a form, in bytes.
const largestForm = api.MaxBody

// longestReturn bounds a place to go on, in bytes, since it is remembered in a cookie.
const longestReturn = 1000

// shown is a page that answers a request: a status and a view, or where the browser is to go on.
type shown struct {
	view
	status   int
	location string
	why      error // it is not what was asked for: so that nothing is counted that was not done
}

// pageQuery is the query of every page.
type pageQuery struct {
	Language string `query:"lang"`
	ReturnTo string `query:"return_to"`
	Code     string `query:"code"` // of the link of a mail
}

// show makes the answer to a request for a page.
type show func(s site, ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error)

// page is the action of a page that is shown.
func (s site) page(show show) api.Action {
	return api.Raw[pageQuery, api.None, api.HTML](http.StatusOK, s.serve(show))
}

// submission is the action of a form that is sent.
func (s site) submission(show show) api.Action {
	return api.Raw[pageQuery, url.Values, api.HTML](http.StatusSeeOther, s.serve(show))
}

// serve serves a page: the result of show, or the page that says what kept the product from it.
func (s site) serve(show show) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := s
		var err error
		if s.pages, err = s.open(); err != nil {
			api.Error(w, r, err)
			return
		}
		p, err := s.Pools.Cached(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
		var page shown
		if err == nil {
			err = s.submitted(w, r)
		}
		if err == nil {
			page, err = show(s, r.Context(), w, r, p)
			if unknown := s.offerWork(r.Context(), p, &page.view); err == nil {
				err = unknown
			}
		}
		if err != nil {
			page = s.unable(w, r, p, page, err)
		} else {
			api.CountError(r, page.why)
		}
		if page.location != "" {
			w.Header().Set("Location", page.location)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		if err := s.draw(w, page.status, page.view); err != nil {
			api.Error(w, r, err)
		}
	}
}

// errForeign is a form that another site has sent.
var errForeign = identity.Refused{Code: "foreign_form", Reason: "the form comes from another site"}

// submitted reads the form that comes with a POST. One that another site has made a browser send is refused, as the browser tells by
// Sec-Fetch-Site or Origin.
func (s site) submitted(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if s.origins.Check(r) != nil {
		return errForeign
	}
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if r.ParseForm() != nil {
		return identity.InvalidField("", "must be a form of at most 128 KB")
	}
	return nil
}

// unable is the answer where err is nothing that a form can mend: the form as it was filled in where trying again may help, else a page that
// says what is the matter.
func (s site) unable(w http.ResponseWriter, r *http.Request, p identity.Pool, form shown, err error) shown {
	status := api.ReportError(w, r, err)
	if form.Kind != "" && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) {
		form.fault(nil, form.Say(reason(err)))
		return shown{view: form.view, status: status}
	}
	v := s.view(p, r, pageFailed)
	v.Intro = v.Say(reason(err))
	if title, known := v.Words[reason(err)+".title"]; known {
		v.Title = title
	}
	return shown{view: v, status: status}
}

// reason is the message of what is the matter.
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

// returnTo is where to go on in the end. Anybody can write a link to a page, so only places that the deployment allows count.
func (s site) returnTo(r *http.Request) string {
	if to := r.URL.Query().Get("return_to"); len(to) <= longestReturn && s.MayReturnTo(to) {
		return to
	}
	return ""
}

func (s site) activated(w http.ResponseWriter, p identity.Pool, returnTo, location string) (shown, error) {
	return shown{location: location}, s.remember(w, p, state{Done: true, SentAt: identity.At(s.now()), ReturnTo: returnTo})
}

// errAgain is why a form that is there to activate did not: it asked for another mail.
var errAgain = errors.New("a mail is asked for again")
