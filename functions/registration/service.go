// Package registration is the function with which people sign up: from a back end, from a browser, and on the page that the
// link of an activation mail opens.
package registration

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
	"identitypools/shared/password"
	"identitypools/shared/schema"
	"identitypools/shared/table"
	"identitypools/shared/work"
)

// Service has the use cases of self-registration.
type Service struct {
	Pools         table.Pools
	Schemas       table.Schemas
	Users         table.Users
	Registrations table.Registrations
	Outbox        table.Outbox
	Budgets       table.Budgets
	Works         table.Works
	Documents     *schema.Checker
	Passwords     *password.Hasher
	Tickets       *otp.Sealer
	Redeemer      *onetime.Redeemer
	Work          work.Issuer
	MayReturnTo   func(url string) bool // which post-activation URLs messages may carry
	Now           func() time.Time
	NewID         func() string
}

// Registered is a registration that waits for its code.
type Registered struct {
	User      string // the user that it waits with; never told to the public
	Ticket    string
	ExpiresAt identity.Time
}

// draft is a registration that is checked and not stored.
type draft struct {
	user         identity.User // that it would belong to if its identifier is free
	registration identity.Registration
	options      identity.MessageOptions
	maker        identity.Maker
}

// draft checks a registration in p, and tells all that is wrong with it at once. Errors: Invalid.
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
				payload = jsontext.Value("{}") // which the schema may find fault with
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

// staleTries bounds how often a registration is checked anew because the pool has changed since this process read it.
const staleTries = 3

// Register takes a registration and, if mail says so, asks for the message with its code, of which
// share says what it may use. Whoever owns the identifier, the answer, the work and the calls to
// the table are alike. p is an open pool; where it has changed, or was even deleted and made again,
// since this process read it, the registration is checked against the pool as it is now. Errors:
// those of a draft, and those of Open.
func (s *Service) Register(
	ctx context.Context, p identity.Pool, in identity.SelfRegistration, mail bool, share proof,
	o identity.MessageOptions, reply once.Reply[Registered],
) (Registered, error) {
	var err error
	for range staleTries {
		var done Registered
		done, err = s.register(ctx, p, in, mail, share, o, reply)
		if !errors.As(err, new(identity.PreconditionFailed)) {
			return done, err
		}
		if p, err = s.Open(ctx, p.Tenant, p.ID); err != nil {
			return Registered{}, err
		}
	}
	return Registered{}, identity.Unavailable{RetryAfter: time.Second, Cause: errors.New("the pool changes again and again")}
}

// RegisterFrom is like Register, for somebody at a source, which has a budget of submissions that is spent
// first. The solution is that of a challenge, or "". Errors: NotFound for a pool that has been closed or
// deleted meanwhile, Limited, Invalid.
func (s *Service) RegisterFrom(
	ctx context.Context, p identity.Pool, source string, in identity.SelfRegistration, solution string,
	o identity.MessageOptions, reply once.Reply[Registered],
) (Registered, error) {
	if err := s.Submit(ctx, p, source, mailboxOfRegistration(p, in)); err != nil {
		return Registered{}, err
	}
	done, err := s.Register(ctx, p, in, true, s.solvedBy(p, solution, reply.Request()), o, reply)
	if errors.As(err, new(identity.Refused)) {
		err = identity.NotFound{Thing: "pool", ID: p.ID}
	}
	return done, err
}

func (s *Service) register(
	ctx context.Context, p identity.Pool, in identity.SelfRegistration, mail bool, share proof,
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
	stored := once.Map(reply, func(owner identity.UserRef) (Registered, error) { return s.ticketed(owner, r) })
	owner, err := s.Registrations.Create(ctx, p, u, r, message, stored)
	if err != nil {
		return Registered{}, err
	}
	return s.ticketed(owner, r)
}

func (s *Service) ticketed(owner identity.UserRef, r identity.Registration) (Registered, error) {
	expires := r.CreatedAt.Add(identity.TicketLifetime)
	t := otp.Ticket{Tenant: owner.Tenant, Pool: owner.Pool, User: owner.ID, Registration: r.ID, ExpiresAt: expires.Time}
	if box, ok := r.MailboxRef(owner.Tenant); ok {
		t.Mailbox = box.Digest
	}
	ticket, err := s.Tickets.Seal(t)
	return Registered{User: owner.ID, Ticket: ticket, ExpiresAt: expires}, err
}

// Open is a pool that allows registration. Errors: NotFound, Refused while it does not.
func (s *Service) Open(ctx context.Context, tenant, pool string) (identity.Pool, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err == nil && !p.PublicRegistration {
		err = identity.ErrRegistrationDisabled
	}
	return p, err
}

// OpenToPublic is Open for people, who aren't told whether a pool that they can't register in exists. Errors: NotFound.
func (s *Service) OpenToPublic(ctx context.Context, tenant, pool string) (identity.Pool, error) {
	p, err := s.Open(ctx, tenant, pool)
	if errors.As(err, new(identity.Refused)) {
		err = identity.NotFound{Thing: "pool", ID: pool}
	}
	return p, err
}

// Submit spends of the budget of a source for one registration or resend, which is about a mailbox: that of an address in p, or that of a
// ticket. Errors: Limited.
func (s *Service) Submit(ctx context.Context, p identity.Pool, source, mailbox string) error {
	return s.Budgets.Spend(ctx, p.Tenant, p.ID, p.Limits.SubmissionBudget(source, mailbox), s.Now())
}

