package pools

import (
	"context"
	"hash/crc32"
	"slices"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
)

// ListMailTexts returns what the mails of a pool say, by kind and language: of one kind, and in one language,
// where that is not "". Errors: NotFound, Invalid for a kind or a language that does not exist.
func (s *Service) ListMailTexts(
	ctx context.Context, tenant, pool, kind, language string,
) ([]identity.MailText, error) {
	var v identity.Violations
	if kind != "" && !isKind(kind) {
		v.Add("kind", "is no kind of mail")
	}
	if language != "" && !identity.IsLanguage(language) {
		v.Add("lang", "is no language in which people are spoken to")
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	if _, err := s.Pools.Get(ctx, tenant, pool); err != nil {
		return nil, err
	}
	own, err := s.MailTexts.List(ctx, tenant, pool)
	if err != nil {
		return nil, err
	}
	var all []identity.MailText
	for _, r := range mailsOf(tenant, pool) {
		if kind != "" && kind != r.Kind || language != "" && language != r.Language {
			continue
		}
		m := s.usual(r)
		if i := slices.IndexFunc(own, func(m identity.MailText) bool { return m.MailRef == r }); i >= 0 {
			m = own[i]
		}
		all = append(all, m)
	}
	return all, nil
}

// mailsOf are all mails of a pool.
func mailsOf(tenant, pool string) (all []identity.MailRef) {
	for _, kind := range mail.Kinds() {
		for _, language := range identity.Languages() {
			all = append(all, identity.MailRef{Tenant: tenant, Pool: pool, Kind: string(kind), Language: language})
		}
	}
	return all
}

func isKind(kind string) bool { return slices.Contains(mail.Kinds(), mail.Kind(kind)) }

// usual is the text of a mail where the pool has set none. Its version is a checksum, which is below those of own texts: they begin with a
// time in milliseconds.
func (s *Service) usual(r identity.MailRef) identity.MailText {
	text := s.Texts.Default(mail.Kind(r.Kind), r.Language)
	return identity.MailText{
		MailRef: r, Subject: text.Subject, Body: text.Body, Version: 1 + int64(crc32.ChecksumIEEE([]byte(text.Subject+"\n"+text.Body))),
	}
}

// current is a mail as it is found.
type current struct {
	pool  identity.Pool
	isOwn bool              // the pool has set the text
	own   identity.MailText // what the pool has set, or the zero value
	text  identity.MailText // what is in force
}

// find finds a mail. Errors: NotFound, PreconditionFailed.
func (s *Service) find(ctx context.Context, r identity.MailRef, match identity.Match) (c current, err error) {
	if !isKind(r.Kind) || !identity.IsLanguage(r.Language) {
		return c, identity.NotFound{Thing: "mail text", ID: r.Kind + "/" + r.Language}
	}
	if c.pool, err = s.Pools.Get(ctx, r.Tenant, r.Pool); err != nil {
		return c, err
	}
	if c.own, c.isOwn, err = s.MailTexts.Get(ctx, r); err != nil {
		return c, err
	}
	c.text = s.usual(r)
	if c.isOwn {
		c.text = c.own
	}
	return c, match.Check(c.text.Version)
}

// ReadMailText returns what a mail says. Errors: NotFound, PreconditionFailed.
func (s *Service) ReadMailText(
	ctx context.Context, r identity.MailRef, match identity.Match,
) (identity.MailText, error) {
	c, err := s.find(ctx, r, match)
	return c.text, err
}

// UpdateMailText sets what a mail says, as a whole. Errors: NotFound, Invalid, PreconditionFailed.
func (s *Service) UpdateMailText(
	ctx context.Context, r identity.MailRef, match identity.Match, change identity.MailTextChange,
	reply once.Reply[identity.MailText],
) (m identity.MailText, err error) {
	err = match.Change(func() error {
		c, err := s.find(ctx, r, match)
		if err != nil {
			return err
		}
		if m, err = changed(identity.MailText{MailRef: r}, change); err != nil {
			return err
		}
		m.UpdatedAt = identity.At(s.Now())
		m, err = s.MailTexts.Replace(ctx, c.own, m, reply)
		return err
	})
	return m, err
}

// changed is a text after a change, of which a mail can be made. Errors: Invalid.
func changed(m identity.MailText, c identity.MailTextChange) (identity.MailText, error) {
	m, err := m.Changed(c)
	if err != nil {
		return m, err
	}
	return m, mail.Check(mail.Kind(m.Kind), textOf(m))
}

// DeleteMailText has a mail say again what is usual. Errors: NotFound, PreconditionFailed.
func (s *Service) DeleteMailText(
	ctx context.Context, r identity.MailRef, match identity.Match, reply once.Reply[once.None],
) error {
	return match.Change(func() error {
		c, err := s.find(ctx, r, match)
		if err != nil {
			return err
		}
		return s.MailTexts.Delete(ctx, r, c.own, reply)
	})
}

// PreviewMail is a mail as it would be sent after a change, with made-up values. It stores and sends nothing. Errors: NotFound, Invalid.
func (s *Service) PreviewMail(ctx context.Context, r identity.MailRef, change identity.MailTextChange) (mail.Mail, error) {
	c, err := s.find(ctx, r, identity.Match{})
	if err != nil {
		return mail.Mail{}, err
	}
	m, err := changed(c.text, change)
	if err != nil {
		return mail.Mail{}, err
	}
	var own *mail.Text
	if c.isOwn || !change.IsEmpty() {
		text := textOf(m)
		own = &text
	}
	return s.Texts.Render(mail.Kind(r.Kind), r.Language, own, mail.SampleValues(c.pool, s.Now()))
}

func textOf(m identity.MailText) mail.Text { return mail.Text{Subject: m.Subject, Body: m.Body} }
