// Package courier is the function behind the table's stream: it sends the messages of the outbox, counts the users of pools,
// clears what deleted pools leave, and deletes users whom nobody has proved in time. It also hears from SES which addresses can't be reached.
package courier

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/mail"
	"identitypools/shared/metric"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
	"identitypools/shared/table"
)

// Service has the use cases of the courier.
type Service struct {
	Pools         table.Pools
	Users         table.Users
	Registrations table.Registrations
	Codes         table.Codes
	Mailboxes     table.Mailboxes
	Outbox        table.Outbox
	Suppressions  table.Suppressions
	Deletions     table.Deletions
	Budgets       table.Budgets
	Issuer        *onetime.Issuer
	Texts         *mail.Texts     // the usual ones
	MailTexts     table.MailTexts // those that pools have set
	Mailer        Sender
	PublicURL     string // base of the links in mails
	Log           *slog.Logger
	Now           func() time.Time
}

// Deliver sends a message of the outbox, or drops it where there is nothing to send any more, and takes it out. What is sent is decided
// by the user's state now. A message that the pool's budget has no place for now stays until it has: see Tick. It repeats safely: a repeat sends
// a fresh code in place of the one before.
func (s *Service) Deliver(ctx context.Context, id string) error {
	m, err := s.Outbox.Get(ctx, id)
	if errors.As(err, new(identity.NotFound)) || err == nil && m.IsWaiting(s.Now()) {
		return nil
	}
	if err == nil {
		err = s.deliver(ctx, m)
	}
	var (
		later   delayed
		limited identity.Limited
	)
	switch {
	case err == nil:
	case errors.As(err, &later):
		return s.delay(ctx, later)
	case errors.As(err, &limited) && (m.Budget != "" || m.Paid) && limited.RetryAfter <= tickRetry:
		// Its mailbox has just got another mail.
		return s.postpone(ctx, m, s.Now().Add(limited.RetryAfter))
	case errors.Is(err, ErrRejected):
		s.Log.Warn("message rejected", "message", id, "kind", m.Kind)
		metric.Count(ctx, s.Log, s.Now(), metric.MailsRejected)
	case isFinal(err):
		s.Log.Info("message dropped", "message", id, "kind", m.Kind, "why", why(err))
		metric.Count(ctx, s.Log, s.Now(), metric.MailsDropped)
	default:
		return err
	}
	return s.Outbox.Delete(ctx, id)
}

// isFinal says whether a message that err was the end of never will be sent.
func isFinal(err error) bool {
	return errors.Is(err, errLate) || errors.Is(err, ErrRejected) || errors.As(err, new(identity.NotFound)) ||
		errors.As(err, new(identity.Limited)) || errors.As(err, new(identity.Invalid))
}

// errLate is why a message is dropped that nobody waits for any more.
var errLate = errors.New("the message is too old")

// why names the reason of a dropped message without anything personal.
func why(err error) string {
	switch {
	case errors.Is(err, errLate):
		return "late"
	case errors.As(err, new(identity.Limited)):
		return "limited"
	case errors.As(err, new(identity.NotFound)):
		return "gone"
	}
	return "no address"
}

func (s *Service) deliver(ctx context.Context, m identity.Message) error {
	if !s.Now().Before(m.CreatedAt.Add(identity.MessageLifetime).Time) {
		return errLate
	}
	p, err := s.Pools.Cached(ctx, m.Tenant, m.Pool)
	if err != nil {
		return err
	}
	if m.Kind == identity.MessagePasswordSet {
		return s.notifyPassword(ctx, p, m)
	}
	f, err := s.fare(ctx, p, m)
	if err != nil {
		return err
	}
	return f.settle(ctx, s.deliverFor(ctx, f))
}

