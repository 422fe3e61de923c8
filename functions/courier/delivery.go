package courier

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/metric"
)

// delivery is a message that is about to be sent.
type delivery struct {
	kind    kind
	pool    identity.Pool
	message identity.Message
	payment *payment // nil if messages of the kind have no budget
	user    identity.User
	to      identity.Address
}

// sender sends the mail of a message.
type sender func(*Service, context.Context, delivery) error

// isForInvited reports whether a registration asked for the message, and no registration may complete
// the user.
func (d delivery) isForInvited() bool { return d.message.Registration != "" && !d.user.IsUnproved() }

// sendMail sends the mail of the message of d, or the mail of another kind if an exception says so. If
// there is nothing to send, it reads the user again: a change of the status while the mail was made kills
// the code, and the user as it is now may get another mail.
func (s *Service) sendMail(ctx context.Context, d delivery) error {
	var dropped error // why there is nothing to send to the user as it was read before
	for {
		u, err := s.Users.Get(ctx, d.message.UserRef())
		if err != nil {
			return err
		}
		if dropped != nil && u.Version == d.user.Version {
			return dropped
		}
		d.user = u
		if dropped = s.sendTo(ctx, d); !errors.As(dropped, new(identity.NotFound)) {
			return dropped
		}
	}
}

// sendTo sends the mail of d to the user of d as it was read.
func (s *Service) sendTo(ctx context.Context, d delivery) error {
	var err error
	if d.to, d.message.Registration, err = s.addressOf(ctx, d.user, d.message); err != nil {
		return err
	}
	if d.kind.receiver != nil {
		if d.to, err = d.kind.receiver(d); err != nil {
			return err
		}
	}
	for _, e := range d.kind.instead {
		if e.when(d) {
			if d.kind, err = kindOf(e.kind); err != nil {
				return err
			}
			break
		}
	}
	if d.kind.unless != nil && d.kind.unless(d) {
		return identity.NotFound{Thing: "use for message", ID: d.message.ID}
	}
	if d.kind.prepare != nil {
		d = d.kind.prepare(d)
	}
	return d.kind.send(s, ctx, d)
}

// addressOf returns the address that a message goes to: the one that it names, that of the
// registration that it is about, or the only one that u has or that waits with u. It also returns the
// registration that the message is about, which a message to an address that only waits must have.
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

// letter is a mail before its text is made.
type letter struct {
	to       string
	language string
	kind     mail.Kind
	values   mail.Values
}

// letter returns the mail of d to an address. It calls the user by name if the receiver is the user
// and no stranger chose the name: see identity.User.MailName.
func (d delivery) letter(to, language string) letter {
	l := letter{to, language, d.kind.textOf(d, d.message.CodeType), mail.PoolValues(d.pool)}
	l.values.Name = d.user.MailName(to)
	return l
}

// send sends a mail, unless its address is one that nothing is sent to.
func (s *Service) send(ctx context.Context, p identity.Pool, l letter) error {
	to, err := identity.ParseMailAddress(l.to)
	if err != nil {
		return identity.InvalidField("/address", identity.RuleOf(err))
	}
	_, suppressed, err := s.Suppressions.Get(ctx, to.Mailbox())
	if err != nil {
		return err
	}
	if suppressed {
		return identity.InvalidField("/address", identity.Wrong("bounced"))
	}
	m, err := s.render(ctx, p, l)
	if err != nil {
		return err
	}
	if err := s.sendFrom(ctx, p, to, l.kind, m); err != nil {
		return err
	}
	metric.Count(ctx, s.Log, s.Now(), metric.MailsSent) // here, since a mail that is sent again is one more
	return nil
}

// sendFrom sends a mail with what p says of its sender. It leaves that out if it is not valid, or if
// SES may have refused the mail for it: a fault of a pool's setting must keep no mail from its
// recipient.
func (s *Service) sendFrom(
	ctx context.Context, p identity.Pool, to identity.MailAddress, kind mail.Kind, m mail.Mail,
) error {
	replyTo, fault := p.Branding.ReplyAddress()
	full := Envelope{To: to, Name: p.SenderName(), ReplyTo: replyTo, Kind: kind}
	err := s.Mailer.Send(ctx, full, m)
	if errors.Is(err, ErrUndecided) {
		fault, err = err, s.Mailer.Send(ctx, Envelope{To: to, Kind: kind}, m)
	}
	if err == nil && fault != nil {
		s.Log.Warn("mail sent without what its pool says of the sender",
			"tenant", p.Tenant, "pool", p.ID, "cause", fault.Error())
		metric.Count(ctx, s.Log, s.Now(), metric.MailsRejected)
	}
	return err
}
