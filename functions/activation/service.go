// Package activation is the function that turns new users into active ones: it asks for the activation message, makes codes
// for back ends that send them themselves, and redeems codes.
package activation

import (
	"context"
	"errors"
	"slices"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/table"
)

// Service has the use cases of activation.
type Service struct {
	Pools         table.Pools
	Users         table.Users
	Registrations table.Registrations
	Mailboxes     table.Mailboxes
	Outbox        table.Outbox
	Codes         *onetime.Issuer
	Redeemer      *onetime.Redeemer
	MayReturnTo   func(url string) bool // which post-activation URLs messages may carry
	Now           func() time.Time
	NewID         func() string
}

// Request names the address of an activation; both fields may be empty.
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

// errForeign is an address that belongs to another user of the pool.
type errForeign struct {
	identity.Invalid
	owner identity.UserRef
}

func (e errForeign) Unwrap() error { return e.Invalid }

// Send asks for an activation message to a new user, and kills the earlier codes. Errors: NotFound
// for pool or user, Invalid where there is no address to send to, more than one and none named, or
// where it is somebody else's; Limited. It is for administrators, whose mails no budget of the pool
// counts.
func (s *Service) Send(
	ctx context.Context, ref identity.UserRef, r Request, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	o.Share = identity.ShareNone
	u, o, p, err := s.prepare(ctx, ref, o)
	if err != nil {
		return err
	}
	if u.Status != identity.StatusNew {
		return identity.InvalidField("/status", "the user must be new to be activated")
	}
	address, registration, err := s.address(ctx, p, u, r.address(), true)
	if err != nil {
		return err
	}
	return s.send(ctx, p, u, address, registration, o, reply)
}

// SendQuietly is like Send, for back ends that speak for people who must not learn who is registered. Where
// Send refuses because of the user's state or address, it sends nothing and says nothing, but tells the
// owner of a taken address. Errors: NotFound for pool or user, Invalid for the options, Limited.
func (s *Service) SendQuietly(
	ctx context.Context, ref identity.UserRef, r Request, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	o.Share = identity.ShareBackEnd
	u, o, p, err := s.prepare(ctx, ref, o)
	if err != nil {
		return err
	}
	address, registration, err := s.address(ctx, p, u, r.address(), true)
	var foreign errForeign
	switch {
	case errors.As(err, &foreign):
		owner := identity.User{Tenant: ref.Tenant, Pool: ref.Pool, ID: foreign.owner.ID}
		m := identity.NewMessage(identity.MessageTaken, owner, address, o, s.maker())
		return s.Outbox.Ask(ctx, m, reply)
	case errors.As(err, new(identity.Invalid)):
		return nil
	case err != nil:
		return err
	case u.Status != identity.StatusNew:
		m := identity.NewMessage(identity.MessageTaken, u, address, o, s.maker())
		return s.Outbox.Ask(ctx, m, reply)
	}
	return s.send(ctx, p, u, address, registration, o, reply)
}

// send asks for an activation message to an address of u. registration names the one that the
// address waits with, if it is not u's own.
func (s *Service) send(
	ctx context.Context, p identity.Pool, u identity.User, address identity.Address,
	registration string, o identity.MessageOptions, reply once.Reply[once.None],
) error {
	m := identity.NewMessage(identity.MessageActivation, u, address, o, s.maker())
	m.Registration, m.IsResent = registration, true
	return s.Outbox.Send(ctx, m, p.Limits, reply)
}

func (s *Service) prepare(
	ctx context.Context, ref identity.UserRef, o identity.MessageOptions,
) (u identity.User, _ identity.MessageOptions, p identity.Pool, err error) {
	if o, err = o.Checked(s.MayReturnTo); err != nil {
		return u, o, p, err
	}
	if p, err = s.Pools.Cached(ctx, ref.Tenant, ref.Pool); err != nil {
		return u, o, p, err
	}
	u, err = s.Users.Get(ctx, ref)
	return u, o, p, err
}

// address is the one that activates u: the asked one, or the only one. registration names the one
// that the address waits with, if it is not u's own. mailable leaves out what no mail can be sent
// to.
func (s *Service) address(
	ctx context.Context, p identity.Pool, u identity.User, asked string, mailable bool,
) (address identity.Address, registration string, err error) {
	candidates := u.CandidateAddresses()
	if mailable {
		candidates = slices.DeleteFunc(candidates, func(a identity.Address) bool { return a.Type != identity.TypeEmail })
	}
	if asked != "" {
		candidates = chosen(p, candidates, asked)
	}
	if len(candidates) == 0 {
		return s.waitingAddress(ctx, p, u, asked, mailable)
	}
	if len(candidates) > 1 {
		return address, "", identity.InvalidField("/address", "must be given: the user has more than one address")
	}
	return candidates[0], "", s.mustBeFree(ctx, u, candidates[0])
}

