package codes

import (
	"context"

	"identitypools/shared/api"
	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/usecode"
	"identitypools/shared/wire"
)

// Challenge asks for the mail with a code that answers a challenge. It is for administrators, who are told
// why none is sent. Errors: NotFound for the pool or the user; Invalid; Limited.
func (s *Service) Challenge(
	ctx context.Context, ref identity.UserRef, address string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return err
	}
	o.CodeType = identity.CodeTypeShort
	return s.Mails.Openly(ctx, p, identity.MessageChallenge, ref, address, o, reply)
}

// ChallengeQuietly is like Challenge, for back ends that act for people who must not learn who is
// registered: it reports only what is wrong with the request. Errors: NotFound for the pool; Invalid.
func (s *Service) ChallengeQuietly(
	ctx context.Context, tenant, pool string, r askcode.Request, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return err
	}
	o.CodeType, o.Share = identity.CodeTypeShort, identity.ShareBackEnd
	if r.Address == "" { // the address had this name once
		r.Address, r.Identifier = r.Identifier, ""
	}
	return s.Mails.Quietly(ctx, p, identity.MessageChallenge, r, o, reply)
}

// Answer redeems a code for a purpose, which is a challenge or an authentication, and returns the id of
// its user. Errors: NotFound for the pool; InvalidCode for every user and code that are not right, all
// alike; ExpiredCode; Invalid.
func (s *Service) Answer(
	ctx context.Context, tenant, pool string, purpose identity.CodePurpose, named usecode.Named,
	reply once.Reply[string],
) (string, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return "", err
	}
	proof, err := s.Uses.Proof(ctx, p, named)
	if err != nil {
		return "", err
	}
	proof.IsOpen = true
	return s.Uses.Answer(ctx, p, purpose, proof, reply)
}

// addressRequest is the published types RequestOTPChallenge and RequestOTPForAddress.
type addressRequest struct {
	Address string `json:"address"`
}

func (h handlers) challenge(
	ctx context.Context, c api.Call[languageQuery, addressRequest], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Challenge(ctx, c.User(), c.Body.Address, c.Query.options(), reply)
}

func (h handlers) challengeQuietly(
	ctx context.Context, c api.Call[languageQuery, askcode.Request], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.ChallengeQuietly(ctx, c.Tenant(), c.Pool(), c.Body, c.Query.options(), reply)
}

// languageQuery is the query of a request for a mail whose form is given.
type languageQuery struct {
	wire.ServerQuery
	Language string `query:"lang"`
}

func (q languageQuery) options() identity.MessageOptions {
	return identity.MessageOptions{Language: q.Language}
}

// codeOnly is the published type InspectOTP.
type codeOnly struct {
	Code string `json:"code"`
}

// proof is the published type VerifyOTP, and also DaseVerifyOTP, which has no id.
type proof struct {
	Code       string      `json:"code"`
	Identifier string      `json:"identifier"`
	UserID     identity.ID `json:"userID"`
	ID         identity.ID `json:"id"` // the old name of userID; it wins
}

func (p proof) named() usecode.Named {
	if p.ID != "" {
		p.UserID = p.ID
	}
	return usecode.Named{Code: p.Code, Identifier: p.Identifier, User: string(p.UserID)}
}

// userID is the published type UserID.
type userID struct {
	ID string `json:"id"`
}

func userIDOf(id string) userID { return userID{id} }

func (h handlers) verifyOfUser(
	ctx context.Context, c api.BodyCall[codeOnly], reply once.Reply[string],
) (string, error) {
	named := usecode.Named{Code: c.Body.Code, User: c.User().ID}
	return h.service.Answer(ctx, c.Tenant(), c.Pool(), identity.PurposeChallenge, named, reply)
}

func (h handlers) verify(ctx context.Context, c api.BodyCall[proof], reply once.Reply[string]) (string, error) {
	return h.service.Answer(ctx, c.Tenant(), c.Pool(), identity.PurposeChallenge, c.Body.named(), reply)
}

func (h handlers) authenticate(
	ctx context.Context, c api.BodyCall[proof], reply once.Reply[string],
) (string, error) {
	return h.service.Answer(ctx, c.Tenant(), c.Pool(), identity.PurposeAuthentication, c.Body.named(), reply)
}

// inspected is the published type InspectOTPUserOperationalData.
type inspected struct {
	UserID      string               `json:"user_id"`
	CodeType    identity.CodePurpose `json:"code_type"`
	PasswordSet bool                 `json:"password_set"`
}

func inspectedOf(found onetime.Redemption) inspected {
	_, has := found.User.Password()
	return inspected{found.User.ID, found.Purpose.Base(), has}
}

func (h handlers) inspect(ctx context.Context, c api.BodyCall[codeOnly]) (onetime.Redemption, error) {
	return h.service.Inspect(ctx, c.Tenant(), c.Pool(), c.Body.Code)
}

// Inspect returns the extended code of any purpose, with its user, and leaves the code as it is. Errors:
// NotFound for the pool; Invalid if no code is given; InvalidCode; ExpiredCode.
func (s *Service) Inspect(ctx context.Context, tenant, pool, code string) (onetime.Redemption, error) {
	if code == "" {
		return onetime.Redemption{}, identity.InvalidField("/code", identity.Required())
	}
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return onetime.Redemption{}, err
	}
	return s.Uses.Inspect(ctx, p, code)
}
