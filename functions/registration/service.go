// Package registration is the function with which people become users of a pool. It serves two
// kinds of callers.
//
// Back ends and sign-up pages of others use its JSON API: they register somebody, present the code
// that was mailed, and ask for another mail. People without such a page use the function's own
// pages: the form for signing up, the page for the code, and the page that the link of a mail
// opens.
//
// A registration is stored until its code is redeemed. Callers of the public routes do not learn
// whether an address is registered already: answers, calls to the table and the time that they take
// are alike.
package registration

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/activate"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
	"identitypools/shared/password"
	"identitypools/shared/retry"
	"identitypools/shared/schema"
	"identitypools/shared/submit"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Service has the use cases of self-registration.
type Service struct {
	Pools         table.Pools
	Schemas       table.Schemas
	Users         table.Users
	Registrations table.Registrations
	Outbox        table.Outbox
	Budgets       table.Budgets
	Documents     *schema.Checker
	Passwords     *password.Hasher
	Tickets       *otp.Sealer
	Activator     *activate.Activator
	Named         *usecode.User // finds the users of addresses
	Gate          *submit.Gate
	MayReturnTo   func(url string) bool // reports whether a message may have the post-activation URL
	Retry         retry.Policy
	Now           func() time.Time
	NewID         func() string
}

// Registered is the result of a registration, which waits for its code.
type Registered struct {
	User      string // the user that the registration is stored with; not for the public
	Ticket    string
	ExpiresAt identity.Time
}

// draft is a registration that has been checked and is not stored yet.
type draft struct {
	user         identity.User // the owner of the registration if its identifier is free
	registration identity.Registration
	options      identity.MessageOptions
	maker        identity.Maker
}

// draft checks a registration in p and reports everything that is wrong with it in one error.
// Errors: Invalid.
func (s *Service) draft(
	ctx context.Context, p identity.Pool, in identity.SelfRegistration, mail bool, o identity.MessageOptions,
) (draft, error) {
	d, v := draft{maker: identity.Maker{Now: s.Now(), NewID: s.NewID}}, identity.Violations{}
	for _, check := range []func() error{
		func() (err error) {
			d.options, err = o.Checked(s.MayReturnTo)
			return err
		},
		func() (err error) {
			d.user, d.registration, err = p.Register(in, mail, d.maker)
			return err
		},
		func() error {
			payload := in.Payload
			switch {
			case len(payload) == 0 || payload.Kind() == 'n':
				payload = jsontext.Value("{}") // which the schema may refuse
			case payload.Kind() != '{':
				return nil
			}
			return s.Documents.CheckPayload(ctx, p.Tenant, p.PayloadSchema, payload)
		},
		func() error {
			if in.Password == "" {
				return nil
			}
			return s.Passwords.Check(p, d.user, "/password", in.Password)
		},
	} {
		if err := v.AddUnder("", check()); err != nil {
			return d, err
		}
	}
	d.user.Language, d.registration.Language = d.options.Language, d.options.Language
	return d, v.Err()
}

// Register stores a registration and, if mail is true, asks for the message with its code. The
// answer, the work and the calls to the table are the same whoever owns the identifier.
//
// The proof share returns which part of the pool's mails the message may use. p must be open. If
// the pool has changed since this process read it, or has been deleted and created again, Register
// checks the registration against the current pool. Errors: those of draft and those of Open.
func (s *Service) Register(
	ctx context.Context, p identity.Pool, in identity.SelfRegistration, mail bool, share submit.Proof,
	o identity.MessageOptions, reply once.Reply[Registered],
) (Registered, error) {
	var done Registered
	isStale := false
	err := s.Retry.Do(ctx, func() (err error) {
		if isStale {
			if p, err = s.Open(ctx, p.Tenant, p.ID); err != nil {
				return err
			}
		}
		isStale = true
		done, err = s.register(ctx, p, in, mail, share, o, reply)
		return err
	})
	return done, err
}

// RegisterFrom is like Register, for a request from a source whose budget of submissions it spends
// first. The solution is that of a challenge, or "". Errors: NotFound if the pool has been closed
// or deleted meanwhile; Limited; Invalid.
func (s *Service) RegisterFrom(
	ctx context.Context, p identity.Pool, source string, in identity.SelfRegistration, solution string,
	o identity.MessageOptions, reply once.Reply[Registered],
) (Registered, error) {
	if err := s.Gate.Spend(ctx, p, source, mailboxOfRegistration(p, in)); err != nil {
		return Registered{}, err
	}
	done, err := s.Register(ctx, p, in, true, s.Gate.SolvedBy(p, solution, reply.Request()), o, reply)
	if errors.As(err, new(identity.Refused)) {
		err = identity.NotFound{Thing: "pool", ID: p.ID}
	}
	return done, err
}

