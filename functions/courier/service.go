// Package courier is the function behind the table's stream: it sends the messages of the outbox, counts the users of pools,
// clears what deleted pools leave, and deletes users whom nobody has proved in time. It also hears from SES which addresses can't be reached.
package courier

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/mail"
	"identitypools/shared/metric"
	"identitypools/shared/onetime"
	"identitypools/shared/table"
)

// Service has the use cases of the courier.
type Service struct {
	Pools     Pools
	Users     Users
	Outbox    Outbox
	Keeper    Keeper
	Budgets   Budgets
	Codes     *onetime.Issuer
	Texts     *mail.Texts // the usual ones
	OwnTexts  OwnTexts
	Mailer    Mailer
	PublicURL string // base of the links in mails
	Log       *slog.Logger
	Now       func() time.Time
}

// Pools finds a pool, up to five seconds old.
type Pools interface {
	CachedPool(ctx context.Context, tenant, pool string) (identity.Pool, error)
}

// Users finds users and what waits with them; shared/table says what each method promises.
type Users interface {
	User(ctx context.Context, ref identity.UserRef) (identity.User, error)
	Registrations(ctx context.Context, ref identity.UserRef) ([]identity.Registration, error)
	DeleteRegistrations(ctx context.Context, ref identity.UserRef) error
	ReplaceCodes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, c identity.Codes) error
	Codes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) (identity.Codes, error)
}

// Outbox has the messages, and the addresses that no message is sent to; shared/table says what each method promises.
type Outbox interface {
	Message(ctx context.Context, id string) (identity.Message, error)
	DeleteMessage(ctx context.Context, id string) error
	Suppress(ctx context.Context, s identity.Suppression) error
	IsSuppressed(ctx context.Context, mailbox string) (bool, error)
}

// Keeper counts users, clears pools and deletes users whom nobody proves; shared/table says what each method promises.
type Keeper interface {
	Count(ctx context.Context, tenant, pool string, changes []table.UserChange) error
	Purge(ctx context.Context, tenant, pool string) (done bool, err error)
	PurgeLater(ctx context.Context, tenant, pool string) error
	Erase(ctx context.Context, u identity.User) error
	DeleteUser(ctx context.Context, u identity.User) error
}

// Budgets has what pools may spend; shared/table says what each method promises.
type Budgets interface {
	Spend(ctx context.Context, tenant, pool string, b identity.Budget, at time.Time) error
	Unspend(ctx context.Context, tenant, pool string, b identity.Budget, at time.Time) error
}

// Mailer hands a mail over. Errors: ErrRejected for one that never will be accepted.
type Mailer interface {
	Send(ctx context.Context, e Envelope, m mail.Mail) error
}

// Deliver sends a message of the outbox, or drops it where there is nothing to send any more, and takes it out. What is sent is decided
// by the user's state now. It repeats safely: a repeat sends a fresh code in place of the one before.
func (s *Service) Deliver(ctx context.Context, id string) error {
	m, err := s.Outbox.Message(ctx, id)
	if errors.As(err, new(identity.NotFound)) {
		return nil
	}
	if err == nil {
		err = s.deliver(ctx, m)
	}
	switch {
	case err == nil:
	case errors.Is(err, errLate), errors.As(err, new(identity.NotFound)), errors.As(err, new(identity.Limited)), errors.As(err, new(identity.Invalid)):
		s.Log.Info("message dropped", "message", id, "kind", m.Kind, "why", why(err))
		metric.Count(ctx, s.Log, s.Now(), metric.MailsDropped)
	case errors.Is(err, ErrRejected):
		s.Log.Warn("message rejected", "message", id, "kind", m.Kind)
		metric.Count(ctx, s.Log, s.Now(), metric.MailsRejected)
	default:
		return err
	}
	return s.Outbox.DeleteMessage(ctx, id)
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
	p, err := s.Pools.CachedPool(ctx, m.Tenant, m.Pool)
	if err != nil {
		return err
	}
	u, err := s.Users.User(ctx, m.UserRef())
	if err != nil {
		return err
	}
	switch {
	case m.Kind == identity.MessagePasswordSet:
		return s.notifyPassword(ctx, p, u, m)
	case m.Kind == identity.MessageTaken, u.Status != identity.StatusNew:
		return s.notifyOwner(ctx, p, u, m)
	}
	return s.sendCode(ctx, p, u, m)
}

