package activation

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/metric"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/wire"
)

// Handler serves the function's routes.
func Handler(s *Service, o api.Options) (http.Handler, error) { return api.New(routes(s), o) }

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(nil).Routes() }

func routes(s *Service) api.Function {
	h := handlers{s}
	const one = "/pools/{ipID}/users/{userID}"
	codes, counted := api.Scope(api.ScopeRegistration), api.Counts(metric.Activations)
	return api.NewFunction("activation",
		api.ForAdmin("POST", one+"/activation/send", "sendActivationMessage",
			api.Change(204, h.send, api.Empty).WithOptionalBody()),
		api.ForSystem("POST", one+"/activation/send", "selfSendActivationMessage",
			api.Change(204, h.sendQuietly, api.Empty).WithOptionalBody()),
		api.ForSystem("POST", one+"/activation/generate", "generateActivationCode",
			api.Change(201, h.generateActivation, api.Encode(codeIDOf)).WithOptionalBody(), codes),
		api.ForSystem("POST", one+"/code/generate", "generateCode",
			api.Change(201, h.generate, api.Encode(codeOf)), codes),
		api.ForSystem("POST", "/pools/{ipID}/user/code/generate", "generateCodeForUser",
			api.Change(201, h.generateForUser, api.Encode(codeOf)), codes),
		api.ForSystem("POST", one+"/activate", "activateSelfRegisteredUser",
			api.Change(201, h.activate, answer), counted),
		api.ForSystem("POST", "/pools/{ipID}/user/activate", "activateSelfRegisteredUserUsingExtendedCode",
			api.Change(201, h.activate, answer), counted),
	)
}

// handlers decode requests for the use cases.
type handlers struct{ service *Service }

func (h handlers) send(
	ctx context.Context, c api.Call[wire.MessageQuery, Request], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Send(ctx, c.User(), c.Body, c.Query.Options(), reply)
}

func (h handlers) sendQuietly(
	ctx context.Context, c api.Call[wire.MessageQuery, Request], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.SendQuietly(ctx, c.User(), c.Body, c.Query.Options(), reply)
}

// codeID is the answer that names a code without telling it.
type codeID struct {
	ID string `json:"code_id"`
}

func codeIDOf(g Generated) codeID { return codeID{g.ID} }

func (h handlers) generateActivation(
	ctx context.Context, c api.BodyCall[Request], reply once.Reply[Generated],
) (Generated, error) {
	r := CodeRequest{Type: identity.PurposeActivation, Address: c.Body.address()}
	return h.service.Generate(ctx, c.User(), r, reply)
}

// code is the answer that tells a code.
type code struct {
	Code     string `json:"code"`
	Extended string `json:"extended_code"`
}

func codeOf(g Generated) code { return code{g.Code, g.Extended} }

func (h handlers) generate(
	ctx context.Context, c api.BodyCall[CodeRequest], reply once.Reply[Generated],
) (Generated, error) {
	return h.service.Generate(ctx, c.User(), c.Body, reply)
}

func (h handlers) generateForUser(
	ctx context.Context, c api.BodyCall[UserCodeRequest], reply once.Reply[Generated],
) (Generated, error) {
	return h.service.GenerateForUser(ctx, c.Tenant(), c.Pool(), c.Body, reply)
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

func answer(u identity.User) api.Answer[wire.User] {
	return api.Answer[wire.User]{Version: u.Version, Body: wire.UserOf(u)}
}

// activate serves both routes: with the user in the path, and without, for extended codes alone.
func (h handlers) activate(
	ctx context.Context, c api.BodyCall[proof], reply once.Reply[identity.User],
) (identity.User, error) {
	if err := c.Body.check(); err != nil {
		return identity.User{}, err
	}
	return h.service.Activate(ctx, c.User(), onetime.Proof{
		User: c.User().ID, IsBackEnd: true, Code: c.Body.Code, Address: c.Body.OTPAddress,
		Password: c.Body.Password,
	}, reply)
}
