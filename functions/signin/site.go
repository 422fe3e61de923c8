package signin

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/oidc"
	"identitypools/shared/page"
)

//go:embed messages
var messages embed.FS

// site serves the pages with which people sign in.
type site struct {
	service *Service
	frame   *page.Site // takes forms of the pages alone
	open    *page.Site // takes forms of applications, too
	source  func(*http.Request) string
}

// newSite returns the site of a service.
func newSite(s *Service, source func(*http.Request) string, origins *http.CrossOriginProtection) site {
	it := site{service: s, source: source}
	everybody := http.NewCrossOriginProtection()
	everybody.AddInsecureBypassPattern("/")
	config := page.Config{Messages: messages, Pool: it.poolOf, Origins: origins}
	it.frame = page.New(config)
	config.Origins = everybody
	it.open = page.New(config)
	return it
}

// pageQuery is the query that every page accepts.
type pageQuery struct {
	Language string `query:"lang"`
	Request  string `query:"request"`   // a sealed errand
	Step     string `query:"step"`      // a sealed step of it
	Client   string `query:"client_id"` // the application that sent the person, if the errand is over
}

// authorizeQuery names the parameters of a request that are read (OpenID Connect Core §3.1.2.1).
type authorizeQuery struct {
	ClientID            string `query:"client_id"`
	ResponseType        string `query:"response_type"`
	RedirectURI         string `query:"redirect_uri"`
	ResponseMode        string `query:"response_mode"`
	Scope               string `query:"scope"`
	State               string `query:"state"`
	Nonce               string `query:"nonce"`
	CodeChallenge       string `query:"code_challenge"`
	CodeChallengeMethod string `query:"code_challenge_method"`
	Prompt              string `query:"prompt"`
	MaxAge              string `query:"max_age"`
	LoginHint           string `query:"login_hint"`
	UILocales           string `query:"ui_locales"`
	ACRValues           string `query:"acr_values"`
	IDTokenHint         string `query:"id_token_hint"`
	Claims              string `query:"claims"`
	RequestURI          string `query:"request_uri"`
}

// logoutQuery names the parameters of a request to sign out (OpenID Connect RP-Initiated Logout 1.0 §2).
type logoutQuery struct {
	Language    string `query:"lang"`
	IDTokenHint string `query:"id_token_hint"`
	ClientID    string `query:"client_id"`
	To          string `query:"post_logout_redirect_uri"`
	State       string `query:"state"`
}

// serve returns the answer to a request for a page.
type serve func(ctx context.Context, r page.Request) (page.Answer, error)

// page returns the action of a route that shows a page.
func (s site) page(show serve) api.Action {
	return api.Raw[pageQuery, api.None, api.HTML](http.StatusOK, s.handle(s.frame, show))
}

// submission returns the action of a route that a form is sent to.
func (s site) submission(submit serve) api.Action {
	return api.Raw[pageQuery, url.Values, api.HTML](http.StatusSeeOther, s.handle(s.frame, submit))
}

// authorization returns the action of a route that applications lead browsers to.
func (s site) authorization(show serve) api.Action {
	return api.Raw[authorizeQuery, api.None, api.HTML](http.StatusSeeOther, s.handle(s.open, show))
}

// leaving returns the action of the route with which applications sign people out.
func (s site) leaving(show serve) api.Action {
	return api.Raw[logoutQuery, api.None, api.HTML](http.StatusOK, s.handle(s.frame, show))
}

// form returns the action of a route that applications make browsers send a form to.
func (s site) form(submit serve) api.Action {
	return api.Raw[api.None, url.Values, api.HTML](http.StatusSeeOther, s.handle(s.open, submit))
}

// handle returns the handler of a page. If the page has a form that causes a mail, handle adds a challenge
// to it while mails are scarce.
func (s site) handle(frame *page.Site, serve serve) http.HandlerFunc {
	if frame == nil { // the rows are made without a site
		return nil
	}
	return frame.Handle(func(ctx context.Context, r page.Request) (page.Answer, error) {
		answer, err := serve(ctx, r)
		if answer.Page != nil && answer.Page.Form.SendsMail {
			if unknown := s.service.Gate.OfferWork(ctx, r.Pool, &answer.Page.Form); err == nil {
				err = unknown
			}
		}
		return answer, err
	})
}

