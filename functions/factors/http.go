package factors

import (
	"context"
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/usecode"
	"identitypools/shared/wire"
)

// Handler serves the function's routes.
func Handler(s *Service, o api.Options) (http.Handler, error) { return api.New(routes(s), o) }

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(nil).Routes() }

func routes(s *Service) api.Function {
	h := handlers{s}
	const one = "/pools/{ipID}/users/{userID}"
	const key, found = one + "/webauthn/{webAuthnCredentialID}", "/pools/{ipID}/user"
	return api.NewFunction("factors",
		api.ForSystem("POST", one+"/totp/change", "changeTotpSecret", api.Change(204, h.changeTOTP, api.Empty)),
		api.ForSystem("POST", found+"/totp/reset/request", "requestResetTotp",
			api.Change(204, h.requestTOTP, api.Empty)),
		api.ForSystem("POST", found+"/totp/reset/complete", "completeResetTotp",
			api.Change(204, h.resetTOTP, api.Empty)),
		api.ForSystem("POST", found+"/webauthn/add/request", "requestAddWebAuthn",
			api.Change(204, h.requestPasskey, api.Empty)),
		api.ForSystem("POST", found+"/webauthn/add/complete", "completeAddWebAuthn",
			api.Change(204, h.addPasskey, api.Empty)),
		api.ForSystem("POST", one+"/webauthn/create/begin", "beginWebAuthnCredentialsGeneration",
			api.Read(h.begin, api.Encode(creationOf))),
		api.ForSystem("POST", one+"/webauthn/create/complete", "completeWebAuthnCredentialsGeneration",
			api.Read(h.complete, api.Encode(passkeysOf))),
		api.ForSystem("PUT", key+"/name", "nameWebAuthnKey", api.Change(204, h.name, api.Empty)),
		api.ForSystem("DELETE", key, "deleteWebAuthnKey", api.Change(204, h.delete, api.Empty)),
	)
}

// handlers decode requests for the use cases.
type handlers struct{ service *Service }

// totpChange is the published type ChangeTotpSecret.
type totpChange struct {
	Code   string `json:"totp"`
	Secret string `json:"new_totp_secret"`
}

func (h handlers) changeTOTP(
	ctx context.Context, c api.BodyCall[totpChange], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.ChangeTOTP(ctx, c.User(), c.Body.Code, c.Body.Secret, c.IfMatch(), reply)
}

func (h handlers) requestTOTP(
	ctx context.Context, c api.Call[wire.CodeQuery, askcode.Request], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Request(
		ctx, c.Tenant(), c.Pool(), identity.MessageResetTOTP, c.Body, c.Query.Options(), reply,
	)
}

func (h handlers) requestPasskey(
	ctx context.Context, c api.Call[wire.CodeQuery, askcode.Request], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Request(
		ctx, c.Tenant(), c.Pool(), identity.MessageEnrollWebAuthn, c.Body, c.Query.Options(), reply,
	)
}

// proof is what the published types CompleteResetTotp and CompleteAddWebAuthn have in common.
type proof struct {
	Code       string      `json:"code"`
	Address    string      `json:"address"`
	Identifier string      `json:"identifier"`
	UserID     identity.ID `json:"userID"`
}

func (p proof) named() usecode.Named {
	return usecode.Named{Code: p.Code, Address: p.Address, Identifier: p.Identifier, User: string(p.UserID)}
}

// totpReset is the published type CompleteResetTotp.
type totpReset struct {
	proof
	Secret string `json:"new_totp_secret"`
}

func (h handlers) resetTOTP(
	ctx context.Context, c api.BodyCall[totpReset], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.ResetTOTP(
		ctx, c.Tenant(), c.Pool(), c.Body.named(), c.ClientID(), c.Body.Secret, reply,
	)
}

// addition is the published type CompleteAddWebAuthn.
type addition struct {
	proof
	Passkey identity.NewPasskey `json:"new_web_authn"`
}

func (h handlers) addPasskey(
	ctx context.Context, c api.BodyCall[addition], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.AddPasskey(
		ctx, c.Tenant(), c.Pool(), c.Body.named(), c.ClientID(), c.Body.Passkey, reply,
	)
}

func creationOf(c Creation) Creation { return c }

func (h handlers) begin(ctx context.Context, c api.PlainCall) (Creation, error) {
	return h.service.Begin(ctx, c.User(), c.IfMatch())
}

// passkeys is the published type WebAuthnCredentials.
type passkeys struct {
	Credentials []identity.NewPasskey `json:"credentials"`
}

func passkeysOf(p identity.NewPasskey) passkeys { return passkeys{[]identity.NewPasskey{p}} }

func (h handlers) complete(ctx context.Context, c api.BodyCall[Created]) (identity.NewPasskey, error) {
	return h.service.Complete(ctx, c.User(), c.Body, c.IfMatch())
}

// naming is the published type NameWebAuthnKey.
type naming struct {
	Name string `json:"name"`
}

// passkeyID is the parameter of the path that names a passkey.
const passkeyID = "webAuthnCredentialID"

func (h handlers) name(
	ctx context.Context, c api.BodyCall[naming], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Name(ctx, c.User(), c.Path(passkeyID), c.Body.Name, c.IfMatch(), reply)
}

func (h handlers) delete(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Delete(ctx, c.User(), c.Path(passkeyID), c.IfMatch(), reply)
}
