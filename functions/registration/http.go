package registration

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/metric"
	"identitypools/shared/once"
	"identitypools/shared/submit"
	"identitypools/shared/wire"
	"identitypools/shared/work"
)

// Handler returns the handler of the function's routes. source returns an identifier of the place
// that a request comes from. origins are the origins that forms may come from.
func Handler(
	s *Service, source func(*http.Request) string, origins *http.CrossOriginProtection, o api.Options,
) (http.Handler, error) {
	return api.New(routes(handlers{s, source}, newSite(s, source, origins)), o)
}

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(handlers{}, site{}).Routes() }

// routes returns the function's routes with their actions. The values of its arguments do not
// matter for the rows.
func routes(h handlers, s site) api.Function {
	const (
		pool  = "/pools/{ipID}"
		form  = "/{tid}/pools/{ipID}/register"
		code  = "/{tid}/pools/{ipID}/register/code"
		link  = "/{tid}/pools/{ipID}/" + identity.PageActivate
		typed = "/{tid}/pools/{ipID}/" + identity.PageActivateCode
	)
	registers, activates := api.Counts(metric.Registrations), api.Counts(metric.Activations)
	return api.NewFunction("registration",
		api.ForSystem("POST", pool+"/user/register", "selfRegisterUser",
			api.Change(201, h.systemRegister, api.Encode(userIDOf)).WithCheck(h.isOpen), registers),
		api.ForBrowsers("GET", pool, "publicGetPool", api.Read(h.form, api.Encode(formOf))),
		api.ForBrowsers("POST", pool+"/register", "publicRegister",
			api.Change(201, h.register, api.Encode(ticketOf)).WithCheck(h.isOpenToPublic), registers),
		api.ForBrowsers("POST", pool+"/activate", "publicActivate",
			api.Change(201, h.activate, api.Encode(statusOf)).Ignoring(ticket{}), activates),
		api.ForBrowsers("POST", pool+"/activation/send", "publicSendActivation",
			api.Change(202, h.resend, api.Encode(acceptedOf)).Ignoring(ticket{})),
		api.ForPeople("GET", form, "registrationPage", s.page(s.showForm)),
		api.ForPeople("POST", form, "registerByPage", s.submission(s.submitForm), registers),
		api.ForPeople("GET", code, "codePage", s.page(s.showCode)),
		api.ForPeople("POST", code, "activateByCode", s.submission(s.submitCode), activates),
		api.ForPeople("GET", link, "activationPage", s.page(s.showLink)),
		api.ForPeople("POST", link, "activateByPage", s.submission(s.submitLink), activates),
		api.ForPeople("GET", typed, "activationCodePage", s.page(s.showTyped)),
		api.ForPeople("POST", typed, "activateByTypedCode", s.submission(s.submitTyped), activates),
	)
}

// handlers decode the requests of the JSON API and call the use cases.
type handlers struct {
	service *Service
	source  func(*http.Request) string // returns a pseudonym of the place that a request comes from
}

// userID is the answer to a registration by a back end.
type userID struct {
	ID string `json:"id"`
}

func userIDOf(done Registered) userID { return userID{done.User} }

// registerQuery is the query of a registration by a back end.
type registerQuery struct {
	wire.MessageQuery
	SendsMessage *bool `query:"send_activation_message"` // true if it is absent
}

// isOpen returns an error if the pool takes no registrations. It runs before the body is decoded,
// so that the body does not matter.
func (h handlers) isOpen(ctx context.Context, c api.PlainCall) error {
	_, err := h.service.Open(ctx, c.Tenant(), c.Pool())
	return err
}

// isOpenToPublic is like isOpen, for browsers.
func (h handlers) isOpenToPublic(ctx context.Context, c api.PlainCall) error {
	_, err := h.service.OpenToPublic(ctx, c.Tenant(), c.Pool())
	return err
}

func (h handlers) systemRegister(
	ctx context.Context, c api.Call[registerQuery, identity.SelfRegistration], reply once.Reply[Registered],
) (done Registered, err error) {
	p, err := h.service.Open(ctx, c.Tenant(), c.Pool())
	if err != nil {
		return done, err
	}
	mail := c.Query.SendsMessage == nil || *c.Query.SendsMessage
	return h.service.Register(ctx, p, c.Body, mail, submit.ByBackEnd, c.Query.Options(), reply)
}

// publicQuery has the options of a message that a browser may choose.
type publicQuery struct {
	CodeType string `query:"code_type_in_message"` // the default is a short code
	Language string `query:"lang"`                 // language.Requested reads it
}

// options returns the options of the message that a request asks for.
func (q publicQuery) options(r *http.Request) identity.MessageOptions {
	o := identity.MessageOptions{
		CodeType: identity.CodeType(q.CodeType), Language: language.Requested(r),
	}
	if o.CodeType == "" {
		o.CodeType = identity.CodeTypeShort
	}
	return o
}

// ticket is the answer to a registration from a browser.
type ticket struct {
	Ticket    string        `json:"ticket"`
	ExpiresAt identity.Time `json:"expires_at"`
}

func ticketOf(done Registered) ticket { return ticket{done.Ticket, done.ExpiresAt} }

