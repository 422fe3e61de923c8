package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"identitypools/shared/identity"
	"identitypools/shared/page"
)

// showAuthorize answers the request of an application that the address has.
func (s site) showAuthorize(ctx context.Context, r page.Request) (page.Answer, error) {
	return s.authorize(ctx, r, r.HTTP.URL.Query())
}

// submitAuthorize answers the request of an application that comes as a form.
func (s site) submitAuthorize(ctx context.Context, r page.Request) (page.Answer, error) {
	if len(r.HTTP.PostForm.Encode()) > maxPushed/2 { // no address has room for it, and it is refused anyway
		return s.authorize(ctx, r, r.HTTP.PostForm)
	}
	return byGet("authorize", r.HTTP.PostForm), nil
}

// authorize sends the browser back to the application, or to the page for signing in. It shows an error
// if it is not sure which application has sent the request.
func (s site) authorize(ctx context.Context, r page.Request, form url.Values) (page.Answer, error) {
	to, sealed, a, err := s.service.Authorize(ctx, r.HTTP.PathValue("tid"), r.HTTP.PathValue("wid"), form, r.HTTP)
	var refused errPage
	switch {
	case errors.As(err, &refused):
		return s.refused(r, refused), nil
	case err != nil:
		return page.Answer{}, err
	case to != nil:
		return s.send(r, a.place, *to), nil
	}
	q := url.Values{"request": {sealed}}
	for _, locale := range a.request.Locales {
		if code := languageOf(locale); code != "" {
			q.Set("lang", code)
			break
		}
	}
	return page.Answer{Location: "../signin?" + q.Encode()}, nil
}

// languageOf returns the language of the pages that a locale (BCP 47) has, or "" if there is none.
func languageOf(locale string) string {
	for _, code := range identity.Languages() {
		if len(locale) >= 2 && locale[:2] == code && (len(locale) == 2 || locale[2] == '-') {
			return code
		}
	}
	return ""
}

// refused shows why a request is refused that may not be answered to an application.
func (s site) refused(r page.Request, why errPage) page.Answer {
	p := r.NewPage("refused.title")
	p.Content = refusedContent(p, why.Description)
	return page.Answer{
		Page: p, Status: http.StatusBadRequest,
		Why: identity.Refused{Code: why.Code, Reason: why.Description},
	}
}

// send returns the answer that sends the browser to an application: by a redirection, or with a form that
// the page's script sends, and a button for browsers without a script.
func (s site) send(r page.Request, at place, to answer) page.Answer {
	if !to.Form {
		return page.Answer{Location: to.url()}
	}
	p := r.NewPage("send.title")
	p.SendsTo = at.leadsTo(to.To)
	p.Content = sendContent(p, to)
	return page.Answer{Page: p}
}

// byGet returns the answer that makes a browser send a form of an application again, as the query of the same
// page. Browsers do not send cookies of this site along with a form of another one (SameSite), and so would
// not show who is signed in.
func byGet(name string, form url.Values) page.Answer {
	return page.Answer{Location: name + "?" + form.Encode()}
}
