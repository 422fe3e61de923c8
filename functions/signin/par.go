package signin

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/oauth"
	"identitypools/shared/oidc"
)

// pushedPrefix is what every request_uri begins with that the endpoint for pushed requests returns (RFC
// 9126 §2.2).
const pushedPrefix = "urn:ietf:params:oauth:request_uri:"

// pushedRequest is a request that an application has pushed. The request_uri has it sealed, so it costs no
// item of the table.
type pushedRequest struct {
	Request oidc.Request `json:"r"`
	Until   int64        `json:"u"` // unix seconds
}

// push returns the request_uri of a request, and how long it can be used.
func (s *Service) push(w oidc.Workspace, r oidc.Request) (uri string, lifetime time.Duration, err error) {
	lifetime = time.Duration(w.RequestTTL)
	sealed, err := s.seal(pushedNote, w, pushedRequest{r, s.Now().Add(lifetime).Unix()})
	return pushedPrefix + sealed, lifetime, err
}

// pushed returns the request of an application that a request_uri has. Errors: InvalidCode.
func (s *Service) pushed(w oidc.Workspace, client, sealed string) (oidc.Request, error) {
	var p pushedRequest
	err := s.open(pushedNote, w, sealed, &p)
	if err == nil && (p.Request.ClientID != client || s.Now().Unix() >= p.Until) {
		err = identity.InvalidCode{}
	}
	return p.Request, err
}

// maxPushed is the maximum size of the body of a pushed request in bytes.
const maxPushed = 16 << 10

// pushedAnswer is the answer to a pushed request (RFC 9126 §2.2).
type pushedAnswer struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int64  `json:"expires_in"` // seconds
}

// pushing returns the action of the endpoint for pushed requests.
func (s site) pushing() api.Action {
	return api.Raw[api.None, authorizeQuery, pushedAnswer](http.StatusCreated, func(w http.ResponseWriter, r *http.Request) {
		form, err := oauth.ReadForm(r, maxPushed)
		var out pushedAnswer
		if err == nil {
			out, err = s.service.Push(r, form)
		}
		if err != nil {
			oauth.Refuse(w, r, err)
			return
		}
		api.WriteJSON(w, http.StatusCreated, out)
	})
}

// Push checks the request of an application, which must authenticate, and returns the request_uri that
// stands for it. Errors: NotFound for the workspace; a Refusal.
func (s *Service) Push(r *http.Request, form url.Values) (out pushedAnswer, err error) {
	ctx := r.Context()
	w, err := s.Workspaces.Cached(ctx, r.PathValue("tid"), r.PathValue("wid"))
	if err != nil {
		return out, err
	}
	credentials, err := oauth.CredentialsOf(r, form)
	if err != nil {
		return out, err
	}
	client, err := oauth.Authenticate(ctx, s.Applications.Cached, w, credentials)
	if err != nil {
		return out, err
	}
	if form.Get("request_uri") != "" { // RFC 9126 §2.1
		return out, oidc.Refusal{Code: oidc.InvalidRequest, Description: "request_uri must not be given"}
	}
	form.Set("client_id", client.ID) // it may be in the Authorization header alone
	request, err := oidc.ParseRequest(form)
	if err != nil {
		return out, err
	}
	a := asked{place: place{workspace: w, application: client}}
	if err := s.check(ctx, &a, request); err != nil {
		var page errPage
		if errors.As(err, &page) {
			err = page.Refusal
		}
		return out, err
	}
	uri, lifetime, err := s.push(w, a.request)
	return pushedAnswer{RequestURI: uri, ExpiresIn: int64(lifetime / time.Second)}, err
}
