package oidc

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"identitypools/shared/identity"
)

// The scopes that a request may have besides those of the application itself (OpenID Connect Core §5.4 and
// §11).
const (
	ScopeOpenID  = "openid"
	ScopeProfile = "profile"
	ScopeEmail   = "email"
	ScopePhone   = "phone"
	ScopeAddress = "address"
	ScopeOffline = "offline_access"
)

// Scopes returns the scopes that every application may ask for.
func Scopes() []string {
	return []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopePhone, ScopeAddress, ScopeOffline}
}

// The ways in which an answer comes to the application (OAuth 2.0 Multiple Response Type Encoding
// Practices §2.1, OAuth 2.0 Form Post Response Mode).
const (
	ModeQuery = "query"
	ModeForm  = "form_post"
)

// Bounds of a request, in bytes.
const (
	MaxRequest  = 4096 // of all parameters together, since pages carry them in their address
	MaxState    = 2048
	MaxNonce    = 512
	maxScopes   = 50
	maxParam    = 2048
	maxVerifier = 128 // RFC 7636 §4.1
)

// The values of the parameter prompt (OpenID Connect Core §3.1.2.1).
const (
	PromptNone    = "none"
	PromptLogin   = "login"
	PromptConsent = "consent"
	PromptAccount = "select_account"
)

// Request is a request for the authorization of an application (OpenID Connect Core §3.1.2.1). Pages
// carry it sealed, so its members have short names.
type Request struct {
	ClientID    string   `json:"c"`
	RedirectURI string   `json:"r,omitempty"`
	Mode        string   `json:"m,omitempty"`
	Scope       []string `json:"s,omitempty"`
	State       string   `json:"t,omitempty"`
	Nonce       string   `json:"n,omitempty"`
	Challenge   string   `json:"k,omitempty"`
	Prompt      []string `json:"p,omitempty"`
	// MaxAge is the longest time since the sign-in in seconds, or nil for any.
	MaxAge    *int64   `json:"a,omitempty"`
	LoginHint string   `json:"l,omitempty"`
	Locales   []string `json:"u,omitempty"`
	ACR       []string `json:"v,omitempty"` // wanted, in the order of preference
	Hint      string   `json:"h,omitempty"` // the subject of the ID token in id_token_hint, once it is verified
	Claims    Claims   `json:"d,omitzero"`

	// IDTokenHint is the parameter as it came. It is not kept: see Hint.
	IDTokenHint string `json:"-"`
	// ResponseType is the parameter as it came, which must be "code".
	ResponseType string `json:"-"`
	fault        error
}

