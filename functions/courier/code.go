package courier

import (
	"context"
	"net/url"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/mail"
	"identitypools/shared/once"
	"identitypools/shared/otp"
)

// asInvitation changes a message that a registration asked for and that is for a user whom no
// registration may complete. It becomes the message that the user was invited by, whose code belongs
// to no registration.
func asInvitation(d delivery) delivery {
	if !d.isForInvited() {
		return d
	}
	d.message.Registration, d.message.IsResent = "", true
	if !d.user.SelfRegistered {
		d.message.Mode = identity.ModeInvitation
	}
	return d
}

// sendCode makes a code for the purpose of the message's kind and mails it.
func (s *Service) sendCode(ctx context.Context, d delivery) error {
	m, p := d.message, d.pool
	code := identity.Code{
		Registration: m.Registration, Message: m.ID, AskedAt: m.CreatedAt,
		Address: d.to.Normalized, Normalized: d.to.Normalized, AddressType: d.to.Type,
		NeedsPassword: m.IsResent || m.Registration == "", IsPublic: m.Share.IsPublic(),
	}
	code.IsAskedAgain = code.IsPublic && (d.payment.message.Registration == "" || m.Registration == "")
	form := m.CodeType
	if code.IsAskedAgain && !d.user.IsUnproved() {
		form = identity.CodeTypeLink // an invited user has no ticket, which a short code needs
	}
	box := code.MailboxRef(m.Tenant)
	count := s.Issuer.ForMail(ctx, p, d.kind.purpose, m, box, d.payment.forCode, func(use identity.MailboxUse) {
		if use.IsGuessedAt(s.Now()) {
			form = identity.CodeTypeLink // strangers may use up the guesses at short codes; a link needs none
		}
	})
	unanswered := once.Reply[otp.Issued]{}
	made, err := s.Issuer.Issue(ctx, p, d.user, d.kind.purpose, code, count, unanswered)
	if err != nil {
		return err
	}
	v, reads := mail.PoolValues(p), p.LanguageFor(d.user, m.Language)
	v.Code, v.Link = made.Code, s.link(d, made.Extended, reads)
	v.Duration = time.Duration(p.CodePolicy(d.kind.purpose).TTL)
	v.Until = s.Now().Add(v.Duration)
	return s.send(ctx, p, letter{code.Normalized, reads, d.kind.textOf(d, form), v})
}

// link returns the address of the page for a code, in the language of the mail.
func (s *Service) link(d delivery, extended, reads string) string {
	query := url.Values{"code": {extended}, language.Parameter: {reads}}
	if d.message.PostActivationURL != "" {
		query.Set("return_to", d.message.PostActivationURL)
	}
	base := strings.TrimSuffix(s.PublicURL, "/")
	return base + "/" + d.pool.Tenant + "/pools/" + d.pool.ID + "/" + d.kind.page + "?" + query.Encode()
}
