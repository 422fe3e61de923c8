package passwords

import (
	"context"
	"errors"

	"identitypools/shared/api"
	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/usecode"
	"identitypools/shared/wire"
)

// RequestReset asks for the mail with which the user sets a new password. It is for administrators, who
// are told why none is sent. Errors: NotFound for the pool or the user; Invalid; Limited.
func (s *Service) RequestReset(
	ctx context.Context, ref identity.UserRef, address string, reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return err
	}
	return s.Mails.Openly(ctx, p, identity.MessageResetPassword, ref, address, identity.MessageOptions{}, reply)
}

// RequestResetQuietly is like RequestReset, for back ends that act for people who must not learn who is
// registered: it reports only what is wrong with the request. Errors: NotFound for the pool; Invalid.
func (s *Service) RequestResetQuietly(
	ctx context.Context, tenant, pool string, r askcode.Request, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return err
	}
	o.Share = identity.ShareBackEnd
	return s.Mails.Quietly(ctx, p, identity.MessageResetPassword, r, o, reply)
}

// Reset sets a new password with a code from such a mail. Errors: NotFound for the pool; WrongProof for
// every user and code that are not right, all alike; Invalid for a password that the pool does not
// accept, after which the code can still be used.
func (s *Service) Reset(
	ctx context.Context, tenant, pool string, named usecode.Named, client, given string,
	reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return err
	}
	proof, err := s.Codes.Proof(ctx, p, named)
	if err != nil {
		return err
	}
	proof.IsOpen, proof.IsSentTwice, proof.Request = true, true, "client#"+client
	err = s.Codes.ResetPassword(ctx, p, proof, "/new_password", given, reply)
	if errors.As(err, new(identity.InvalidCode)) || errors.As(err, new(identity.ExpiredCode)) {
		return identity.WrongProof{}
	}
	return err
}

// resetRequest is the published type RequestResetPassword.
type resetRequest struct {
	Address string `json:"address"`
}

func (h handlers) requestReset(
	ctx context.Context, c api.BodyCall[resetRequest], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.RequestReset(ctx, c.User(), c.Body.Address, reply)
}

func (h handlers) requestResetQuietly(
	ctx context.Context, c api.Call[wire.CodeQuery, askcode.Request], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.RequestResetQuietly(
		ctx, c.Tenant(), c.Pool(), c.Body, c.Query.Options(), reply,
	)
}

// reset is the published type CompleteResetPassword. ConfirmResetPassword is the same without address.
type reset struct {
	confirmation
	Address string `json:"address"`
}

type confirmation struct {
	Code       string      `json:"code"`
	Identifier string      `json:"identifier"`
	UserID     identity.ID `json:"userID"`
	Password   string      `json:"new_password"`
}

func (h handlers) completeReset(
	ctx context.Context, c api.BodyCall[reset], reply once.Reply[once.None],
) (once.None, error) {
	in := c.Body
	return h.reset(ctx, c.Tenant(), c.Pool(), in.confirmation, in.Address, c.ClientID(), reply)
}

func (h handlers) confirmReset(
	ctx context.Context, c api.BodyCall[confirmation], reply once.Reply[once.None],
) (once.None, error) {
	return h.reset(ctx, c.Tenant(), c.Pool(), c.Body, "", c.ClientID(), reply)
}

func (h handlers) reset(
	ctx context.Context, tenant, pool string, in confirmation, address, client string,
	reply once.Reply[once.None],
) (once.None, error) {
	if in.Password == "" {
		return once.None{}, identity.InvalidField("/new_password", identity.Required())
	}
	named := usecode.Named{
		Code: in.Code, Address: address, Identifier: in.Identifier, User: string(in.UserID),
	}
	return once.None{}, h.service.Reset(ctx, tenant, pool, named, client, in.Password, reply)
}
