package activation

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/onetime"
	"identitypools/shared/wire"
)

// Handler serves the function's operations.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	h := handlers{s}
	return api.New("activation", api.Handlers{
		"sendActivationMessage": h.send(s.Send), "selfSendActivationMessage": h.send(s.SendQuietly),
		"generateActivationCode": h.generateActivation, "generateCode": h.generate, "generateCodeForUser": h.generateForUser,
		"activateSelfRegisteredUser": h.activate, "activateSelfRegisteredUserUsingExtendedCode": h.activate,
	}, o)
}

type handlers struct{ *Service }

func ref(r *http.Request) identity.UserRef {
	return identity.UserRef{Tenant: r.PathValue("tid"), Pool: r.PathValue("ipID"), ID: r.PathValue("userID")}
}

func options(r *http.Request) identity.MessageOptions {
	values := r.URL.Query()
	return identity.MessageOptions{
		CodeType: identity.CodeType(values.Get("code_type_in_message")), Mode: identity.Mode(values.Get("mode")),
		PostActivationURL: values.Get("post_activation_url"),
	}
}

type sender func(context.Context, identity.UserRef, Request, identity.MessageOptions) error

func (h handlers) send(send sender) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in Request
		err := api.DecodeOptional(r, &in)
		if err == nil {
			err = send(r.Context(), ref(r), in, options(r))
		}
		if err != nil {
			api.Error(w, r, err)
			return
		}
		api.NoContent(w)
	}
}

func (h handlers) generateActivation(w http.ResponseWriter, r *http.Request) {
	var in Request
	if err := api.DecodeOptional(r, &in); err != nil {
		api.Error(w, r, err)
		return
	}
	made, err := h.Generate(r.Context(), ref(r), CodeRequest{Type: identity.PurposeActivation, Address: in.address()})
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusCreated, map[string]string{"code_id": made.ID})
}

func (h handlers) generate(w http.ResponseWriter, r *http.Request) {
	var in CodeRequest
	if err := api.Decode(r, &in); err != nil {
		api.Error(w, r, err)
		return
	}
	made, err := h.Generate(r.Context(), ref(r), in)
	replyCode(w, r, made, err)
}

func (h handlers) generateForUser(w http.ResponseWriter, r *http.Request) {
	var in UserCodeRequest
	if err := api.Decode(r, &in); err != nil {
		api.Error(w, r, err)
		return
	}
	made, err := h.GenerateForUser(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), in)
	replyCode(w, r, made, err)
}

func replyCode(w http.ResponseWriter, r *http.Request, made Generated, err error) {
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusCreated, map[string]string{"code": made.Code, "extended_code": made.Extended})
}

// proof is the published ActivateSelfRegisteredUser.
type proof struct {
	Code       string         `json:"code"`
	OTPAddress string         `json:"otp_address"`
	Password   string         `json:"password"`
	TOTPSecret string         `json:"totp_secret"`
	WebAuthn   jsontext.Value `json:"webauthn"`
}

func (p proof) check() error {
	var v identity.Violations
	if p.Code == "" {
		v.Add("/code", "must be given")
	}
	if p.TOTPSecret != "" {
		v.Add("/totp_secret", "is not served yet")
	}
	if text := string(p.WebAuthn); text != "" && text != "null" && text != "[]" {
		v.Add("/webauthn", "is not served yet")
	}
	return v.Err()
}

// activate serves both routes: with the user in the path, and without, for extended codes alone.
func (h handlers) activate(w http.ResponseWriter, r *http.Request) {
	var in proof
	err := api.Decode(r, &in)
	if err == nil {
		err = in.check()
	}
	if err != nil {
		api.Error(w, r, err)
		return
	}
	u, err := h.Activate(r.Context(), ref(r), onetime.Proof{User: r.PathValue("userID"), Code: in.Code, Address: in.OTPAddress, Password: in.Password})
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.ReplyVersion(w, http.StatusCreated, u.Version, wire.UserOf(u))
}
