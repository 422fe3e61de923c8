package credentials

import (
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// Handler serves the function's operations.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	h := handlers{s}
	return api.New("credentials", api.Handlers{"verifyPassword": h.verify, "verifyPasswordV2": h.verifyV2}, o)
}

type handlers struct{ *Service }

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
	if err := v.Err(); err != nil {
		return Verdict{}, err
	}
	return h.Verify(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), Proof{in.Identifier, in.UserID, in.Password})
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
