package passwords

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/prove"
)

// Handler serves the function's routes.
func Handler(s *Service, o api.Options) (http.Handler, error) { return api.New(routes(s), o) }

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(nil).Routes() }

func routes(s *Service) api.Function {
	h := handlers{s}
	const one, found = "/pools/{ipID}/users/{userID}", "/pools/{ipID}/user/password"
	return api.NewFunction("passwords",
		api.ForSystem("POST", found+"/verify", "verifyPassword",
			api.Read(h.verify, api.Encode(provedOf))),
		api.ForSystem("POST", found+"/v2/verify", "verifyPasswordV2",
			api.Read(h.verifyV2, api.Encode(verdictOf))),
		api.ForSystem("POST", one+"/change-password", "changePassword", api.Change(204, h.change, api.Empty)),
		api.ForSystem("POST", one+"/change_password", "deprecatedChangePassword",
			api.Change(204, h.change, api.Empty)),
		api.ForBoth("PUT", one+"/password/state", "setPasswordState", "setPasswordState",
			api.Change(204, h.setState, api.Empty)),
		api.ForAdmin("POST", one+"/password/reset/request", "requestResetPassword",
			api.Change(204, h.requestReset, api.Empty)),
		api.ForSystem("POST", found+"/reset/request", "requestResetPassword",
			api.Change(204, h.requestResetQuietly, api.Empty)),
		api.ForSystem("POST", found+"/reset/complete", "completeResetPassword",
			api.Change(204, h.completeReset, api.Empty)),
		api.ForSystem("POST", found+"/reset/confirm", "confirmResetPassword",
			api.Change(204, h.confirmReset, api.Empty)),
	)
}

// handlers decode requests for the use cases.
type handlers struct{ service *Service }

// deviceHeader is the header that names the browser or device that a password comes from. It is this
// project's own.
const deviceHeader = "X-Device-Id"

// request is the published type VerifyPassword.
type request struct {
	Password   string      `json:"password"`
	Identifier string      `json:"identifier"`
	UserID     identity.ID `json:"userID"`
	ID         identity.ID `json:"id"` // the old name of userID; it wins
}

func (h handlers) check(ctx context.Context, c api.BodyCall[request]) (prove.Verdict, error) {
	in := c.Body
	var v identity.Violations
	if in.ID != "" {
		in.UserID = in.ID
	}
	if in.Password == "" {
		v.Add("/password", identity.Required())
	}
	if in.Identifier == "" && in.UserID == "" {
		v.Add("/identifier", identity.RequiredOr("userID"))
	}
	device := c.Header(deviceHeader)
	if !isDevice(device) {
		v.Add(deviceHeader, identity.WrongFormat(
			"visible-ascii", fmt.Sprintf("must have 1 to %d visible ASCII characters", identity.MaxDevice)))
	}
	if err := v.Err(); err != nil {
		return prove.Verdict{}, err
	}
	return h.service.Verify(ctx, c.Tenant(), c.Pool(), prove.Proof{
		Identifier: in.Identifier, UserID: string(in.UserID), Password: in.Password, Client: c.ClientID(),
		Device: device,
	})
}

// isDevice reports whether a back end may give a device the name; "" names no device.
func isDevice(name string) bool {
	return len(name) <= identity.MaxDevice &&
		!strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' })
}

// proved is the answer to a right password.
type proved struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

func provedOf(v prove.Verdict) proved { return proved{v.ID, string(v.State)} }

// verify answers with the same 401 for every password that does not authenticate.
func (h handlers) verify(ctx context.Context, c api.BodyCall[request]) (prove.Verdict, error) {
	v, err := h.check(ctx, c)
	if err == nil && v.Outcome != prove.Correct {
		err = identity.WrongPassword{}
	}
	return v, err
}

// verdict is the answer that tells the outcome.
type verdict struct {
	proved
	Result string `json:"result"`
}

func verdictOf(v prove.Verdict) verdict {
	if v.State == "" {
		v.State = identity.StateValid // the published field takes no empty value
	}
	return verdict{provedOf(v), string(v.Outcome)}
}

// verifyV2 answers 200 with the outcome, whatever it is.
func (h handlers) verifyV2(ctx context.Context, c api.BodyCall[request]) (prove.Verdict, error) {
	v, err := h.check(ctx, c)
	if err == nil && v.Outcome != prove.Correct {
		api.CountError(c.Request(), identity.WrongPassword{})
	}
	return v, err
}
