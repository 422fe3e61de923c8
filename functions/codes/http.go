package codes

import (
	"context"
	"net/http"

	"identitypools/shared/api"
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
	scope := api.Scope(api.ScopeRegistration)
	const one, found = "/pools/{ipID}/users/{userID}", "/pools/{ipID}/user"
	return api.NewFunction("codes",
		api.ForSystem("POST", one+"/code/generate", "generateCode",
			api.Change(201, h.generate, api.Encode(codeOf)), scope),
		api.ForSystem("POST", found+"/code/generate", "generateCodeForUser",
			api.Change(201, h.generateForUser, api.Encode(codeOf)), scope),
		api.ForAdmin("POST", one+"/otp/request", "requestOTPChallenge",
			api.Change(204, h.challenge, api.Empty)),
		api.ForSystem("POST", found+"/otp/request", "requestOTPChallenge",
			api.Change(204, h.challengeQuietly, api.Empty)),
		api.ForAdmin("POST", one+"/otp/verify", "verifyOTP",
			api.Change(200, h.verifyOfUser, api.Encode(userIDOf))),
		api.ForSystem("POST", found+"/otp/verify", "verifyOTP",
			api.Change(200, h.verify, api.Encode(userIDOf))),
		api.ForSystem("POST", found+"/authentication-code/verify", "verifyAuthenticationCode",
			api.Change(200, h.authenticate, api.Encode(userIDOf))),
		api.ForSystem("POST", found+"/otp/inspect", "inspectOTP",
			api.Read(h.inspect, api.Encode(inspectedOf))),
		api.ForAdmin("POST", one+"/address/verification/request", "requestAddressVerification",
			api.Change(204, h.requestVerification, api.Empty)),
		api.ForSystem("POST", one+"/address/verification/request", "requestAddressVerification",
			api.Change(204, h.requestVerificationQuietly, api.Empty)),
		api.ForSystem("POST", one+"/address/verification/complete", "completeAddressVerification",
			api.Change(204, h.completeVerification, api.Empty)),
	)
}

// handlers decode requests for the use cases.
type handlers struct{ service *Service }

func codeOf(g onetime.Generated) wire.Code { return wire.Code{Code: g.Code, Extended: g.Extended} }

func (h handlers) generate(
	ctx context.Context, c api.BodyCall[Request], reply once.Reply[onetime.Generated],
) (onetime.Generated, error) {
	return h.service.Generate(ctx, c.User(), c.Body, reply)
}

func (h handlers) generateForUser(
	ctx context.Context, c api.BodyCall[UserRequest], reply once.Reply[onetime.Generated],
) (onetime.Generated, error) {
	return h.service.GenerateForUser(ctx, c.Tenant(), c.Pool(), c.Body, reply)
}
