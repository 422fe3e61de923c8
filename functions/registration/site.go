package registration

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"time"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/page"
)

//go:embed messages
var messages embed.FS

// site has the pages with which people sign up and activate.
type site struct {
	service *Service
	frame   *page.Site
	cookie  page.Cookie[state]
	source  func(*http.Request) string // where a request comes from, without telling it
	now     func() time.Time
}

func newSite(s *Service, source func(*http.Request) string, origins *http.CrossOriginProtection) site {
	frame := page.New(page.Config{
		Messages: messages,
		Pool: func(r *http.Request) (identity.Pool, error) {
			return s.Pools.Cached(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
		},
		Origins: origins, Kept: []string{"return_to"},
	})
	cookie := page.Cookie[state]{Name: cookieName, Purpose: notePurpose, Sealer: s.Tickets}
	return site{service: s, frame: frame, cookie: cookie, source: source, now: s.Now}
}

// pageQuery is the query of every page.
type pageQuery struct {
	Language string `query:"lang"`
	ReturnTo string `query:"return_to"`
	Code     string `query:"code"` // of the link of a mail
}

// serve makes the answer to a request for a page.
type serve func(ctx context.Context, r page.Request) (page.Answer, error)

// page returns the action of a page that is shown.
func (s site) page(show serve) api.Action {
	return api.Raw[pageQuery, api.None, api.HTML](http.StatusOK, s.handle(show))
}

// submission returns the action of a form that is sent.
func (s site) submission(submit serve) api.Action {
	return api.Raw[pageQuery, url.Values, api.HTML](http.StatusSeeOther, s.handle(submit))
}

// handle returns the handler of a page. A page with a form for which a mail is sent asks for a proof of work while mails
// are scarce.
func (s site) handle(serve serve) http.HandlerFunc {
	return s.frame.Handle(func(ctx context.Context, r page.Request) (page.Answer, error) {
		answer, err := serve(ctx, r)
		if answer.Page != nil && answer.Page.Form.SendsMail {
			if unknown := s.offerWork(ctx, r.Pool, &answer.Page.Form); err == nil {
				err = unknown
			}
		}
		return answer, err
	})
}

// returnTo returns where to go on in the end, or "". Anybody can write a link to a page, so only places that the
// deployment allows count.
func (s site) returnTo(r page.Request) string {
	to := r.HTTP.URL.Query().Get("return_to")
	if len(to) <= page.LongestKept && s.service.MayReturnTo(to) { // it is remembered in a cookie
		return to
	}
	return ""
}

// activated returns the answer that goes on to the last page.
func (s site) activated(r page.Request, returnTo, location string) (page.Answer, error) {
	return s.goOn(r, location, state{Done: true, SentAt: identity.At(s.now()), ReturnTo: returnTo})
}

// errAgain is the reason why a form that is there to activate did not: it asked for another mail.
var errAgain = errors.New("a mail is asked for again")
