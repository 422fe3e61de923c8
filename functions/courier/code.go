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

// sendCode makes a code for the purpose of the message's kind and mails it. A message from before the
// user's present epoch makes none, so that it brings no code to life that a change has killed. For
// activation, the stored codes tell when they were killed: see onetime.Issuer.ForMail.
func (s *Service) sendCode(ctx context.Context, d delivery) error {
	m, p, purpose := d.message, d.pool, d.kind.purpose
	if purpose != identity.PurposeActivation && m.CreatedAt.Before(d.user.CodesSince().Time) {
		return identity.NotFound{Thing: "use for message", ID: m.ID}
	}
	if purpose == identity.PurposeVerifyAddress {
		purpose = purpose.For(d.to)
	}
	code := identity.Code{
		Registration: m.Registration, Message: m.ID, AskedAt: m.CreatedAt,
		Address: d.to.Normalized, Normalized: d.to.Normalized, AddressType: d.to.Type,
		NeedsPassword: m.IsResent || m.Registration == "", IsPublic: m.Share.IsPublic(),
	}
	// A code for another purpose replaces whatever code the user has for it.
	code.IsAskedAgain = purpose == identity.PurposeActivation && code.IsPublic && (d.payment.message.Registration == "" || m.Registration == "")
	form := m.CodeType
	if code.IsAskedAgain && !d.user.IsUnproved() || m.Kind != d.kind.name {
		// An invited user has no ticket, which a short code needs, and neither has somebody who asked for a
		// new password.
		form = identity.CodeTypeLink
	}
	box := code.MailboxRef(m.Tenant)
	count := s.Issuer.ForMail(ctx, p, purpose, m, box, d.payment.forCode, func(use identity.MailboxUse) {
		if use.IsGuessedAt(s.Now()) {
			form = identity.CodeTypeLink // strangers may use up the guesses at short codes; a link needs none
		}
	})
	unanswered := once.Reply[otp.Issued]{}
	made, err := s.Issuer.Issue(ctx, p, d.user, purpose, code, count, unanswered)
	if err != nil {
		return err
	}
	if d.kind.page == "" && form == identity.CodeTypeLink {
		made.Code = made.Extended // there is no page that a link could open
	}
	d.message.CodeType = form
	l := d.letter(code.Normalized, p.LanguageFor(d.user, m.Language))
	v := &l.values
	v.Code, v.Link = made.Code, s.link(d, d.kind.page, l.language, made.Extended)
	if l.kind == mail.InvitationCode { // nobody who is invited has a page open that takes the code
		v.CodePage = s.link(d, identity.PageActivateCode, l.language, "")
	}
	v.Duration = time.Duration(p.CodePolicy(purpose).TTL)
	v.Until = s.Now().Add(v.Duration)
	return s.send(ctx, p, l)
}

// link returns the URL of one of the pool's pages, in the language of the mail. The extended code is ""
// for a page that takes the code that is typed.
func (s *Service) link(d delivery, page, reads, extended string) string {
	query := url.Values{language.Parameter: {reads}}
	if extended != "" {
		query.Set("code", extended)
	}
	if d.message.PostActivationURL != "" {
		query.Set("return_to", d.message.PostActivationURL)
	}
	if d.kind.purpose == identity.PurposeVerifyAddress {
		query.Set("for", identity.AddressDigest(d.message.Normalized)) // tells which address, without naming it
	}
	base := strings.TrimSuffix(s.PublicURL, "/")
	return base + "/" + d.pool.Tenant + "/pools/" + d.pool.ID + "/" + page + "?" + query.Encode()
}