// sendCode makes the code of an activation message and mails it.
func (s *Service) sendCode(ctx context.Context, p identity.Pool, u identity.User, m identity.Message) error {
	waiting, err := s.Users.Registrations(ctx, u.Ref())
	if err != nil {
		return err
	}
	code, err := s.codeFor(p, u, m, waiting)
	if err != nil {
		return err
	}
	form := m.CodeType
	made, err := s.Codes.Issue(ctx, p, u.Ref(), identity.PurposeActivation, code, func(c identity.Codes) (identity.Codes, error) {
		if c.IsLocked(s.Now()) {
			form = identity.CodeTypeLink // strangers have used up the guesses at short codes; a link needs none
		}
		return s.Codes.Limited(p, m)(c)
	})
	if err != nil {
		return err
	}
	v, reads := mail.Of(p), p.LanguageFor(u, m.Language)
	v.Code, v.Link, v.Duration = made.Code, s.link(m, made.Extended, reads), time.Duration(p.CodePolicy(identity.PurposeActivation).TTL)
	v.Until = s.Now().Add(v.Duration)
	return s.send(ctx, p, m, letter{code.Normalized, reads, kindOf(m, form), v})
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

// codeFor says for which address and registration a message's code is.
func (s *Service) codeFor(p identity.Pool, u identity.User, m identity.Message, waiting []identity.Registration) (identity.Code, error) {
	if m.Registration != "" {
		for _, r := range waiting {
			if r.ID == m.Registration && r.Belongs(u, s.Now()) {
				return identity.Code{Registration: r.ID, Message: m.ID, Address: r.Address, Normalized: r.Normalized, AddressType: r.AddressType}, nil
			}
		}
		return identity.Code{}, identity.NotFound{Thing: "registration", ID: m.Registration}
	}
	address := identity.Address{Value: m.Address, Normalized: m.Normalized, Type: identity.TypeEmail}
	if m.Normalized == "" {
		var err error
		if address, err = u.OnlyMailAddress(waiting, s.Now()); err != nil {
			return identity.Code{}, err
		}
	}
	code := identity.Code{Message: m.ID, Address: address.Value, Normalized: address.Normalized, AddressType: address.Type}
	return onetime.Bound(p, u, code, waiting, s.Now()), nil
}

// link opens the activation page in the mail's language.
func (s *Service) link(m identity.Message, extended, reads string) string {
	query := url.Values{"code": {extended}, language.Parameter: {reads}}
	if m.PostActivationURL != "" {
		query.Set("return_to", m.PostActivationURL)
	}
	return strings.TrimSuffix(s.PublicURL, "/") + "/" + m.Tenant + "/pools/" + m.Pool + "/activate?" + query.Encode()
}

// notifyOwner tells the owner of an address that somebody wanted to use it, within the limits of mails. It does so in the owner's language,
// not in that of whoever it was.
func (s *Service) notifyOwner(ctx context.Context, p identity.Pool, u identity.User, m identity.Message) error {
	to, err := u.OwnMailAddress(m.Normalized)
	if err != nil {
		return err
	}
	codes, err := s.Users.Codes(ctx, u.Ref(), identity.PurposeNotice)
	if err != nil {
		return err
	}
	if err := codes.MayMail(s.Now(), p.Limits); err != nil {
		return err
	}
	if err := s.send(ctx, p, m, letter{to, p.LanguageFor(u, ""), mail.Taken, mail.Of(p)}); err != nil {
		return err
	}
	err = s.Users.ReplaceCodes(ctx, u.Ref(), identity.PurposeNotice, codes.Mailed(s.Now(), p.Limits))
	if errors.As(err, new(identity.PreconditionFailed)) {
		return nil // another notice was counted at the same time
	}
	return err
}

// notifyPassword tells the holder of an address that a password was set. With it goes what still waits to become this user's.
func (s *Service) notifyPassword(ctx context.Context, p identity.Pool, u identity.User, m identity.Message) error {
	if err := s.Users.DeleteRegistrations(ctx, u.Ref()); err != nil {
		return err
	}
	v := mail.Of(p)
	v.Time = m.CreatedAt.Time
	return s.send(ctx, p, m, letter{m.Normalized, p.LanguageFor(u, ""), mail.PasswordSet, v})
}

// letter is what one is told.
type letter struct {
	to       string
	language string
	kind     mail.Kind
	values   mail.Values
}

// send sends a mail of the pool's budget, unless the address is one that nothing is sent to.
func (s *Service) send(ctx context.Context, p identity.Pool, message identity.Message, l letter) error {
	box, err := identity.Mailbox(l.to)
	if err != nil {
		return identity.InvalidField("/address", err.Error())
	}
	suppressed, err := s.Outbox.IsSuppressed(ctx, box)
	if err != nil {
		return err
	}
	if suppressed {
		return identity.InvalidField("/address", "bounced")
	}
	own, err := s.ownText(ctx, p, l)
	if err != nil {
		return err
	}
	m, err := s.Texts.Render(l.kind, l.language, own, l.values)
	if err != nil {
		return err
	}
	e := Envelope{To: l.to, Name: p.Branding.SenderName, Pool: p.Name, ReplyTo: p.Branding.ReplyTo}
	if err := s.mail(ctx, p, message, e, m); err != nil {
		return err
	}
	metric.Count(ctx, s.Log, s.Now(), metric.MailsSent) // here, since a mail that is sent again is one more
	return nil
}

// mail hands a mail over, and counts it once among those of the pool.
func (s *Service) mail(ctx context.Context, p identity.Pool, message identity.Message, e Envelope, m mail.Mail) error {
	if message.Counted {
		return s.Mailer.Send(ctx, e, m)
	}
	budget, asked := p.Limits.MailBudget(), message.CreatedAt.Time // so that mails which an outage held up don't have to share an hour
	if err := s.Budgets.Spend(ctx, p.Tenant, p.ID, budget, asked); err != nil {
		return err
	}
	err := s.Mailer.Send(ctx, e, m)
	if err != nil {
		err = errors.Join(err, s.Budgets.Unspend(ctx, p.Tenant, p.ID, budget, asked))
	}
	return err
}
