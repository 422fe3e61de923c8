package courier

import (
	"context"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

// OwnTexts finds what a pool has set for a mail, up to five seconds old; nil for nothing.
type OwnTexts interface {
	CachedMailText(ctx context.Context, r identity.MailRef) (*identity.MailText, error)
}

// ownText is what the pool has set for a mail; nil for nothing. A text that a later release finds fault with loses no mail: the usual one serves.
func (s *Service) ownText(ctx context.Context, p identity.Pool, l letter) (*mail.Text, error) {
	r := identity.MailRef{Tenant: p.Tenant, Pool: p.ID, Kind: string(l.kind), Language: l.language}
	m, err := s.OwnTexts.CachedMailText(ctx, r)
	if err != nil || m == nil {
		return nil, err
	}
	own := mail.Text{Subject: m.Subject, Body: m.Body}
	if err := mail.Check(l.kind, own); err != nil {
		s.Log.Warn("text of a mail is not valid any more", "tenant", r.Tenant, "pool", r.Pool, "kind", r.Kind, "language", r.Language)
		return nil, nil
	}
	return &own, nil
}
