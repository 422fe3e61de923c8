package factors

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"slices"

	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Request asks for a mail with a code: to set an authenticator app (identity.MessageResetTOTP) or to add
// a passkey (identity.MessageEnrollWebAuthn). It reports only what is wrong with the request, so that
// nobody learns who is registered. Errors: NotFound for the pool; Invalid.
func (s *Service) Request(
	ctx context.Context, tenant, pool string, kind identity.MessageKind, r askcode.Request,
	o identity.MessageOptions, reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return err
	}
	o.Share = identity.ShareBackEnd
	return s.Mails.Quietly(ctx, p, kind, r, o, reply)
}

// ResetTOTP gives a user an authenticator app with a secret, in place of the one that the user has, if a
// code for that is presented. The owner is told. A repeat of the same request by the same client changes
// nothing and succeeds. Errors: NotFound for the pool; Invalid for the secret; WrongProof for every user
// and code that are not right, all alike.
func (s *Service) ResetTOTP(
	ctx context.Context, tenant, pool string, named usecode.Named, client, secret string,
	reply once.Reply[once.None],
) error {
	next, err := identity.ParseTOTPSecret("/new_totp_secret", secret)
	if err != nil {
		return err
	}
	return s.redeem(ctx, tenant, pool, identity.PurposeResetTOTP, named, client, reply, effect{
		notice: identity.MessageTOTPSet,
		change: func(u *identity.User) error { return s.setTOTP(u, next) },
		isDone: func(u identity.User) bool {
			set, has := u.TOTP()
			if !has {
				return false
			}
			shared, err := s.Keys.OpenTOTP(u.Ref(), set.TOTP.Secret)
			return err == nil && subtle.ConstantTimeCompare(shared, next) == 1
		},
	})
}

// AddPasskey gives a user a further passkey, if a code for that is presented. The owner is told. A repeat
// of the same request by the same client changes nothing and succeeds. Errors: NotFound for the pool;
// Invalid for the passkey, or if the user has too many; Conflict if the user has it; WrongProof for every
// user and code that are not right, all alike.
func (s *Service) AddPasskey(
	ctx context.Context, tenant, pool string, named usecode.Named, client string, passkey identity.NewPasskey,
	reply once.Reply[once.None],
) error {
	const pointer = "/new_web_authn"
	if err := identity.CheckPasskey(pointer, passkey); err != nil {
		return err
	}
	return s.redeem(ctx, tenant, pool, identity.PurposeEnrollWebAuthn, named, client, reply, effect{
		notice: identity.MessageKeyAdded,
		change: func(u *identity.User) error { return u.AddPasskey(pointer, passkey, s.maker()) },
		isDone: func(u identity.User) bool {
			return slices.ContainsFunc(u.Passkeys(), func(c identity.Credential) bool {
				return bytes.Equal(c.Passkey.ID, passkey.ID)
			})
		},
	})
}

// effect is what a code does to its user.
type effect struct {
	notice identity.MessageKind
	change func(*identity.User) error
	isDone func(identity.User) bool // reports whether a user is as the change leaves it
}

// redeem carries out the effect of a code for a purpose, and spends the code in the same transaction.
func (s *Service) redeem(
	ctx context.Context, tenant, pool string, purpose identity.CodePurpose, named usecode.Named, client string,
	reply once.Reply[once.None], e effect,
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
	err = s.Codes.Redeemer.Redeem(ctx, p, purpose, proof, reply.Request(),
		func(ctx context.Context, right onetime.Redemption) error {
			switch {
			case right.Repeats != nil && e.isDone(right.User):
				return nil
			case right.Repeats != nil, right.User.Status != identity.StatusActive:
				return identity.InvalidCode{}
			}
			u := right.User
			if err := e.change(&u); err != nil {
				return err
			}
			effects := table.Effects{Spent: right.Spent, Messages: identity.Notices(e.notice, right.User, s.maker())}
			_, err := s.Users.Change(ctx, right.User, u, effects, once.WithoutResult[identity.User](reply))
			return err
		})
	if errors.As(err, new(identity.InvalidCode)) || errors.As(err, new(identity.ExpiredCode)) {
		return identity.WrongProof{}
	}
	return err
}
