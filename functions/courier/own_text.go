package courier

import (
	"context"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

// render makes the mail of a letter from the text that the pool has set for it, or from the usual one.
// If this release finds a fault in the pool's text, the usual one takes its place, so that no mail is
// lost.
func (s *Service) render(ctx context.Context, p identity.Pool, l letter) (mail.Mail, error) {
	r := identity.MailRef{Tenant: p.Tenant, Pool: p.ID, Kind: string(l.kind), Language: l.language}
	m, isOwn, err := s.MailTexts.Cached(ctx, r)
	if err != nil {
		return mail.Mail{}, err
	}
	own := &mail.Text{Subject: m.Subject, Body: m.Body}
	if !isOwn {
		own = nil
	} else if err := mail.Check(l.kind, *own); err != nil {
		s.Log.Warn("text of a mail is not valid any more",
			"tenant", r.Tenant, "pool", r.Pool, "kind", r.Kind, "language", r.Language)
		own = nil
	}
	return s.Texts.Render(l.kind, l.language, own, l.values)
}