// publicRegistration is the body of a registration from a browser.
type publicRegistration struct {
	identity.SelfRegistration
	Solution string `json:"altcha"` // of the challenge
}

func (h handlers) register(
	ctx context.Context, c api.Call[publicQuery, publicRegistration], reply once.Reply[Registered],
) (done Registered, err error) {
	p, err := h.service.OpenToPublic(ctx, c.Tenant(), c.Pool())
	if err != nil {
		return done, err
	}
	in, o := c.Body, c.Query.options(c.Request())
	return h.service.RegisterFrom(
		ctx, p, h.source(c.Request()), in.SelfRegistration, in.Solution, o, reply,
	)
}

// status is the answer to an activation from a browser.
type status struct {
	Status identity.Status `json:"status"`
}

func statusOf(u identity.User) status { return status{u.Status} }

func (h handlers) activate(
	ctx context.Context, c api.BodyCall[presented], reply once.Reply[identity.User],
) (identity.User, error) {
	in := c.Body
	if in.Code == "" {
		return identity.User{}, identity.InvalidField("/code", identity.Required())
	}
	u, isRepeat, err := h.service.Activate(
		ctx, c.Tenant(), c.Pool(), h.source(c.Request()), "", in, reply,
	)
	if isRepeat {
		api.MarkRepeat(c.Request())
	}
	return u, err
}

// addressed is the body of a request for another message. It names the registration by its ticket
// or by an address.
type addressed struct {
	Ticket     string `json:"ticket"`
	Address    string `json:"address"`
	Identifier string `json:"identifier"` // the former name of the field address
	Solution   string `json:"altcha"`     // of the challenge
}

// accepted is the answer to a request of which the caller learns no result.
type accepted struct{}

func acceptedOf(once.None) accepted { return accepted{} }

func (h handlers) resend(
	ctx context.Context, c api.Call[publicQuery, addressed], reply once.Reply[once.None],
) (once.None, error) {
	in, o := c.Body, c.Query.options(c.Request())
	address := in.Address
	if address == "" {
		address = in.Identifier
	}
	return once.None{}, h.service.Resend(
		ctx, c.Tenant(), c.Pool(), h.source(c.Request()), in.Ticket, address, in.Solution, o, reply,
	)
}

// form is the answer that tells a sign-up page what to draw.
type form struct {
	ID             string                                       `json:"id"`
	Name           string                                       `json:"name"`
	Description    string                                       `json:"description,omitempty"`
	BadgeColor     string                                       `json:"badge_color,omitempty"`
	Branding       branding                                     `json:"branding"`
	SignInURL      string                                       `json:"sign_in_url,omitempty"`
	Mechanisms     []identity.Mechanism                         `json:"authentication_mechanisms"`
	Preferred      identity.Mechanism                           `json:"preferred_authentication_mechanism"`
	PasswordPolicy identity.PasswordPolicy                      `json:"password_policy"`
	Codes          map[identity.CodePurpose]identity.CodePolicy `json:"otp_settings"`
	Limits         shownLimits                                  `json:"limits"`
	Payload        jsontext.Value                               `json:"payload_schema"`
	// Work is nil unless mails are scarce.
	Work *work.Challenge `json:"proof_of_work,omitempty"`
}

// shownLimits is the part of a pool's limits that a page tells people.
type shownLimits struct {
	MailPause identity.Duration `json:"mail_pause"` // how long to wait before another code is asked for
}

// branding is the part of a pool's branding that concerns pages.
type branding struct {
	Language   string                       `json:"language"`
	LogoURL    string                       `json:"logo_url,omitempty"`
	TermsURL   string                       `json:"terms_url,omitempty"`
	PrivacyURL string                       `json:"privacy_url,omitempty"`
	Texts      map[string]identity.PageText `json:"texts,omitempty"`
}

// shownForm is what the answer form is made of.
type shownForm struct {
	pool      identity.Pool
	schema    identity.Schema
	challenge *work.Challenge // nil unless mails are scarce
}

func formOf(f shownForm) form {
	p := f.pool
	// Those that pages redeem. A page shows how many digits to type, and how long the code is good.
	codes := map[identity.CodePurpose]identity.CodePolicy{}
	for _, purpose := range []identity.CodePurpose{
		identity.PurposeActivation, identity.PurposeResetPassword, identity.PurposeVerifyAddress,
	} {
		codes[purpose] = p.CodePolicy(purpose)
	}
	return form{
		p.ID, p.Name, p.Description, p.BadgeColor,
		branding{
			p.Branding.Language, p.Branding.LogoURL, p.Branding.TermsURL, p.Branding.PrivacyURL,
			p.Branding.Texts,
		},
		p.SignInURL, p.Mechanisms, p.Preferred, p.PasswordPolicy, codes,
		shownLimits{p.Limits.MailPause},
		f.schema.Document, f.challenge,
	}
}

func (h handlers) form(ctx context.Context, c api.PlainCall) (f shownForm, err error) {
	if f.pool, f.schema, err = h.service.Form(ctx, c.Tenant(), c.Pool()); err != nil {
		return f, err
	}
	challenge, ok, err := h.service.Gate.Challenge(ctx, f.pool)
	if ok {
		f.challenge = &challenge
	}
	return f, err
}
