// Package oauth has what all endpoints that OAuth 2.0 clients call have in common: how a form is read, how a
// client authenticates, and how a refusal is answered.
package oauth

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"identitypools/shared/api"
	"identitypools/shared/oidc"
)

// MaxForm is the usual maximum size of a form in bytes.
const MaxForm = 8 << 10

// ReadForm reads the form in the body of a request. Each parameter may be there once (RFC 6749 §3.2). The
// error is an oidc.Refusal, or that of api.CheckCoding. Refuse answers both.
func ReadForm(r *http.Request, most int) (url.Values, error) {
	invalid := func(why string) (url.Values, error) {
		return nil, oidc.Refusal{Code: oidc.InvalidRequest, Description: why}
	}
	if err := api.CheckCoding(r); err != nil {
		return nil, err
	}
	if err := api.CheckForm(r); err != nil { // RFC 6749 §5.2 answers a media type with 400, and not 415
		return invalid(err.Error())
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(most)+1))
	if err != nil || len(body) > most {
		return invalid("the body must have at most " + strconv.Itoa(most>>10) + " KB")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return invalid("the body is malformed")
	}
	for name, values := range form {
		if len(values) > 1 {
			return invalid("the parameter " + url.QueryEscape(name) + " is given twice")
		}
	}
	return form, nil
}

// refusal is the answer to a request that is refused (RFC 6749 §5.2).
type refusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// Refuse answers with an error as RFC 6749 §5.2 defines it, and with any error that is no oidc.Refusal as
// api.Error does. A content coding is a matter of HTTP, so its status is that of RFC 9110 §15.5.16.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refused oidc.Refusal
	status := http.StatusBadRequest
	switch {
	case api.CheckCoding(r) != nil:
		status = api.ReportError(w, r, err)
		refused = oidc.Refusal{Code: oidc.InvalidRequest, Description: err.Error()}
	case !errors.As(err, &refused):
		api.Error(w, r, err)
		return
	case refused.Code == oidc.InvalidClient:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
	}
	api.WriteJSON(w, status, refusal{refused.Code, refused.Description})
}

// NoToken is the error for a request without the bearer token that it needs.
type NoToken struct{}

func (NoToken) Error() string { return "a bearer token is needed" }

// RefuseToken answers a request whose bearer token is refused, as RFC 6750 §3 defines it. The scope is the one
// that the token needs.
func RefuseToken(w http.ResponseWriter, r *http.Request, err error, scope string) {
	var refused oidc.Refusal
	switch {
	case errors.As(err, new(NoToken)): // RFC 6750 §3.1: it is told no error code in the header
		w.Header().Set("WWW-Authenticate", `Bearer realm="userinfo"`)
		api.WriteJSON(w, http.StatusUnauthorized, refusal{oidc.InvalidToken, err.Error()})
		return
	case !errors.As(err, &refused):
		api.Error(w, r, err)
		return
	}
	status, challenge := http.StatusUnauthorized, `Bearer error="`+refused.Code+`", error_description="`+refused.Description+`"`
	switch refused.Code {
	case oidc.InvalidRequest:
		status = http.StatusBadRequest
	case oidc.InsufficientScope:
		status, challenge = http.StatusForbidden, challenge+`, scope="`+scope+`"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	api.WriteJSON(w, status, refusal{refused.Code, refused.Description})
}