// poolOf returns the pool whose look a page has: the only one whose users may sign in, or else one with
// the name and the colour of the workspace. It is also the pool whose budgets a source spends.
func (s site) poolOf(r *http.Request) (identity.Pool, error) {
	v, _, err := s.visit(r)
	if err != nil {
		return identity.Pool{}, err
	}
	if len(v.pools) == 1 {
		return v.pools[0], nil
	}
	w := v.workspace
	p := identity.Pool{Tenant: w.Tenant, ID: w.ID}
	if len(v.pools) > 0 {
		p = v.pools[0]
		p.Branding = identity.Branding{}
	}
	p.Name, p.BadgeColor, p.Branding.LogoURL = w.Name, w.Color, w.LogoURI
	p.Branding = p.Branding.Filled()
	return p, nil
}

// visit returns the visit that a request is. It reports whether the request has an errand. If it has none,
// or one that is over or whose redirect URI is no longer registered, the person came to sign in to the
// workspace, and goes on to the application that the request names, if any. Errors: NotFound for the
// workspace.
func (s site) visit(r *http.Request) (v visit, hasErrand bool, err error) {
	v = visit{http: r, browser: browserOf(r)}
	if s.source != nil {
		v.source = s.source(r)
	}
	tenant, workspace := r.PathValue("tid"), r.PathValue("wid")
	v.workspace, err = s.service.Workspaces.Cached(r.Context(), tenant, workspace)
	if err != nil {
		return v, false, err
	}
	query := r.URL.Query()
	v.errand, hasErrand = s.service.errand(v.workspace, query.Get("request"))
	client := v.errand.Request.ClientID
	if !hasErrand { // the application remembers its request no longer
		v.errand.Request = oidc.Request{}
	}
	if client == "" {
		client = query.Get("client_id")
	}
	if !identity.ValidID(client) {
		client = ""
	}
	v.place, err = s.service.place(r.Context(), tenant, workspace, client)
	if errors.As(err, new(oidc.Refusal)) { // the application is gone
		v.errand, hasErrand = errand{}, false
		v.place, err = s.service.place(r.Context(), tenant, workspace, "")
	}
	if hasErrand && err == nil && !v.application.Redirects(v.errand.Request.RedirectURI) { // it was withdrawn since
		v.errand.Request, hasErrand = oidc.Request{}, false
	}
	return v, hasErrand, err
}

// newPage returns a page of a visit, whose links to other languages keep the errand and the step.
func (s site) newPage(r page.Request, v visit, title string) *page.Page {
	var kept []string
	for _, name := range []string{"request", "step", "client_id"} {
		if r.HTTP.URL.Query().Get(name) != "" {
			kept = append(kept, name)
		}
	}
	p := r.NewPage(title, kept...)
	p.SendsTo = v.leadsTo(v.errand.Request.RedirectURI)
	return p
}

// query returns the query of another page of the same errand, with a sealed step if it is not "".
func query(r page.Request, step string) string {
	q := url.Values{}
	for _, name := range []string{"request", "client_id"} {
		if value := r.HTTP.URL.Query().Get(name); value != "" {
			q.Set(name, value)
		}
	}
	if step != "" {
		q.Set("step", step)
	}
	if chosen := r.HTTP.URL.Query().Get(language.Parameter); identity.IsLanguage(chosen) {
		q.Set(language.Parameter, chosen)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// pages returns the relative URL of a page of the sign-in, seen from the page that the request is for.
func pages(r page.Request, name string) string {
	prefix := "signin/"
	if !strings.HasSuffix(r.HTTP.URL.Path, "/signin") {
		prefix = ""
	}
	if name == "" {
		if prefix == "" {
			return "../signin"
		}
		return "signin"
	}
	return prefix + name
}

// follow returns the answer that leads to what follows from a proof.
func (s site) follow(r page.Request, v visit, n next) (page.Answer, error) {
	if n.page != "" {
		return page.Answer{Location: pages(r, n.page) + query(r, n.step), Cookies: n.done.cookies}, nil
	}
	if n.done.to != nil {
		a := s.send(r, v.place, *n.done.to)
		a.Cookies = n.done.cookies
		return a, nil
	}
	to := pages(r, "") + query(r, "")
	if home := v.application.Home(); home != "" {
		to = home
	}
	return page.Answer{Location: to, Cookies: n.done.cookies}, nil
}