// deliverFor sends the mail of a message for a fare.
func (s *Service) deliverFor(ctx context.Context, f *fare) error {
	m := f.message
	u, err := s.Users.Get(ctx, m.UserRef())
	if err != nil {
		return err
	}
	to, registration, err := s.addressOf(ctx, u, m)
	m.Registration = registration
	switch {
	case err != nil:
		return err
	case m.Kind == identity.MessageTaken, u.Status != identity.StatusNew:
		return s.notifyTaken(ctx, f, u, m, to)
	case m.Registration != "" && !u.IsUnproved():
		return s.sendInvitation(ctx, f, u, m, to)
	}
	return s.sendCode(ctx, f, u, m, to)
}

// addressOf is where a message goes: where it says, or to the address of the registration that it
// is about, or to the only one that u has or that waits with u. registration names the one that it
// is about, which a message to an address that only waits must be.
func (s *Service) addressOf(
	ctx context.Context, u identity.User, m identity.Message,
) (to identity.Address, registration string, err error) {
	switch {
	case m.Registration != "" && (m.Normalized == "" || m.IsResent):
		r, err := s.Registrations.Get(ctx, u.Ref(), m.Registration)
		return r.CandidateAddress(), m.Registration, err
	case m.Normalized != "":
		return identity.Address{Value: m.Normalized, Normalized: m.Normalized, Type: identity.TypeEmail}, m.Registration, nil
	case u.Status != identity.StatusNew:
		own, err := u.OwnMailAddress("")
		return identity.Address{Value: own, Normalized: own, Type: identity.TypeEmail}, "", err
	case len(u.CandidateAddresses()) == 0 && u.IsUnproved():
		waiting, err := s.Registrations.List(ctx, u.Ref())
		if err != nil {
			return to, "", err
		}
		only, err := u.OnlyWaiting(waiting, true, s.Now())
		return only.CandidateAddress(), only.ID, err
	}
	to, err = u.OnlyMailAddress()
	return to, "", err
}

// sendCode makes the code of an activation message and mails it.
func (s *Service) sendCode(
	ctx context.Context, f *fare, u identity.User, m identity.Message, to identity.Address,
) error {
	code := identity.Code{
		Registration: m.Registration, Message: m.ID, Address: to.Normalized, Normalized: to.Normalized, AddressType: to.Type,
		NeedsPassword: m.IsResent || m.Registration == "", IsPublic: m.Share.IsPublic(),
	}
	code.IsAskedAgain = code.IsPublic && (f.message.Registration == "" || m.Registration == "")
	if code.IsAskedAgain && !u.IsUnproved() { // who was invited has no ticket, which a short code needs
		m.CodeType = identity.CodeTypeLink
	}
	p, form := f.pool, m.CodeType
	count := s.Issuer.ForMail(ctx, p, m, code.MailboxRef(m.Tenant), f.forCode, func(use identity.MailboxUse) {
		if use.IsGuessedAt(s.Now()) {
			form = identity.CodeTypeLink // strangers may use up the guesses at short codes; a link needs none
		}
	})
	unanswered := once.Reply[otp.Issued]{}
	made, err := s.Issuer.Issue(ctx, p, u.Ref(), identity.PurposeActivation, code, count, unanswered)
	if err != nil {
		return err
	}
	v, reads := mail.PoolValues(p), p.LanguageFor(u, m.Language)
	v.Code, v.Link, v.Duration = made.Code, s.link(m, made.Extended, reads), time.Duration(p.CodePolicy(identity.PurposeActivation).TTL)
	v.Until = s.Now().Add(v.Duration)
	return s.send(ctx, p, letter{code.Normalized, reads, kindOf(m, form), v})
}

// sendInvitation answers a registration with the address of a user whom no registration may complete: with the message that its owner
// was invited by, whose code belongs to no registration. Who gave an address that is not the user's is told that the name is taken.
func (s *Service) sendInvitation(
	ctx context.Context, f *fare, u identity.User, m identity.Message, to identity.Address,
) error {
	isOwn := slices.ContainsFunc(u.CandidateAddresses(), func(a identity.Address) bool { return a.Normalized == to.Normalized })
	if !isOwn {
		return s.notifyTaken(ctx, f, u, m, to)
	}
	m.Registration, m.IsResent = "", true
	if !u.SelfRegistered {
		m.Mode = identity.ModeInvitation
	}
	return s.sendCode(ctx, f, u, m, to)
}

