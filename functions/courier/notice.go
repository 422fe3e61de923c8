package courier

import (
	"context"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

// notifyTaken tells the owner of an address that somebody wanted to use it, in the owner's language
// and not in that of the other person. If the address is not the owner's, the mail goes to the
// address and says that the identifier which came with it is taken. So every registration causes one
// mail, and nobody learns from a missing mail that an identifier is registered. Both mails are within
// the limits of mails.
func (s *Service) notifyTaken(ctx context.Context, d delivery) error {
	p, m := d.pool, d.message
	l := d.letter(d.to.Normalized, p.LanguageFor(d.user, ""))
	afford := d.payment.forNotice
	if l.kind == mail.IdentifierTaken {
		if m.Registration == "" {
			return identity.InvalidField("/address", identity.WrongStatus("is not the owner's"))
		}
		l.language = p.LanguageFor(identity.User{}, m.Language)
		afford = d.payment.forCode // the receiver has proved nothing
	}
	m.Normalized = d.to.Normalized
	if err := s.Issuer.CountNotice(ctx, p, m, afford); err != nil {
		return err
	}
	return s.send(ctx, p, l)
}

// welcome tells the holder of an address that the account is active. It deletes what still waits to
// become this user's. It sends nothing to a user who is not active any more.
func (s *Service) welcome(ctx context.Context, d delivery) error {
	if err := s.Registrations.DeleteListed(ctx, d.user.Ref()); err != nil {
		return err
	}
	if isForInactiveUser(d) {
		return identity.NotFound{Thing: "use for message", ID: d.message.ID}
	}
	return s.send(ctx, d.pool, d.letter(d.to.Normalized, d.pool.LanguageFor(d.user, "")))
}

// notifyPassword tells the holder of an address that a password was set. It deletes what still waits
// to become this user's.
func (s *Service) notifyPassword(ctx context.Context, d delivery) error {
	if err := s.Registrations.DeleteListed(ctx, d.user.Ref()); err != nil {
		return err
	}
	return s.notifyChange(ctx, d)
}

// notifyChange tells the holder of an address, in the language of the user, that something of the
// user was changed, and when.
func (s *Service) notifyChange(ctx context.Context, d delivery) error {
	l := d.letter(d.to.Normalized, d.pool.LanguageFor(d.user, ""))
	l.values.Time = d.message.CreatedAt.Time
	return s.send(ctx, d.pool, l)
}