// mailboxOf is the digest of the mailbox that mails to an address in p would go to. A user name or phone number counts as a mailbox of its
// own, since mails about it go to some other address; "" is for what is neither.
func mailboxOf(p identity.Pool, address string) string {
	kind := identity.InferType(address)
	normalized, err := p.Normalize(kind, address)
	if err != nil {
		return ""
	}
	return identity.MailboxDigest(kind, normalized)
}

// mailboxOfRegistration is the digest of the mailbox to which the message of a registration goes.
func mailboxOfRegistration(p identity.Pool, in identity.SelfRegistration) string {
	if in.OTPAddress != "" {
		return mailboxOf(p, in.OTPAddress)
	}
	return mailboxOf(p, in.Identifier)
}

// Activate redeems a code for whoever holds the ticket of its registration, or without a ticket the extended code of a link.
// The source of the request has a budget of such tries, which is spent first.
// Errors: NotFound for the pool; Limited; InvalidCode also for a ticket that is not good; those of onetime.Redeemer.
func (s *Service) Activate(
	ctx context.Context, tenant, pool, source, ticket, code, password string,
	reply once.Reply[identity.User],
) (identity.User, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return identity.User{}, err
	}
	if err := s.Budgets.Spend(ctx, tenant, pool, p.Limits.GuessBudget(source), s.Now()); err != nil {
		return identity.User{}, err
	}
	proof, err := s.proofOf(p, ticket, codeIn(code))
	if err != nil {
		return identity.User{}, err
	}
	proof.Password = password
	return s.Redeemer.Activate(ctx, p, proof, reply)
}

// Look tells whoever holds the code of a link what it is good for, with a ticket or with "".
// Errors: those of onetime.Redeemer.
func (s *Service) Look(ctx context.Context, p identity.Pool, ticket, code string) (onetime.Promise, error) {
	proof, err := s.proofOf(p, ticket, code)
	if err != nil {
		return onetime.Promise{}, err
	}
	return s.Redeemer.Look(ctx, p, proof)
}

// proofOf returns a code as somebody presents it with the text of a ticket, or with "". Errors: InvalidCode
// for a ticket that is not good.
func (s *Service) proofOf(p identity.Pool, ticket, code string) (onetime.Proof, error) {
	proof := onetime.Proof{Code: code}
	if ticket != "" {
		t, err := s.ticket(p.Tenant, p.ID, ticket)
		if err != nil {
			return onetime.Proof{}, err
		}
		proof.Ticket = &t
	}
	return proof, nil
}

// codeIn is the code in what somebody has copied from a mail: the code itself, or the link that it is in.
func codeIn(text string) string {
	if link, err := url.Parse(strings.TrimSpace(text)); err == nil && link.Host != "" {
		return link.Query().Get("code")
	}
	return text
}

func (s *Service) ticket(tenant, pool, text string) (otp.Ticket, error) {
	t, err := s.Tickets.Open(tenant, pool, text)
	if err == nil && !s.Now().Before(t.ExpiresAt) {
		err = identity.InvalidCode{}
	}
	return t, err
}

// Resend asks for the message of a registration anew: of the ticket's, or of whatever waits with the owner of
// an address. The solution is that of a challenge, or "". Resend says nothing about either: what may be sent
// is decided when it is sent. Errors: NotFound for a pool that does not exist or allow registration, Limited
// for the source, Invalid where nothing is named.
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
	u := identity.User{Tenant: tenant, Pool: pool, ID: s.NewID()} // nobody: the message is dropped when it would be sent
	m := identity.NewMessage(identity.MessageActivation, u, identity.Address{}, o, maker)
	m.Again, m.IsResent = true, true
	switch {
	case ticket != "":
		t, unknown := s.ticket(tenant, pool, ticket)
		if err := s.Submit(ctx, p, source, t.Mailbox); err != nil {
			return err
		}
		if unknown == nil {
			m.User, m.Registration, m.Asked, m.AskedBy = t.User, t.Registration, t.Mailbox, identity.TicketRequest
		}
	case address != "":
		normalized, err := p.NormalizeUntyped(address)
		if err != nil {
			return identity.InvalidField("/address", err.Error())
		}
		if err := s.Submit(ctx, p, source, mailboxOf(p, address)); err != nil {
			return err
		}
		m.Asked = mailboxOf(p, address)
		owner, err := s.Users.Claimant(ctx, tenant, pool, normalized)
		switch {
		case err == nil:
			m.User = owner.ID
		case !errors.As(err, new(identity.NotFound)):
			return err
		}
	default:
		return identity.InvalidField("/ticket", "must be given, or address instead")
	}
	if m.Share, err = s.solvedBy(p, solution, reply.Request())(ctx); err != nil {
		return err
	}
	return s.Outbox.Ask(ctx, m, reply)
}

// Form is what a page needs to draw the form of a pool. Errors: NotFound for a pool that does not exist or allow registration.
func (s *Service) Form(ctx context.Context, tenant, pool string) (identity.Pool, identity.Schema, error) {
	p, err := s.OpenToPublic(ctx, tenant, pool)
	if err != nil {
		return p, identity.Schema{}, err
	}
	schema, err := s.Schemas.Cached(ctx, tenant, p.PayloadSchema)
	return p, schema, err
}
