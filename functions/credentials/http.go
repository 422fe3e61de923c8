package credentials

import (
	"fmt"
	"net/http"
	"strings"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// Handler serves the function's operations.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	h := handlers{s}
	return api.New("credentials", api.Handlers{"verifyPassword": h.verify, "verifyPasswordV2": h.verifyV2}, o)
}

type handlers struct{ *Service }

// deviceHeader names the browser or device that a password comes from. It is this project's own.
const deviceHeader = "X-Device-Id"

// request is the published VerifyPassword.
type request struct {
	Password   string `json:"password"`
	Identifier string `json:"identifier"`
	UserID     string `json:"userID"`
	ID         string `json:"id"` // the old name of userID; it wins
}

func (h handlers) read(r *http.Request) (Verdict, error) {
	var in request
	if err := api.Decode(r, &in); err != nil {
		return Verdict{}, err
	}
	var v identity.Violations
	if in.ID != "" {
		in.UserID = in.ID
	}
	if in.Password == "" {
		v.Add("/password", "must be given")
	}
	if in.Identifier == "" && in.UserID == "" {
		v.Add("/identifier", "must be given, or userID instead")
	}
	device := r.Header.Get(deviceHeader)
	if !isDevice(device) {
		v.Add(deviceHeader, fmt.Sprintf("must have 1 to %d visible ASCII characters", identity.MaxDevice))
	}
	if err := v.Err(); err != nil {
		return Verdict{}, err
	}
	return h.Verify(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), Proof{
		Identifier: in.Identifier, UserID: in.UserID, Password: in.Password, Client: api.ClientID(r), Device: device,
	})
}

// isDevice says whether a back end may name a device so; "" names none.
func isDevice(name string) bool {
	return len(name) <= identity.MaxDevice &&
		!strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' })
}

// verify answers 401 alike for every password that does not authenticate.
func (h handlers) verify(w http.ResponseWriter, r *http.Request) {
	verdict, err := h.Service.checked(h.read(r))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusOK, map[string]string{"id": verdict.User, "state": string(verdict.State)})
}

// verifyV2 tells the outcome.
func (h handlers) verifyV2(w http.ResponseWriter, r *http.Request) {
	verdict, err := h.read(r)
	if err != nil {
		api.Error(w, r, err)
		return
	}
	_, wrong := h.checked(verdict, nil)
	api.Note(r, wrong)
	state := verdict.State
	if state == "" {
		state = identity.StateValid // the published field takes no empty value
	}
	api.Reply(w, http.StatusOK, map[string]string{"id": verdict.User, "state": string(state), "result": string(verdict.Outcome)})
}

// checked turns every verdict but a right password into one error.
func (s *Service) checked(v Verdict, err error) (Verdict, error) {
	if err == nil && v.Outcome != Correct {
		err = identity.WrongPassword{}
	}
	return v, err
}
