package recovery

import (
	"context"
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/usecode"
)

// Handler returns the handler of the function's routes. source returns an identifier of the place
// that a request comes from. origins are the origins that forms may come from.
func Handler(
	s *Service, source func(*http.Request) string, origins *http.CrossOriginProtection, o api.Options,
) (http.Handler, error) {
	return api.New(routes(handlers{s, source}, newSite(s, source, origins)), o)
}

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(handlers{}, site{}).Routes() }

// routes returns the function's routes with their actions. The values of its arguments do not
// matter for the rows.
func routes(h handlers, s site) api.Function {
	const (
		pool = "/pools/{ipID}"
		// The published path. Its shape would collide with a path of the tree for browsers that ends
		// alike, so that one has another end.
		published = "/{tid}/{wid}/identity/public" + pool + "/reset-password/confirm"
		ask       = "/{tid}/pools/{ipID}/reset"
		code      = "/{tid}/pools/{ipID}/reset/code"
		link      = "/{tid}/pools/{ipID}/verify"
	)
	return api.NewFunction("recovery",
		api.ForBrowsers("POST", pool+"/password/reset/request", "publicRequestReset",
			api.Change(204, h.ask, api.Empty).WithCheck(h.isOpen)),
		api.ForBrowsers("POST", pool+"/password/reset/confirm", "publicConfirmReset",
			api.Change(204, h.reset, api.Empty).WithCheck(h.isOpen)),
		api.ForClients("POST", published, "resetPasswordConfirm",
			api.Change(204, h.resetPublished, api.Empty).WithCheck(h.isOpen)),
		api.ForBrowsers("POST", pool+"/address-verification/confirm", "publicConfirmAddress",
			api.Change(204, h.verify, api.Empty)),
		api.ForPeople("GET", ask, "resetPage", s.page(s.reset(s.showReset))),
		api.ForPeople("POST", ask, "resetByPage", s.submission(s.reset(s.submitReset))),
		api.ForPeople("GET", code, "resetCodePage", s.page(s.reset(s.showCode))),
		api.ForPeople("POST", code, "resetByCode", s.submission(s.reset(s.submitCode))),
		api.ForPeople("GET", link, "verificationPage", s.page(s.showVerify)),
		api.ForPeople("POST", link, "verifyByPage", s.submission(s.submitVerify)),
	)
}

// handlers decode the requests of the JSON API and call the use cases.
type handlers struct {
	service *Service
	source  func(*http.Request) string // returns a pseudonym of the place that a request comes from
}

// isOpen returns an error if users of the pool may not reset their passwords. It runs before the body
// is decoded, so that the body does not matter.
func (h handlers) isOpen(ctx context.Context, c api.PlainCall) error {
	_, err := h.service.Open(ctx, c.Tenant(), c.Pool())
	return err
}

// askQuery has the options of a message that a browser may choose.
type askQuery struct {
	CodeType string `query:"code_type_in_message"` // the default is a short code
	Language string `query:"lang"`                 // language.Requested reads it
}

// asked is the body of a request for a mail with a code.
type asked struct {
	Address  string `json:"address"`
	Solution string `json:"altcha"` // of the challenge
}

func (h handlers) ask(
	ctx context.Context, c api.Call[askQuery, asked], reply once.Reply[once.None],
) (done once.None, err error) {
	p, err := h.service.Open(ctx, c.Tenant(), c.Pool())
	if err != nil {
		return done, err
	}
	o := identity.MessageOptions{
		CodeType: identity.CodeType(c.Query.CodeType), Language: language.Requested(c.Request()),
	}
	if o.CodeType == "" {
		o.CodeType = identity.CodeTypeShort
	}
	return done, h.service.Ask(ctx, p, h.source(c.Request()), c.Body.Address, c.Body.Solution, o, reply)
}

// confirmed is the body of a request that sets a new password. A short code needs the identifier of its
// user.
type confirmed struct {
	Code       string `json:"code"`
	Identifier string `json:"identifier"`
	Password   string `json:"new_password"`
}

func (h handlers) reset(
	ctx context.Context, c api.BodyCall[confirmed], reply once.Reply[once.None],
) (once.None, error) {
	return h.confirm(ctx, c, false, reply)
}

// resetPublished is like reset, for clients that were generated from the published description. They
// send a request again after a 401.
func (h handlers) resetPublished(
	ctx context.Context, c api.BodyCall[confirmed], reply once.Reply[once.None],
) (once.None, error) {
	return h.confirm(ctx, c, true, reply)
}

// confirm sets a new password. Whatever is wrong with the user or the code, the error is WrongProof.
func (h handlers) confirm(
	ctx context.Context, c api.BodyCall[confirmed], isSentTwice bool, reply once.Reply[once.None],
) (done once.None, err error) {
	p, err := h.service.Open(ctx, c.Tenant(), c.Pool())
	if err != nil {
		return done, err
	}
	in := Reset{
		Named:    usecode.Named{Code: c.Body.Code, Identifier: c.Body.Identifier},
		Password: c.Body.Password, Pointer: "/new_password", IsSentTwice: isSentTwice,
	}
	if err = h.service.Reset(ctx, p, h.source(c.Request()), in, reply); onetime.IsDead(err) {
		err = identity.WrongProof{}
	}
	return done, err
}

// proved is the body of a request that proves an address.
type proved struct {
	Code    string `json:"code"`
	Address string `json:"address"`
}

func (h handlers) verify(
	ctx context.Context, c api.BodyCall[proved], reply once.Reply[once.None],
) (done once.None, err error) {
	p, err := h.service.Pools.Cached(ctx, c.Tenant(), c.Pool())
	if err != nil {
		return done, err
	}
	return done, h.service.Verify(
		ctx, p, h.source(c.Request()), c.Body.Code, c.Body.Address, reply,
	)
}