// chosen are the candidates, one at most, that the asked address names.
func chosen(p identity.Pool, candidates []identity.Address, asked string) []identity.Address {
	normalized, err := p.NormalizeUntyped(asked)
	return slices.DeleteFunc(slices.Clone(candidates), func(a identity.Address) bool { return err != nil || a.Normalized != normalized })
}

// waitingAddress is an address that one of u's registrations waits for, and that becomes u's only
// when it is proved: the asked one, or the only one.
func (s *Service) waitingAddress(
	ctx context.Context, p identity.Pool, u identity.User, asked string, mailable bool,
) (address identity.Address, registration string, err error) {
	if asked != "" {
		return s.waitingFor(ctx, p, u, asked, mailable)
	}
	if !u.IsUnproved() { // no registration gives another user an address
		return address, "", identity.InvalidField("/address", "the user has no address to send to")
	}
	waiting, err := s.Registrations.List(ctx, u.Ref())
	if err != nil {
		return address, "", err
	}
	only, err := u.OnlyWaiting(waiting, mailable, s.Now())
	if err != nil {
		return address, "", err
	}
	return only.CandidateAddress(), only.ID, s.mustBeFree(ctx, u, only.CandidateAddress())
}

// waitingFor is the asked address, if one of u's registrations waits for it.
func (s *Service) waitingFor(
	ctx context.Context, p identity.Pool, u identity.User, asked string, mailable bool,
) (address identity.Address, registration string, err error) {
	kind := identity.InferType(asked)
	normalized, err := p.Normalize(kind, asked)
	if err != nil || !u.IsUnproved() || kind != identity.TypeEmail && (mailable || kind != identity.TypeMobile) {
		address, err = s.foreign(ctx, p, asked)
		return address, "", err
	}
	use, err := s.Mailboxes.Get(ctx, identity.NewMailboxRef(p.Tenant, kind, normalized))
	if err != nil {
		return address, "", err
	}
	for _, w := range use.WaitingIn(p.ID, s.Now()) {
		if w.IsOf(u.ID) && (identity.Registration{CreatedAt: w.CreatedAt}).CanComplete(u, s.Now()) {
			address = identity.Address{Value: normalized, Normalized: normalized, Type: kind}
			return address, w.Registration, s.mustBeFree(ctx, u, address)
		}
	}
	address, err = s.foreign(ctx, p, asked)
	return address, "", err
}

// foreign tells whether an address that is not u's is somebody else's.
func (s *Service) foreign(ctx context.Context, p identity.Pool, asked string) (identity.Address, error) {
	notTheirs := identity.InvalidField("/address", "must be an e-mail address of the user")
	normalized, err := p.NormalizeUntyped(asked)
	if err != nil {
		return identity.Address{}, notTheirs
	}
	owner, err := s.Users.Claimant(ctx, p.Tenant, p.ID, normalized)
	switch {
	case errors.As(err, new(identity.NotFound)):
		return identity.Address{}, notTheirs
	case err != nil:
		return identity.Address{}, err
	}
	return identity.Address{Value: asked, Normalized: normalized}, errForeign{notTheirs, owner}
}

// mustBeFree refuses an address that is not u's alone yet, where another user has it who is not unproved.
func (s *Service) mustBeFree(ctx context.Context, u identity.User, a identity.Address) error {
	if slices.Contains(u.Claims(), a.Normalized) {
		return nil
	}
	owner, err := s.Users.Claimant(ctx, u.Tenant, u.Pool, a.Normalized)
	switch {
	case errors.As(err, new(identity.NotFound)):
		return nil
	case err != nil:
		return err
	case owner.ID == u.ID:
		return nil
	}
	other, err := s.Users.Get(ctx, owner)
	switch {
	// who gives way to whoever proves the address
	case errors.As(err, new(identity.NotFound)), err == nil && other.IsUnproved():
		return nil
	case err != nil:
		return err
	}
	return errForeign{identity.InvalidField("/address", "belongs to another user of this pool"), owner}
}

func (s *Service) maker() identity.Maker { return identity.Maker{Now: s.Now(), NewID: s.NewID} }

// Activate redeems a code. Errors: NotFound for the pool; those of onetime.Redeemer.
func (s *Service) Activate(
	ctx context.Context, ref identity.UserRef, proof onetime.Proof, reply once.Reply[identity.User],
) (identity.User, error) {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return identity.User{}, err
	}
	return s.Redeemer.Activate(ctx, p, proof, reply)
}
