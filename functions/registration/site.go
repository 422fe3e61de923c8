package registration

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
)

//go:embed messages
var messages embed.FS

// site serves the pages with which people sign up and activate.
type site struct {
	service *Service
	frame   *page.Site
	cookie  page.Cookie[state]
	source  func(*http.Request) string // returns a pseudonym of the place that a request comes from
}

// newSite returns the site of a service.
func newSite(s *Service, source func(*http.Request) string, origins *http.CrossOriginProtection) site {
	frame := page.New(page.Config{
		Messages: messages,
		Pool: func(r *http.Request) (identity.Pool, error) {
			return s.Pools.Cached(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
		},
		Origins: origins, Kept: []string{"return_to"},
	})
	cookie := page.Cookie[state]{Name: cookieName, Purpose: notePurpose, Sealer: s.Tickets}
	return site{service: s, frame: frame, cookie: cookie, source: source}
}

// pageQuery is the query that every page accepts.
type pageQuery struct {
	Language string `query:"lang"`
	ReturnTo string `query:"return_to"`
	Code     string `query:"code"` // from the link of a mail
}

// serve returns the answer to a request for a page.
type serve func(ctx context.Context, r page.Request) (page.Answer, error)

// page returns the action of a route that shows a page.
func (s site) page(show serve) api.Action {
	return api.Raw[pageQuery, api.None, api.HTML](http.StatusOK, s.handle(show))
}

// submission returns the action of a route that a form is sent to.
func (s site) submission(submit serve) api.Action {
	return api.Raw[pageQuery, url.Values, api.HTML](http.StatusSeeOther, s.handle(submit))
}

// handle returns the handler of a page. If the page has a form that causes a mail, handle adds a
// challenge to it while mails are scarce.
func (s site) handle(serve serve) http.HandlerFunc {
	return s.frame.Handle(func(ctx context.Context, r page.Request) (page.Answer, error) {
		answer, err := serve(ctx, r)
		if answer.Page != nil && answer.Page.Form.SendsMail && r.Pool.PublicRegistration {
			if unknown := s.service.Gate.OfferWork(ctx, r.Pool, &answer.Page.Form); err == nil {
				err = unknown
			}
		}
		return answer, err
	})
}

// returnTo returns the URL at which the user continues after activation, or "". Because anybody can
// write a link to a page, only URLs that the deployment allows are returned.
func (s site) returnTo(r page.Request) string {
	to := r.HTTP.URL.Query().Get("return_to")
	if len(to) <= identity.MaxReturnURL && s.service.MayReturnTo(to) { // the URL has to fit into a cookie
		return to
	}
	return ""
}

// activate activates with a code from the form with the given id, and redirects to the last page at a
// location, from which people continue at the URL returnTo.
func (s site) activate(
	ctx context.Context, r page.Request, form string, in presented, location, returnTo string,
) (page.Answer, error) {
	_, isRepeat, err := s.service.Activate(
		ctx, r.Pool.Tenant, r.Pool.ID, s.source(r.HTTP), form, in, once.Reply[identity.User]{},
	)
	if err != nil {
		return page.Answer{}, err
	}
	if isRepeat {
		api.MarkRepeat(r.HTTP)
	}
	next := state{Done: true, Form: form, SentAt: identity.At(s.service.Now()), ReturnTo: returnTo}
	return s.goOn(r, location+r.LanguageQuery(), next)
}

// errAgain is logged as the reason why a form for activation did not activate: it asked for another
// mail.
var errAgain = errors.New("a mail is asked for again")
