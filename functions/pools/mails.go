package pools

import (
	"context"
	"hash/crc32"
	"slices"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
)

// ListMailTexts returns the texts of a pool's mails in the order of kind and language. If kind or
// language is not empty, it returns only the texts of that kind or in that language. The error is
// NotFound if there is no such pool, and Invalid for a kind or a language that does not exist.
func (s *Service) ListMailTexts(
	ctx context.Context, tenant, pool, kind, language string,
) ([]identity.MailText, error) {
	var v identity.Violations
	if kind != "" && !isKind(kind) {
		v.Add("kind", identity.NotOneOf(kinds()...))
	}
	if language != "" && !identity.IsLanguage(language) {
		v.Add("lang", identity.NotOneOf(identity.Languages()...))
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
		m := s.defaultText(r)
		if i := slices.IndexFunc(own, func(m identity.MailText) bool { return m.MailRef == r }); i >= 0 {
			m = own[i]
		}
		all = append(all, m)
	}
	return all, nil
}

// mailsOf returns the references to all mails of a pool.
func mailsOf(tenant, pool string) (all []identity.MailRef) {
	for _, kind := range mail.Kinds() {
		for _, language := range identity.Languages() {
			all = append(all, identity.MailRef{Tenant: tenant, Pool: pool, Kind: string(kind), Language: language})
		}
	}
	return all
}

// kinds returns the kinds of mails as texts.
func kinds() []string {
	var texts []string
	for _, kind := range mail.Kinds() {
		texts = append(texts, string(kind))
	}
	return texts
}

// isKind reports whether kind is a kind of mails.
func isKind(kind string) bool { return slices.Contains(mail.Kinds(), mail.Kind(kind)) }

// defaultText returns the text of a mail for pools that have set none. Its version is a checksum.
// It is smaller than the versions of texts that pools set, which begin with a time in milliseconds.
func (s *Service) defaultText(r identity.MailRef) identity.MailText {
	text := s.Texts.Default(mail.Kind(r.Kind), r.Language)
	return identity.MailText{
		MailRef: r, Subject: text.Subject, Body: text.Body,
		Version: 1 + int64(crc32.ChecksumIEEE([]byte(text.Subject+"\n"+text.Body))),
	}
}

// currentText is the text of a mail as it is stored.
type currentText struct {
	pool  identity.Pool
	isOwn bool              // whether the pool has set the text
	own   identity.MailText // the text that the pool has set, or the zero value
	text  identity.MailText // the text that is used: own, or else the default
}

// find returns the current text of a mail. The error is NotFound if the pool or the mail does not
// exist, and PreconditionFailed if match refuses the version.
func (s *Service) find(ctx context.Context, r identity.MailRef, match identity.Match) (c currentText, err error) {
	if !isKind(r.Kind) || !identity.IsLanguage(r.Language) {
		return c, identity.NotFound{Thing: "mail text", ID: r.Kind + "/" + r.Language}
	}
	if c.pool, err = s.Pools.Get(ctx, r.Tenant, r.Pool); err != nil {
		return c, err
	}
	if c.own, c.isOwn, err = s.MailTexts.Get(ctx, r); err != nil {
		return c, err
	}
	c.text = s.defaultText(r)
	if c.isOwn {
		c.text = c.own
	}
	return c, match.Check(c.text.Version)
}

// ReadMailText returns the text of a mail. The error is NotFound or PreconditionFailed.
func (s *Service) ReadMailText(
	ctx context.Context, r identity.MailRef, match identity.Match,
) (identity.MailText, error) {
	c, err := s.find(ctx, r, match)
	return c.text, err
}

// UpdateMailText sets the text of a mail, as a whole. The error is NotFound, Invalid or
// PreconditionFailed.
func (s *Service) UpdateMailText(
	ctx context.Context, r identity.MailRef, match identity.Match, change identity.MailTextChange,
	reply once.Reply[identity.MailText],
) (m identity.MailText, err error) {
	err = s.Retry.Change(ctx, match, func() error {
		c, err := s.find(ctx, r, match)
		if err != nil {
			return err
		}
		if m, err = changedText(identity.MailText{MailRef: r}, change); err != nil {
			return err
		}
		m.UpdatedAt = identity.At(s.Now())
		m, err = s.MailTexts.Replace(ctx, c.own, m, reply)
		return err
	})
	return m, err
}

// changedText returns m after a change. The error is Invalid if no mail can be made of the result.
func changedText(m identity.MailText, c identity.MailTextChange) (identity.MailText, error) {
	m, err := m.Changed(c)
	if err != nil {
		return m, err
	}
	return m, mail.Check(mail.Kind(m.Kind), textOf(m))
}

// DeleteMailText deletes the text that the pool has set for a mail, so that the default is used
// again. The error is NotFound or PreconditionFailed.
func (s *Service) DeleteMailText(
	ctx context.Context, r identity.MailRef, match identity.Match, reply once.Reply[once.None],
) error {
	return s.Retry.Change(ctx, match, func() error {
		c, err := s.find(ctx, r, match)
		if err != nil {
			return err
		}
		return s.MailTexts.Delete(ctx, r, c.own, reply)
	})
}

// PreviewMail returns a mail in the form in which it would be sent after a change, with made-up
// values. It stores and sends nothing. The error is NotFound or Invalid.
func (s *Service) PreviewMail(
	ctx context.Context, r identity.MailRef, change identity.MailTextChange,
) (mail.Mail, error) {
	c, err := s.find(ctx, r, identity.Match{})
	if err != nil {
		return mail.Mail{}, err
	}
	m, err := changedText(c.text, change)
	if err != nil {
		return mail.Mail{}, err
	}
	var own *mail.Text
	if c.isOwn || !change.IsEmpty() {
		text := textOf(m)
		own = &text
	}
	kind := mail.Kind(r.Kind)
	return s.Texts.Render(kind, r.Language, own, kind.SampleValues(c.pool, s.Now()))
}

// textOf returns m in the form that package mail takes.
func textOf(m identity.MailText) mail.Text { return mail.Text{Subject: m.Subject, Body: m.Body} }
