package codes

import (
	"context"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
)

// RequestVerification asks for the mail with a link that proves an unverified address of a user. It is for
// administrators. Errors: NotFound for the pool; those of askcode.Asker.Verification.
func (s *Service) RequestVerification(
	ctx context.Context, ref identity.UserRef, address string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return err
	}
	o.CodeType = identity.CodeTypeLink
	return s.Mails.Verification(ctx, p, ref, address, o, reply)
}

// RequestVerificationQuietly asks for the mail with a code that proves an unverified address of a user. It
// is for back ends. Errors: NotFound for the pool; those of askcode.Asker.VerificationQuietly.
func (s *Service) RequestVerificationQuietly(
	ctx context.Context, ref identity.UserRef, address string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return err
	}
	o.CodeType, o.Share = identity.CodeTypeShort, identity.ShareBackEnd
	return s.Mails.VerificationQuietly(ctx, p, ref, address, o, reply)
}

// CompleteVerification makes an unverified address of a user a verified one. Errors: NotFound for the
// pool; those of usecode.User.ProveAddress.
func (s *Service) CompleteVerification(
	ctx context.Context, ref identity.UserRef, address, code string, reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return err
	}
	return s.Uses.ProveAddress(ctx, p, onetime.Proof{User: ref.ID, Code: code, Address: address, IsOpen: true}, reply)
}

func (h handlers) requestVerification(
	ctx context.Context, c api.Call[languageQuery, addressRequest], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.RequestVerification(ctx, c.User(), c.Body.Address, c.Query.options(), reply)
}

func (h handlers) requestVerificationQuietly(
	ctx context.Context, c api.Call[languageQuery, addressRequest], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.RequestVerificationQuietly(
		ctx, c.User(), c.Body.Address, c.Query.options(), reply,
	)
}

// completion is the published type CompleteAddressVerification.
type completion struct {
	Address string `json:"address"`
	Code    string `json:"code"`
}

func (h handlers) completeVerification(
	ctx context.Context, c api.BodyCall[completion], reply once.Reply[once.None],
) (once.None, error) {
	var v identity.Violations
	if c.Body.Address == "" {
		v.Add("/address", identity.Required())
	}
	if c.Body.Code == "" {
		v.Add("/code", identity.Required())
	}
	if err := v.Err(); err != nil {
		return once.None{}, err
	}
	return once.None{}, h.service.CompleteVerification(ctx, c.User(), c.Body.Address, c.Body.Code, reply)
}