// ParseRequest reads the parameters of a request. What is wrong with a parameter is kept until Check,
// because the answer may only go to an application whose redirect URI is known. Parameters that nobody
// knows are ignored (RFC 6749 §3.1). The error is a Refusal if the client cannot be told at all.
func ParseRequest(form url.Values) (Request, error) {
	size := 0
	for name, values := range form {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	r := Request{
		ClientID: form.Get("client_id"), RedirectURI: form.Get("redirect_uri"), Mode: form.Get("response_mode"),
		Scope: Unique(strings.Fields(form.Get("scope"))), State: form.Get("state"), Nonce: form.Get("nonce"),
		Challenge: form.Get("code_challenge"), Prompt: Unique(strings.Fields(form.Get("prompt"))),
		LoginHint: form.Get("login_hint"), Locales: strings.Fields(form.Get("ui_locales")),
		ACR: Unique(strings.Fields(form.Get("acr_values"))), IDTokenHint: form.Get("id_token_hint"),
		ResponseType: form.Get("response_type"),
	}
	switch {
	case len(form["client_id"]) != 1 || !identity.ValidID(r.ClientID):
		return r, Refusal{InvalidRequest, "client_id must be given once, and be the id of an application"}
	case len(form["redirect_uri"]) > 1 || len(r.RedirectURI) > maxParam:
		return r, Refusal{InvalidRequest, "redirect_uri must be given once"}
	}
	r.fault = r.read(form)
	if size > MaxRequest+len(r.IDTokenHint) {
		r.State = "" // it may be what is too long
		r.fault = Refusal{InvalidRequest, "the parameters must have at most 4096 bytes together"}
	}
	return r, nil
}

// read reads the parameters that may be malformed, and returns what is wrong with the first of them.
func (r *Request) read(form url.Values) error {
	invalid := func(why string) error { return Refusal{InvalidRequest, why} }
	if !slices.Contains([]string{"", ModeQuery, ModeForm}, r.Mode) {
		r.Mode = ModeQuery
		return invalid("response_mode must be query or form_post")
	}
	if !isText(r.State) {
		r.State = ""
		return invalid("state must be UTF-8 without control characters")
	}
	for name, values := range form {
		if len(values) > 1 {
			return invalid("the parameter " + url.QueryEscape(name) + " is given twice")
		}
		if slices.ContainsFunc(values, func(value string) bool { return !utf8.ValidString(value) }) {
			return invalid("the parameter " + url.QueryEscape(name) + " is no text in UTF-8")
		}
	}
	switch {
	case !isText(r.Nonce):
		return invalid("nonce must be UTF-8 without control characters")
	case len(r.State) > MaxState:
		r.State = ""
		return invalid("state is too long")
	case form.Get("request") != "":
		return Refusal{RequestNotSupported, "request objects are not supported"}
	case form.Get("request_uri") != "":
		return Refusal{RequestURINotSupported, "request_uri must be one that the endpoint for pushed requests has returned"}
	case form.Get("registration") != "":
		return Refusal{RegistrationUnsupported, "registration is not supported"}
	case r.ResponseType == "":
		return invalid("response_type must be given")
	case r.ResponseType != "code":
		return Refusal{UnsupportedResponseType, "response_type must be code"}
	case len(r.Nonce) > MaxNonce || len(r.LoginHint) > maxParam || len(r.Scope) > maxScopes || len(r.ACR) > maxScopes:
		return invalid("nonce, login_hint, scope or acr_values is too long")
	case slices.Contains(r.Prompt, PromptNone) && len(r.Prompt) > 1:
		return invalid("prompt must not have other values besides none")
	case slices.ContainsFunc(r.Prompt, func(p string) bool {
		return !slices.Contains([]string{PromptNone, PromptLogin, PromptConsent, PromptAccount}, p)
	}):
		return invalid("prompt must be none, login, consent or select_account")
	}
	if age := form.Get("max_age"); age != "" {
		seconds, err := strconv.ParseInt(age, 10, 32)
		if err != nil || seconds < 0 {
			return invalid("max_age must be a number of seconds")
		}
		r.MaxAge = &seconds
	}
	if err := r.readChallenge(form.Get("code_challenge_method")); err != nil {
		return err
	}
	claims, err := ParseClaims(form.Get("claims"))
	r.Claims = claims
	return err
}

// readChallenge checks the code challenge. Only S256 is served, because the other method protects from
// nobody who sees the request (RFC 9700 §2.1.1).
func (r *Request) readChallenge(method string) error {
	invalid := func(why string) error { return Refusal{InvalidRequest, why} }
	switch {
	case r.Challenge == "" && method == "":
		return nil
	case r.Challenge == "":
		return invalid("code_challenge must be given with code_challenge_method")
	case method != "S256":
		return invalid("code_challenge_method must be S256")
	case len(r.Challenge) != 43 || !isVerifier(r.Challenge):
		return invalid("code_challenge must be the SHA-256 of a code verifier, in base64url")
	}
	return nil
}

// Check returns what is wrong with the request of an application whose redirect URI has been checked, and
// leaves out scopes that the application may not have. The error is a Refusal.
func (r *Request) Check(w Workspace, a Application) error {
	if r.fault != nil {
		return r.fault
	}
	switch {
	case r.Mode == ModeForm && !strings.HasPrefix(r.RedirectURI, "http"): // no program can take a form there
		r.Mode = ModeQuery
		return Refusal{InvalidRequest, "response_mode must be query for this redirect_uri"}
	case !a.MayUse(GrantCode):
		return Refusal{UnauthorizedClient, "the application may not use the authorization code flow"}
	case r.Challenge == "" && a.NeedsPKCE(w):
		return Refusal{InvalidRequest, "code_challenge must be given (PKCE with S256)"}
	}
	r.Scope = slices.DeleteFunc(r.Scope, func(scope string) bool {
		return !slices.Contains(Scopes(), scope) && !slices.Contains(a.Scopes, scope) ||
			scope == ScopeOffline && !a.MayUse(GrantRefresh)
	})
	return nil
}

// Wants reports whether the request has a value of the parameter prompt.
func (r Request) Wants(prompt string) bool { return slices.Contains(r.Prompt, prompt) }

// Unique returns the texts of a list without repetitions.
func Unique(list []string) []string {
	var all []string
	for _, text := range list {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// isVerifier reports whether a text has only characters that a code verifier may have (RFC 7636 §4.1).
func isVerifier(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~", c)
	})
}

// isText reports whether a text is UTF-8 without control characters, as state and nonce are (RFC 6749
// Appendix A.5).
func isText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