// kindOf is the mail that carries a code in a form.
func kindOf(m identity.Message, form identity.CodeType) mail.Kind {
	short, long := mail.RegistrationCode, mail.RegistrationLink
	switch {
	case m.Mode == identity.ModeInvitation:
		short, long = mail.InvitationCode, mail.InvitationLink
	case m.Again:
		short, long = mail.ResendCode, mail.ResendLink
	}
	if form == identity.CodeTypeShort {
		return short
	}
	return long
}

// link opens the activation page in the mail's language.
func (s *Service) link(m identity.Message, extended, reads string) string {
	query := url.Values{"code": {extended}, language.Parameter: {reads}}
	if m.PostActivationURL != "" {
		query.Set("return_to", m.PostActivationURL)
	}
	return strings.TrimSuffix(s.PublicURL, "/") + "/" + m.Tenant + "/pools/" + m.Pool + "/activate?" + query.Encode()
}

// notifyTaken tells the owner of an address that somebody wanted to use it, in the owner's language and not in that of whoever it was. To an
// address that is not the owner's goes instead that the identifier which came with it is taken: a mail comes to it either way, so whether
// one comes tells nothing. Both are within the limits of mails.
func (s *Service) notifyTaken(
	ctx context.Context, f *fare, u identity.User, m identity.Message, to identity.Address,
) error {
	p := f.pool
	l := letter{to.Normalized, p.LanguageFor(u, ""), mail.AddressTaken, mail.PoolValues(p)}
	if own, err := u.OwnMailAddress(to.Normalized); err != nil || own != to.Normalized {
		if m.Registration == "" {
			return identity.InvalidField("/address", "is not the owner's")
		}
		l.kind, l.language = mail.IdentifierTaken, p.LanguageFor(identity.User{}, m.Language)
	}
	m.Normalized = to.Normalized
	afford := f.forNotice
	if l.kind == mail.IdentifierTaken { // whose receiver has proved nothing
		afford = f.forCode
	}
	if err := s.Issuer.CountNotice(ctx, p, m, afford); err != nil {
		return err
	}
	return s.send(ctx, p, l)
}

// notifyPassword tells the holder of an address that a password was set. With it goes what still waits to become this user's.
func (s *Service) notifyPassword(ctx context.Context, p identity.Pool, m identity.Message) error {
	u, err := s.Users.Get(ctx, m.UserRef())
	if err != nil {
		return err
	}
	if err := s.Registrations.DeleteListed(ctx, u.Ref()); err != nil {
		return err
	}
	v := mail.PoolValues(p)
	v.Time = m.CreatedAt.Time
	return s.send(ctx, p, letter{m.Normalized, p.LanguageFor(u, ""), mail.PasswordSet, v})
}

// letter is what one is told.
type letter struct {
	to       string
	language string
	kind     mail.Kind
	values   mail.Values
}

// send sends a mail, unless the address is one that nothing is sent to.
func (s *Service) send(ctx context.Context, p identity.Pool, l letter) error {
	box, err := identity.NormalizeMailbox(l.to)
	if err != nil {
		return identity.InvalidField("/address", err.Error())
	}
	suppressed, err := s.Suppressions.Has(ctx, box)
	if err != nil {
		return err
	}
	if suppressed {
		return identity.InvalidField("/address", "bounced")
	}
	m, err := s.render(ctx, p, l)
	if err != nil {
		return err
	}
	e := Envelope{To: l.to, Name: p.Branding.SenderName, Pool: p.Name, ReplyTo: p.Branding.ReplyTo}
	if err := s.Mailer.Send(ctx, e, m); err != nil {
		return err
	}
	metric.Count(ctx, s.Log, s.Now(), metric.MailsSent) // here, since a mail that is sent again is one more
	return nil
}
