package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"identitypools/shared/oidc"
	"identitypools/shared/page"
)

// logout is a request of an application to sign somebody out (OpenID Connect RP-Initiated Logout 1.0 §2).
type logout struct {
	place
	hint  oidc.IDToken // the zero value if there is none
	to    string
	state string
}

// Logout reads a request to sign out. Errors: NotFound for the workspace; errPage.
func (s *Service) Logout(ctx context.Context, tenant, workspace string, form url.Values) (l logout, err error) {
	client := form.Get("client_id")
	l.workspace, err = s.Workspaces.Cached(ctx, tenant, workspace)
	if err != nil {
		return l, err
	}
	refuse := func(why string) (logout, error) {
		return l, errPage{oidc.Refusal{Code: oidc.InvalidRequest, Description: why}}
	}
	if given := form.Get("id_token_hint"); given != "" {
		var refused oidc.Refusal
		l.hint, err = s.hint(ctx, l.workspace, given)
		if errors.As(err, &refused) {
			return l, errPage{refused}
		}
		if err != nil {
			return l, err
		}
		if client != "" && client != l.hint.Audience {
			return refuse("id_token_hint is another application's")
		}
		client = l.hint.Audience
	}
	if client != "" {
		at, err := s.place(ctx, tenant, workspace, client)
		if errors.As(err, new(oidc.Refusal)) {
			return refuse("client_id names no active application of this workspace")
		}
		if err != nil {
			return l, err
		}
		l.place = at
	}
	l.to, l.state = form.Get("post_logout_redirect_uri"), form.Get("state")
	switch {
	case l.to == "":
	case l.application.ID == "":
		return refuse("post_logout_redirect_uri needs client_id or id_token_hint")
	case !l.application.RedirectsAfterLogout(l.to):
		return refuse("post_logout_redirect_uri is not registered for the application")
	}
	return l, nil
}

// names reports whether the hint of the request names the person who is signed in, so that they need not
// be asked (ASVS 10.6.2).
func (l logout) names(now signed) bool {
	return l.hint.Session == now.session.ID && l.hint.Subject == oidc.Subject(now.session.UserRef)
}

// url returns where the person goes afterwards, or "".
func (l logout) url() string {
	if l.to == "" {
		return ""
	}
	a := answer{To: l.to, Params: url.Values{}}
	if l.state == "" {
		return l.to
	}
	a.Params.Set("state", l.state)
	return a.url()
}

// showLogout signs a person out whom the request names, and asks everybody else first, since any page may
// lead here.
func (s site) showLogout(ctx context.Context, r page.Request) (page.Answer, error) {
	return s.logout(ctx, r, r.HTTP.URL.Query())
}

// submitLogout signs a person out who has confirmed it on the page. It answers the form of an application as
// showLogout does.
func (s site) submitLogout(ctx context.Context, r page.Request) (page.Answer, error) {
	if r.HTTP.PostForm.Get("do") != "signout" {
		return byGet("logout", r.HTTP.PostForm), nil
	}
	if err := s.frame.CheckOrigin(r.HTTP); err != nil {
		return page.Answer{}, err
	}
	l, err := s.service.Logout(ctx, r.HTTP.PathValue("tid"), r.HTTP.PathValue("wid"), r.HTTP.PostForm)
	if err != nil {
		return s.refuseLogout(r, err)
	}
	return s.signOut(ctx, r, l)
}

func (s site) refuseLogout(r page.Request, err error) (page.Answer, error) {
	var refused errPage
	if errors.As(err, &refused) {
		return s.refused(r, refused), nil
	}
	return page.Answer{}, err
}

// logout signs a person out, or asks whether to.
func (s site) logout(ctx context.Context, r page.Request, form url.Values) (page.Answer, error) {
	l, err := s.service.Logout(ctx, r.HTTP.PathValue("tid"), r.HTTP.PathValue("wid"), form)
	if err != nil {
		return s.refuseLogout(r, err)
	}
	now, isSigned, err := s.service.signedIn(ctx, l.workspace, r.HTTP)
	if err != nil {
		return page.Answer{}, err
	}
	if !isSigned || l.names(now) {
		return s.signOut(ctx, r, l)
	}
	p := r.NewPage("logout.title", "client_id", "id_token_hint", "post_logout_redirect_uri", "state")
	p.SendsTo = l.leadsTo(l.to)
	p.Content = logoutContent(p, nameOf(now.user), form)
	return page.Answer{Page: p}, nil
}

// signOut ends the session of the browser, and leads back to the application, or says that it is done.
func (s site) signOut(ctx context.Context, r page.Request, l logout) (page.Answer, error) {
	cookies, err := s.service.SignOut(ctx, l.workspace, r.HTTP, l.hint)
	if err != nil {
		return page.Answer{}, err
	}
	if to := l.url(); to != "" {
		return page.Answer{Location: to, Cookies: cookies}, nil
	}
	p := r.NewPage("loggedout.title")
	p.Content = loggedOutContent(p, l.application, s.service.issuer(l.workspace)+"/signin")
	return page.Answer{Page: p, Cookies: cookies, Status: http.StatusOK}, nil
}
