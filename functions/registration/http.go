package registration

import (
	"context"
	"net/http"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/once"
	"identitypools/shared/work"
)

// Handler serves the function's operations. source names where a request comes from, origins are those that forms may come from.
func Handler(s *Service, source func(*http.Request) string, origins *http.CrossOriginProtection, o api.Options) (http.Handler, error) {
	h := handlers{s, source}
	pages := site{Service: s, keeper: keeper{s.Tickets, s.Now}, open: sync.OnceValues(openPages), source: source, origins: origins}
	return api.New("registration", api.Handlers{
		"selfRegisterUser": h.systemRegister, "publicGetPool": h.form, "publicRegister": h.register, "publicActivate": h.activate,
		"publicSendActivation": h.resend,
		"registrationPage":     pages.on(site.showForm), "registerByPage": pages.on(site.submitForm),
		"codePage": pages.on(site.showCode), "activateByCode": pages.on(site.submitCode),
		"activationPage": pages.on(site.showLink), "activateByPage": pages.on(site.submitLink),
	}, o)
}

type handlers struct {
	*Service
	source func(*http.Request) string // where a request comes from, without telling it
}

func options(r *http.Request) identity.MessageOptions {
	values := r.URL.Query()
	return identity.MessageOptions{
		CodeType: identity.CodeType(values.Get("code_type_in_message")), Mode: identity.Mode(values.Get("mode")),
		PostActivationURL: values.Get("post_activation_url"), Language: values.Get(language.Parameter),
	}
}

func (h handlers) systemRegister(w http.ResponseWriter, r *http.Request) {
	identified := func(done Registered) api.Answer {
		return api.Answer{Status: http.StatusCreated, Body: map[string]string{"id": done.User}}
	}
	api.Do(w, r, identified, func(ctx context.Context) (done Registered, err error) {
		mail, err := flag(r, "send_activation_message", true)
		if err != nil {
			return done, err
		}
		p, err := h.Open(ctx, r.PathValue("tid"), r.PathValue("ipID"))
		if err != nil {
			return done, err
		}
		var in identity.SelfRegistration
		if err := api.Decode(r, &in); err != nil {
			return done, err
		}
		return h.Register(ctx, p, in, mail, byBackEnd, options(r))
	})
}

// flag reads a boolean query parameter. Errors: identity.Invalid.
func flag(r *http.Request, name string, absent bool) (bool, error) {
	switch r.URL.Query().Get(name) {
	case "":
		return absent, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, identity.InvalidField(name, "must be true or false")
}

// publicOptions are those that a browser may choose: a page types codes unless it asks for links.
func publicOptions(r *http.Request) identity.MessageOptions {
	o := identity.MessageOptions{CodeType: identity.CodeType(r.URL.Query().Get("code_type_in_message")), Language: language.Requested(r)}
	if o.CodeType == "" {
		o.CodeType = identity.CodeTypeShort
	}
	return o
}

// ticket is what the public is told of a registration.
type ticket struct {
	Ticket    string        `json:"ticket"`
	ExpiresAt identity.Time `json:"expires_at"`
}

func (h handlers) register(w http.ResponseWriter, r *http.Request) {
	ticketed := func(done Registered) api.Answer {
		return api.Answer{Status: http.StatusCreated, Body: ticket{done.Ticket, done.ExpiresAt}}
	}
	api.Do(w, r, ticketed, func(ctx context.Context) (done Registered, err error) {
		p, err := h.OpenToPublic(ctx, r.PathValue("tid"), r.PathValue("ipID"))
		if err != nil {
			return done, err
		}
		var in struct {
			identity.SelfRegistration
			Solution string `json:"altcha"` // of the form's challenge
		}
		if err := api.Decode(r, &in); err != nil {
			return done, err
		}
		return h.RegisterFrom(ctx, p, h.source(r), in.SelfRegistration, in.Solution, publicOptions(r))
	})
}

// presented is a code as a page presents it.
type presented struct {
	Ticket   string `json:"ticket"`
	Code     string `json:"code"`
	Password string `json:"password"`
}

func (h handlers) activate(w http.ResponseWriter, r *http.Request) {
	activated := func(u identity.User) api.Answer {
		return api.Answer{Status: http.StatusCreated, Body: map[string]string{"status": string(u.Status)}}
	}
	api.Take(w, r, activated, func(ctx context.Context, in presented) (identity.User, error) {
		if in.Code == "" {
			return identity.User{}, identity.InvalidField("/code", "must be given")
		}
		return h.Activate(ctx, r.PathValue("tid"), r.PathValue("ipID"), h.source(r), in.Ticket, in.Code, in.Password)
	})
}

// addressed names the registration whose message is asked for anew.
type addressed struct {
	Ticket     string `json:"ticket"`
	Address    string `json:"address"`
	Identifier string `json:"identifier"` // the old name of address
	Solution   string `json:"altcha"`     // of the form's challenge
}

func (h handlers) resend(w http.ResponseWriter, r *http.Request) {
	accepted := func(once.None) api.Answer { return api.Answer{Status: http.StatusAccepted, Body: struct{}{}} }
	api.Take(w, r, accepted, func(ctx context.Context, in addressed) (once.None, error) {
		address := in.Address
		if address == "" {
			address = in.Identifier
		}
		return once.None{}, h.Resend(ctx, r.PathValue("tid"), r.PathValue("ipID"), h.source(r), in.Ticket, address, in.Solution, publicOptions(r))
	})
}

// form is what a sign-up page needs to draw itself.
type form struct {
	ID             string                  `json:"id"`
	Name           string                  `json:"name"`
	Description    string                  `json:"description,omitempty"`
	BadgeColor     string                  `json:"badge_color,omitempty"`
	Branding       branding                `json:"branding"`
	Mechanisms     []identity.Mechanism    `json:"authentication_mechanisms"`
	Preferred      identity.Mechanism      `json:"preferred_authentication_mechanism"`
	PasswordPolicy identity.PasswordPolicy `json:"password_policy"`
	Payload        jsontext.Value          `json:"payload_schema"`
	Work           *work.Challenge         `json:"proof_of_work,omitempty"` // while mails are scarce
}

// branding is what of a pool's branding is about pages.
type branding struct {
	Language   string                       `json:"language"`
	LogoURL    string                       `json:"logo_url,omitempty"`
	TermsURL   string                       `json:"terms_url,omitempty"`
	PrivacyURL string                       `json:"privacy_url,omitempty"`
	Texts      map[string]identity.PageText `json:"texts,omitempty"`
}

func (h handlers) form(w http.ResponseWriter, r *http.Request) {
	p, schema, err := h.Form(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
	var challenge *work.Challenge
	if err == nil {
		challenge, err = h.Challenge(r.Context(), p)
	}
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusOK, form{
		p.ID, p.Name, p.Description, p.BadgeColor,
		branding{p.Branding.Language, p.Branding.LogoURL, p.Branding.TermsURL, p.Branding.PrivacyURL, p.Branding.Texts},
		p.Mechanisms, p.Preferred, p.PasswordPolicy, schema.Document, challenge,
	})
}
