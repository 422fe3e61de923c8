package registration

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// Handler serves the function's operations.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	h := handlers{s}
	return api.New("registration", api.Handlers{
		"selfRegisterUser": h.systemRegister, "publicGetPool": h.form, "publicRegister": h.register, "publicActivate": h.activate,
		"publicSendActivation": h.resend, "activationPage": h.showPage, "activateByPage": h.submitPage,
	}, o)
}

type handlers struct{ *Service }

func options(r *http.Request) identity.MessageOptions {
	values := r.URL.Query()
	return identity.MessageOptions{
		CodeType: identity.CodeType(values.Get("code_type_in_message")), Mode: identity.Mode(values.Get("mode")),
		PostActivationURL: values.Get("post_activation_url"),
	}
}

// take registers, and answers for itself where that fails.
func (h handlers) take(w http.ResponseWriter, r *http.Request, mail bool, o identity.MessageOptions) (Registered, bool) {
	var registered Registered
	p, err := h.Open(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
	if err == nil {
		var in identity.SelfRegistration
		if err = api.Decode(r, &in); err == nil {
			registered, err = h.Register(r.Context(), p, in, mail, o)
		}
	}
	if err != nil {
		api.Error(w, r, err)
	}
	return registered, err == nil
}

func (h handlers) systemRegister(w http.ResponseWriter, r *http.Request) {
	mail, err := flag(r, "send_activation_message", true)
	if err != nil {
		api.Error(w, r, err)
		return
	}
	if registered, ok := h.take(w, r, mail, options(r)); ok {
		api.Reply(w, http.StatusCreated, map[string]string{"id": registered.User})
	}
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
	o := identity.MessageOptions{CodeType: identity.CodeType(r.URL.Query().Get("code_type_in_message"))}
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
	if registered, ok := h.take(w, r, true, publicOptions(r)); ok {
		api.Reply(w, http.StatusCreated, ticket{registered.Ticket, registered.ExpiresAt})
	}
}

func (h handlers) activate(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Ticket   string `json:"ticket"`
		Code     string `json:"code"`
		Password string `json:"password"`
	}
	err := api.Decode(r, &in)
	if err == nil && in.Code == "" {
		err = identity.InvalidField("/code", "must be given")
	}
	if err == nil {
		err = h.Activate(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), in.Ticket, in.Code, in.Password)
	}
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusCreated, map[string]string{"status": string(identity.StatusActive)})
}

func (h handlers) resend(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Ticket     string `json:"ticket"`
		Address    string `json:"address"`
		Identifier string `json:"identifier"`
	}
	err := api.Decode(r, &in)
	if err == nil {
		address := in.Address
		if address == "" {
			address = in.Identifier
		}
		err = h.Resend(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), in.Ticket, address, publicOptions(r))
	}
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusAccepted, struct{}{})
}

// form is what a sign-up page needs to draw itself.
type form struct {
	ID             string                  `json:"id"`
	Name           string                  `json:"name"`
	Description    string                  `json:"description,omitempty"`
	BadgeColor     string                  `json:"badge_color,omitempty"`
	Mechanisms     []identity.Mechanism    `json:"authentication_mechanisms"`
	Preferred      identity.Mechanism      `json:"preferred_authentication_mechanism"`
	PasswordPolicy identity.PasswordPolicy `json:"password_policy"`
	Payload        jsontext.Value          `json:"payload_schema"`
}

func (h handlers) form(w http.ResponseWriter, r *http.Request) {
	p, schema, err := h.Form(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusOK, form{p.ID, p.Name, p.Description, p.BadgeColor, p.Mechanisms, p.Preferred, p.PasswordPolicy, schema.Document})
}
