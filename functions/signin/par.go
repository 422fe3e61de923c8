package signin

import (
	"time"

	"identitypools/shared/identity"
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