// register is one try of Register. Errors: PreconditionFailed if the pool has changed.
func (s *Service) register(
	ctx context.Context, p identity.Pool, in identity.SelfRegistration, mail bool, share submit.Proof,
	o identity.MessageOptions, reply once.Reply[Registered],
) (Registered, error) {
	d, err := s.draft(ctx, p, in, mail, o)
	if err != nil {
		return Registered{}, err
	}
	u, r := d.user, d.registration
	if in.Password != "" {
		if r.PasswordHash, err = s.Passwords.Hash(ctx, in.Password); err != nil {
			return Registered{}, err
		}
	}
	var message *identity.Message
	if mail {
		to := identity.Address{Value: r.Address, Normalized: r.Normalized}
		m := identity.NewMessage(identity.MessageActivation, u, to, d.options, d.maker)
		m.Registration, m.AskedBy = r.ID, identity.RegistrationRequest
		if in.OTPAddress != "" {
			m.AskedBy = identity.NameRequest
		}
		if m.Share, err = share(ctx); err != nil {
			return Registered{}, err
		}
		message = &m
	}
	stored := once.Map(reply, func(owner identity.UserRef) (Registered, error) {
		return s.ticketed(owner, r)
	})
	owner, err := s.Registrations.Create(ctx, p, u, r, message, stored)
	if err != nil {
		return Registered{}, err
	}
	return s.ticketed(owner, r)
}

// ticketed returns the result of a registration that is stored with a user. It includes a ticket.
func (s *Service) ticketed(owner identity.UserRef, r identity.Registration) (Registered, error) {
	expires := r.CreatedAt.Add(identity.TicketLifetime)
	t := otp.Ticket{
		Tenant: owner.Tenant, Pool: owner.Pool, User: owner.ID, Registration: r.ID,
		ExpiresAt: expires.Time,
	}
	if box, ok := r.MailboxRef(owner.Tenant); ok {
		t.Mailbox = box.Digest
	}
	ticket, err := s.Tickets.Seal(t)
	return Registered{User: owner.ID, Ticket: ticket, ExpiresAt: expires}, err
}

// Open returns a pool that allows registration. Errors: NotFound; Refused if the pool does not
// allow it.
func (s *Service) Open(ctx context.Context, tenant, pool string) (identity.Pool, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err == nil && !p.PublicRegistration {
		err = identity.ErrRegistrationDisabled
	}
	return p, err
}

// OpenToPublic is like Open, for people, who must not learn whether there is a pool that they
// cannot register in. Errors: NotFound.
func (s *Service) OpenToPublic(ctx context.Context, tenant, pool string) (identity.Pool, error) {
	p, err := s.Open(ctx, tenant, pool)
	if errors.As(err, new(identity.Refused)) {
		err = identity.NotFound{Thing: "pool", ID: pool}
	}
	return p, err
}

// mailboxOfRegistration returns the digest of the mailbox that the message of a registration goes
// to.
func mailboxOfRegistration(p identity.Pool, in identity.SelfRegistration) string {
	if in.OTPAddress != "" {
		return submit.MailboxOf(p, in.OTPAddress)
	}
	return submit.MailboxOf(p, in.Identifier)
}

// Resend asks for another message of a registration: of the ticket's registration, or of the one
// that waits with the owner of an address. The solution is that of a challenge, or "". Resend does
// not report whether the ticket or the address is known, because what may be sent is decided when
// the mail is sent. Errors: NotFound for a pool that does not exist or does not allow registration;
// Limited for the source; Invalid if neither is given.
func (s *Service) Resend(
	ctx context.Context, tenant, pool, source, ticket, address, solution string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	p, err := s.OpenToPublic(ctx, tenant, pool)
	if err != nil {
		return err
	}
	if o, err = o.Checked(s.MayReturnTo); err != nil {
		return err
	}
	maker := identity.Maker{Now: s.Now(), NewID: s.NewID}
	// By default the message is for a user who does not exist, and is dropped instead of sent.
	u := identity.User{Tenant: tenant, Pool: pool, ID: s.NewID()}
	m := identity.NewMessage(identity.MessageActivation, u, identity.Address{}, o, maker)
	m.Again, m.IsResent = true, true
	switch {
	case ticket != "":
		t, unknown := s.ticket(tenant, pool, ticket)
		if err := s.Gate.Spend(ctx, p, source, t.Mailbox); err != nil {
			return err
		}
		if unknown == nil {
			m.User, m.Registration = t.User, t.Registration
			m.Asked, m.AskedBy = t.Mailbox, identity.TicketRequest
		}
	case address != "":
		forms, err := p.LookupForms(address)
		if err != nil {
			return identity.InvalidField("/address", identity.RuleOf(err))
		}
		if err := identity.CheckMailable("/address", address); err != nil {
			return err
		}
		m.Asked = submit.MailboxOf(p, address)
		if err := s.Gate.Spend(ctx, p, source, m.Asked); err != nil {
			return err
		}
		owner, err := s.Users.Claimant(ctx, tenant, pool, forms)
		switch {
		case err == nil:
			m.User = owner.ID
		case !errors.As(err, new(identity.NotFound)):
			return err
		}
	default:
		return identity.InvalidField("/ticket", identity.RequiredOr("address"))
	}
	if m.Share, err = s.Gate.SolvedBy(p, solution, reply.Request())(ctx); err != nil {
		return err
	}
	return s.Outbox.Ask(ctx, m, reply)
}

// Form returns what a page needs to draw the form of a pool. Errors: NotFound for a pool that does
// not exist or does not allow registration.
func (s *Service) Form(
	ctx context.Context, tenant, pool string,
) (identity.Pool, identity.Schema, error) {
	p, err := s.OpenToPublic(ctx, tenant, pool)
	if err != nil {
		return p, identity.Schema{}, err
	}
	schema, err := s.Schemas.Cached(ctx, tenant, p.PayloadSchema)
	return p, schema, err
}
