package activation

import (
	"context"
	"net/http"

	"identitypools/shared/activate"
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
	counted := api.Counts(metric.Activations)
	return api.NewFunction("activation",
		api.ForAdmin("POST", one+"/activation/send", "sendActivationMessage",
			api.Change(204, h.send, api.Empty).WithOptionalBody()),
		api.ForSystem("POST", one+"/activation/send", "selfSendActivationMessage",
			api.Change(204, h.sendQuietly, api.Empty).WithOptionalBody()),
		api.ForSystem("POST", one+"/activation/generate", "generateActivationCode",
			api.Change(201, h.generate, api.Encode(codeIDOf)).WithOptionalBody(),
			api.Scope(api.ScopeRegistration)),
		api.ForSystem("POST", one+"/activate", "activateSelfRegisteredUser",
			api.Change(201, h.activate, answer).Ignoring(codeID{}, wire.Code{}), counted),
		api.ForSystem("POST", "/pools/{ipID}/user/activate", "activateSelfRegisteredUserUsingExtendedCode",
			api.Change(201, h.activate, answer).Ignoring(codeID{}, wire.Code{}), counted),
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

// codeID is the answer that names the making of a code and does not contain the code.
type codeID struct {
	ID string `json:"code_id"`
}

func codeIDOf(g onetime.Generated) codeID { return codeID{g.ID} }

func (h handlers) generate(
	ctx context.Context, c api.BodyCall[Request], reply once.Reply[onetime.Generated],
) (onetime.Generated, error) {
	return h.service.Codes.Generate(ctx, c.User(), identity.PurposeActivation, c.Body.address(), reply)
}

// proof is the published type ActivateSelfRegisteredUser.
type proof struct {
	Code       string                `json:"code"`
	OTPAddress string                `json:"otp_address"`
	Password   string                `json:"password"`
	TOTPSecret string                `json:"totp_secret"`
	Passkeys   []identity.NewPasskey `json:"webauthn"`
}

// request returns what a client asks for. The error is Invalid.
func (p proof) request(user, client string) (activate.Request, error) {
	var v identity.Violations
	if p.Code == "" {
		v.Add("/code", identity.Required())
	}
	r := activate.Request{
		Proof:     onetime.Proof{User: user, Code: p.Code, Address: p.OTPAddress, Request: "client#" + client},
		IsBackEnd: true, Password: p.Password, Passkeys: p.Passkeys,
	}
	if p.TOTPSecret != "" {
		secret, err := identity.ParseTOTPSecret("/totp_secret", p.TOTPSecret)
		_ = v.AddUnder("", err)
		r.TOTP = secret
	}
	_ = v.AddUnder("", identity.CheckPasskeys("/webauthn", p.Passkeys))
	return r, v.Err()
}

func answer(u identity.User) api.Answer[wire.User] {
	return api.Answer[wire.User]{Version: u.Version, Body: wire.UserOf(u)}
}

// activate serves the route that has the user in its path, and the one without, which takes extended
// codes only.
func (h handlers) activate(
	ctx context.Context, c api.BodyCall[proof], reply once.Reply[identity.User],
) (identity.User, error) {
	r, err := c.Body.request(c.User().ID, c.ClientID())
	if err != nil {
		return identity.User{}, err
	}
	u, isRepeat, err := h.service.Activate(ctx, c.User(), r, reply)
	if isRepeat {
		api.MarkRepeat(c.Request())
	}
	return u, err
}
