package activation

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/once"
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
		PostActivationURL: values.Get("post_activation_url"), Language: values.Get(language.Parameter),
	}
}

type sender func(
	context.Context, identity.UserRef, Request, identity.MessageOptions, once.Reply[once.None],
) error

func (h handlers) send(send sender) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		api.Do(w, r, api.Done, func(ctx context.Context, reply once.Reply[once.None]) (once.None, error) {
			var in Request
			err := api.DecodeOptional(r, &in)
			if err == nil {
				err = send(ctx, ref(r), in, options(r), reply)
			}
			return once.None{}, err
		})
	}
}

func (h handlers) generateActivation(w http.ResponseWriter, r *http.Request) {
	named := func(g Generated) api.Answer {
		return api.Answer{Status: http.StatusCreated, Body: map[string]string{"code_id": g.ID}}
	}
	api.Do(w, r, named, func(ctx context.Context, reply once.Reply[Generated]) (Generated, error) {
		var in Request
		if err := api.DecodeOptional(r, &in); err != nil {
			return Generated{}, err
		}
		return h.Generate(ctx, ref(r), CodeRequest{Type: identity.PurposeActivation, Address: in.address()}, reply)
	})
}

func generated(g Generated) api.Answer {
	return api.Answer{Status: http.StatusCreated, Body: map[string]string{"code": g.Code, "extended_code": g.Extended}}
}

func (h handlers) generate(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, generated, func(ctx context.Context, in CodeRequest, reply once.Reply[Generated]) (Generated, error) {
		return h.Generate(ctx, ref(r), in, reply)
	})
}

func (h handlers) generateForUser(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, generated, func(ctx context.Context, in UserCodeRequest, reply once.Reply[Generated]) (Generated, error) {
		return h.GenerateForUser(ctx, r.PathValue("tid"), r.PathValue("ipID"), in, reply)
	})
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

func activated(u identity.User) api.Answer {
	return api.Answer{Status: http.StatusCreated, Version: u.Version, Body: wire.UserOf(u)}
}

// activate serves both routes: with the user in the path, and without, for extended codes alone.
func (h handlers) activate(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, activated, func(ctx context.Context, in proof, reply once.Reply[identity.User]) (identity.User, error) {
		if err := in.check(); err != nil {
			return identity.User{}, err
		}
		return h.Activate(ctx, ref(r), onetime.Proof{
			User: r.PathValue("userID"), IsBackEnd: true, Code: in.Code, Address: in.OTPAddress,
			Password: in.Password,
		}, reply)
	})
}
