package oidc

// Refusal is an error of OAuth 2.0 or OpenID Connect. Code is one of the codes that the specifications
// define, and Description a sentence for the developer of the application. Neither contains anything of
// the request but names of parameters.
type Refusal struct{ Code, Description string }

func (r Refusal) Error() string { return r.Code + ": " + r.Description }

// The codes of errors (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6, RFC 9126 §2.3, RFC
// 6750 §3.1, RFC 7009 §2.2.1).
const (
	InvalidRequest          = "invalid_request"
	InvalidClient           = "invalid_client"
	InvalidGrant            = "invalid_grant"
	InvalidScope            = "invalid_scope"
	InvalidToken            = "invalid_token"
	InsufficientScope       = "insufficient_scope"
	UnauthorizedClient      = "unauthorized_client"
	UnsupportedGrantType    = "unsupported_grant_type"
	UnsupportedTokenType    = "unsupported_token_type"
	UnsupportedResponseType = "unsupported_response_type"
	AccessDenied            = "access_denied"
	LoginRequired           = "login_required"
	InteractionRequired     = "interaction_required"
	RequestNotSupported     = "request_not_supported"
	RequestURINotSupported  = "request_uri_not_supported"
	InvalidRequestURI       = "invalid_request_uri"
	RegistrationUnsupported = "registration_not_supported"
)
