// Package activation is the function that turns new users into active ones. It sends activation
// messages, makes activation codes for back ends that send them themselves, and redeems codes for
// back ends.
package activation

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/activate"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/table"
)

// Service has the use cases of activation.
type Service struct {
	Pools        table.Pools
	Users        table.Users
	Outbox       table.Outbox
	Suppressions table.Suppressions // tell administrators why no mail is sent
	Codes        *onetime.Generator
	Activator    *activate.Activator
	MayReturnTo  func(url string) bool // reports whether a message may contain a post-activation URL
	Now          func() time.Time
	NewID        func() string
}

// Request names the address of an activation. Both fields may be empty.
type Request struct {
	Address    string `json:"address"`
	Identifier string `json:"identifier"` // the old name of address; it wins
}

func (r Request) address() string {
	if r.Identifier != "" {
		return r.Identifier
	}
	return r.Address
}

// Send asks for an activation message to a new user, and kills the earlier codes. It is for
// administrators, whose mails no budget of the pool counts. If the options have no mode, a user whom an
// administrator or a back end made is invited: nobody has registered who could be told so. Errors:
// NotFound for the pool or the user; Invalid if there is no address to send to, if there are several and
// none is named, if the address is another user's, or if it is suppressed; Limited.
func (s *Service) Send(
	ctx context.Context, ref identity.UserRef, r Request, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	o.Share = identity.ShareNone
	isOpen := o.Mode == ""
	u, o, p, err := s.prepare(ctx, ref, r, o)
	if err != nil {
		return err
	}
	if isOpen && !u.SelfRegistered {
		o.Mode = identity.ModeInvitation
	}
	if u.Status != identity.StatusNew {
		return identity.InvalidField("/status", identity.WrongStatus("the user must be new to be activated"))
	}
	to, err := s.Codes.Addresses.ForActivation(ctx, p, u, r.address(), true)
	if err != nil {
		return err
	}
	if err := s.Suppressions.Check(ctx, "/address", to.Address.Normalized); err != nil {
		return err
	}
	return s.send(ctx, p, u, to, o, reply)
}

// SendQuietly is like Send, for back ends that act for people who must not learn who is registered.
// Where Send refuses because of the user's state or address, SendQuietly sends nothing and returns no
// error, but tells the owner of an address that is taken. Errors: NotFound for the pool or the user;
// Invalid for the options, and for an address to which no mail can be sent, whoever has it; Limited.
func (s *Service) SendQuietly(
	ctx context.Context, ref identity.UserRef, r Request, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	o.Share = identity.ShareBackEnd
	u, o, p, err := s.prepare(ctx, ref, r, o)
	if err != nil {
		return err
	}
	to, err := s.Codes.Addresses.ForActivation(ctx, p, u, r.address(), true)
	var taken identity.TakenAddress
	switch {
	case errors.As(err, &taken):
		owner := identity.User{Tenant: ref.Tenant, Pool: ref.Pool, ID: taken.Owner.ID}
		m := identity.NewMessage(identity.MessageTaken, owner, to.Address, o, s.maker())
		return s.Outbox.Ask(ctx, m, reply)
	case errors.As(err, new(identity.Invalid)):
		return nil
	case err != nil:
		return err
	case u.Status != identity.StatusNew:
		m := identity.NewMessage(identity.MessageTaken, u, to.Address, o, s.maker())
		return s.Outbox.Ask(ctx, m, reply)
	}
	return s.send(ctx, p, u, to, o, reply)
}

// send asks for an activation message to an address of u.
func (s *Service) send(
	ctx context.Context, p identity.Pool, u identity.User, to onetime.Choice, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	m := identity.NewMessage(identity.MessageActivation, u, to.Address, o, s.maker())
	m.Registration, m.IsResent = to.Registration, true
	return s.Outbox.Send(ctx, m, p.Limits, reply)
}

// prepare checks the request and the options of a message, and reads the pool and the user.
func (s *Service) prepare(
	ctx context.Context, ref identity.UserRef, r Request, o identity.MessageOptions,
) (u identity.User, _ identity.MessageOptions, p identity.Pool, err error) {
	if o, err = o.Checked(s.MayReturnTo); err != nil {
		return u, o, p, err
	}
	if err = identity.CheckMailable("/address", r.address()); err != nil {
		return u, o, p, err
	}
	if p, err = s.Pools.Cached(ctx, ref.Tenant, ref.Pool); err != nil {
		return u, o, p, err
	}
	u, err = s.Users.Get(ctx, ref)
	return u, o, p, err
}

func (s *Service) maker() identity.Maker { return identity.Maker{Now: s.Now(), NewID: s.NewID} }

// Activate redeems a code for activation that a back end presents. It reports whether the request
// repeats an earlier one. Errors: NotFound for the pool; those of activate.Activator.
func (s *Service) Activate(
	ctx context.Context, ref identity.UserRef, r activate.Request, reply once.Reply[identity.User],
) (u identity.User, isRepeat bool, err error) {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return u, false, err
	}
	return s.Activator.Activate(ctx, p, r, reply)
}
