package signin

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"identitypools/shared/oidc"
)

// answer is where a browser goes with the answer to an application.
type answer struct {
	To     string // the redirect URI
	Form   bool   // whether the answer is sent as a form
	Params url.Values
}

// refusal returns the answer that tells an application why its request is refused (RFC 6749 §4.1.2.1).
func (s *Service) refusal(at place, r oidc.Request, why oidc.Refusal) answer {
	return s.answer(at, r, url.Values{"error": {why.Code}, "error_description": {why.Description}})
}

// answer returns an answer with the parameters that every answer has. The issuer keeps an application
// from taking the answer for that of another provider (RFC 9207).
func (s *Service) answer(at place, r oidc.Request, params url.Values) answer {
	params.Set("iss", s.issuer(at.workspace))
	if r.State != "" {
		params.Set("state", r.State)
	}
	return answer{To: r.RedirectURI, Form: r.Mode == oidc.ModeForm, Params: params}
}

// url returns the address to which the browser is redirected. The redirect URI keeps its own query.
func (a answer) url() string {
	to, err := url.Parse(a.To)
	if err != nil {
		return a.To
	}
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += a.Params.Encode()
	return to.String()
}

// source returns what the answer leads to, as a source of a Content-Security-Policy.
func sourceOf(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return ""
	case strings.Contains(u.Host, "["): // a source has no place for an IPv6 address
	case u.Scheme == "http" || u.Scheme == "https":
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + ":"
}

// leadsTo returns the sources of a Content-Security-Policy that forms of a page may lead to: a URI, and the
// other origins that the application has registered, because browsers also check where the application
// redirects people after that.
func (at place) leadsTo(uri string) string {
	a := at.application
	var sources []string
	for _, each := range slices.Concat(
		[]string{uri, a.AppURL, a.ClientURI}, a.RedirectURIs, a.PostLogoutRedirectURIs, a.AllowedOrigins,
	) {
		if source := sourceOf(each); source != "" && !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
	}
	return strings.Join(sources, " ")
}

// errPage is the error for a request that may not be answered to the application, because it is not sure
// which one has sent it. A page says why.
type errPage struct{ oidc.Refusal }

func (e errPage) Unwrap() error { return e.Refusal }

// asked is a request of an application that was checked.
type asked struct {
	place
	request oidc.Request
}

// read reads the request of an application. Errors: NotFound for the workspace; errPage; an error that
// wraps a Refusal, which the application is told: then the result has where it is told.
func (s *Service) read(ctx context.Context, tenant, workspace string, form url.Values) (a asked, err error) {
	r, err := oidc.ParseRequest(form)
	if err == nil {
		a.place, err = s.place(ctx, tenant, workspace, r.ClientID)
	}
	var refused oidc.Refusal
	if errors.As(err, &refused) {
		return a, errPage{refused}
	}
	if err != nil {
		return a, err
	}
	pushed, isPushed := strings.CutPrefix(form.Get("request_uri"), pushedPrefix)
	if isPushed {
		if r, err = s.pushed(a.workspace, r.ClientID, pushed); err != nil {
			return a, errPage{oidc.Refusal{Code: oidc.InvalidRequestURI, Description: "request_uri is unknown or has expired"}}
		}
	}
	if err := s.check(ctx, &a, r); err != nil {
		return a, err
	}
	if !isPushed && (a.workspace.RequirePAR || a.application.RequirePAR) {
		return a, oidc.Refusal{Code: oidc.InvalidRequest, Description: "the request must be pushed (RFC 9126)"}
	}
	return a, nil
}

// check checks a request that has been parsed. Errors: errPage; a Refusal.
func (s *Service) check(ctx context.Context, a *asked, r oidc.Request) error {
	if !a.application.Redirects(r.RedirectURI) {
		return errPage{oidc.Refusal{
			Code: oidc.InvalidRequest, Description: "redirect_uri is not registered for the application",
		}}
	}
	a.request = r
	if err := a.request.Check(a.workspace, a.application); err != nil {
		return err
	}
	if r.IDTokenHint != "" {
		hint, err := s.hint(ctx, a.workspace, r.IDTokenHint)
		if err != nil {
			return err
		}
		a.request.Hint = hint.Subject
	}
	return nil
}

// Authorize returns the answer to the request of an application, if the person who is signed in with the
// browser need not prove anything. Otherwise it returns a sealed errand for the pages. Errors: NotFound
// for the workspace; errPage.
func (s *Service) Authorize(
	ctx context.Context, tenant, workspace string, form url.Values, r *http.Request,
) (to *answer, sealed string, a asked, err error) {
	a, err = s.read(ctx, tenant, workspace, form)
	var refused oidc.Refusal
	if err != nil {
		if !errors.As(err, new(errPage)) && errors.As(err, &refused) {
			out := s.refusal(a.place, a.request, refused)
			return &out, "", a, nil
		}
		return nil, "", a, err
	}
	now, isSigned, err := s.signedIn(ctx, a.workspace, r)
	if err != nil {
		return nil, "", a, err
	}
	if isSigned && s.suffices(a.place, now, a.request) {
		out, err := s.grant(ctx, a, now)
		return &out, "", a, err
	}
	if a.request.Wants(oidc.PromptNone) {
		why := oidc.Refusal{Code: oidc.LoginRequired, Description: "nobody is signed in as the request demands"}
		out := s.refusal(a.place, a.request, why)
		return &out, "", a, nil
	}
	sealed, err = s.sealErrand(a.workspace, a.request)
	return nil, sealed, a, err
}

// grant stores the grant for a request of an application, and returns the answer with its code.
func (s *Service) grant(ctx context.Context, a asked, now signed) (answer, error) {
	g, code, err := s.newGrant(a, now.session)
	if err != nil {
		return answer{}, err
	}
	at := s.Now()
	calls := []func() error{func() error { return s.Grants.Put(ctx, g) }}
	if a.workspace.NeedsSight(now.session, at) {
		calls = append(calls, func() error { return s.Sessions.See(ctx, now.session, at) })
	}
	return s.answer(a.place, a.request, url.Values{"code": {code}}), atOnce(calls...)
}

// newGrant returns a new grant in a session, and its code.
func (s *Service) newGrant(a asked, in oidc.Session) (oidc.Grant, string, error) {
	h := oidc.Handle{Pool: in.Pool, User: in.UserRef.ID, Session: in.ID, Grant: s.NewID()}
	var err error
	if h.Secret, err = s.random(32); err != nil {
		return oidc.Grant{}, "", err
	}
	return a.workspace.NewGrant(in, a.request, h.Grant, h.Hash(), s.Now()), h.String(), nil
}

// names returns the names of the parameters in order.
func (a answer) names() []string { return slices.Sorted(maps.Keys(a.Params)) }
