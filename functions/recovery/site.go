package recovery

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/page"
)

//go:embed messages
var messages embed.FS

// site serves the pages with which people set a new password and prove an address.
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
	For      string `query:"for"`  // from the same, the digest of the address that the code proves
}

// serve returns the answer to a request for a page.
type serve func(ctx context.Context, r page.Request) (page.Answer, error)

// page returns the action of a route that shows a page.
func (s site) page(show serve) api.Action {
	return api.Raw[pageQuery, api.None, api.HTML](http.StatusOK, s.handle(show))
}

// submission returns the action of a route that a form is sent to. The form may be answered with a page.
func (s site) submission(submit serve) api.Action {
	return api.Raw[pageQuery, url.Values, api.HTML](http.StatusSeeOther, s.handle(submit))
}

// handle returns the handler of a page. If the page has a form that causes a mail, handle adds a
// challenge to it while mails are scarce.
func (s site) handle(serve serve) http.HandlerFunc {
	return s.frame.Handle(func(ctx context.Context, r page.Request) (page.Answer, error) {
		answer, err := serve(ctx, r)
		if answer.Page != nil && answer.Page.Form.SendsMail {
			if unknown := s.service.Gate.OfferWork(ctx, r.Pool, &answer.Page.Form); err == nil {
				err = unknown
			}
		}
		return answer, err
	})
}

// reset returns a page of the way to a new password. If the pool leaves resets to administrators, the
// page exists only for the links in the mails that they ask for, and after such a link has set a password.
// Errors: NotFound.
func (s site) reset(serve serve) serve {
	return func(ctx context.Context, r page.Request) (page.Answer, error) {
		isLink := r.HTTP.URL.Query().Get("code") != "" || r.HTTP.PostForm.Get("form") != ""
		if !r.Pool.AllowsSelfReset() && !isLink && !s.recall(r).Done {
			return page.Answer{}, noPage(r)
		}
		return serve(ctx, r)
	}
}

// noPage returns the error for a page that does not exist in the pool.
func noPage(r page.Request) error { return identity.NotFound{Thing: "pool", ID: r.Pool.ID} }

// returnTo returns the URL at which the user continues, or "". Because anybody can write a link to a
// page, only URLs that the deployment allows are returned.
func (s site) returnTo(r page.Request) string {
	to := r.HTTP.URL.Query().Get("return_to")
	if len(to) <= identity.MaxReturnURL && s.service.Asker.MayReturnTo(to) { // the URL has to fit into a cookie
		return to
	}
	return ""
}

// options returns the options of a mail that a page asks for.
func (s site) options(p *page.Page, returnTo string) identity.MessageOptions {
	return identity.MessageOptions{
		CodeType: identity.CodeTypeShort, Language: p.Language, PostActivationURL: returnTo,
	}
}

// formID returns the id of the form that was submitted: the one that the browser remembers, or else that
// in the form itself, which only the browser has to which the form was shown. So who only has the link
// cannot repeat what another browser has submitted.
func (s site) formID(r page.Request, remembered string) string {
	if remembered != "" {
		return remembered
	}
	if typed := r.HTTP.PostForm.Get("form"); typed != "" {
		return typed
	}
	return s.service.NewID()
}

// errAgain is logged as the reason why a form for a new password set none: it asked for another mail.
var errAgain = errors.New("a mail is asked for again")
