package pools

import (
	"context"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
)

// mailText is the text of a mail in an answer.
type mailText struct {
	Kind      string        `json:"kind"`
	Language  string        `json:"language"`
	Subject   string        `json:"subject"`
	Body      string        `json:"body"`
	Own       bool          `json:"own"`
	UpdatedAt identity.Time `json:"updated_at,omitzero"`
	Variables []string      `json:"variables"`
}

// mailTextOf returns the text of a mail for an answer.
func mailTextOf(m identity.MailText) mailText {
	return mailText{m.Kind, m.Language, m.Subject, m.Body, m.IsOwn(), m.UpdatedAt, mail.Kind(m.Kind).Variables()}
}

// mailTextAnswer returns the answer to a request that results in the text of a mail.
func mailTextAnswer(m identity.MailText) api.Answer[mailText] {
	return api.Answer[mailText]{Version: m.Version, Body: mailTextOf(m)}
}

// mailTextList is the answer to a list of the texts of mails.
type mailTextList struct {
	Mails []mailText `json:"mails"`
}

// mailTextsOf returns the answer to a list of the texts of mails.
func mailTextsOf(all []identity.MailText) mailTextList {
	answer := mailTextList{make([]mailText, len(all))}
	for i, m := range all {
		answer.Mails[i] = mailTextOf(m)
	}
	return answer
}

// mailQuery is the query of a list of the texts of mails.
type mailQuery struct {
	Kind     string `query:"kind"`
	Language string `query:"lang"`
}

func (h handlers) listMailTexts(ctx context.Context, c api.QueryCall[mailQuery]) ([]identity.MailText, error) {
	return h.service.ListMailTexts(ctx, c.Tenant(), c.Pool(), c.Query.Kind, c.Query.Language)
}

// mailRef returns the reference to the mail in the path.
func mailRef[Q, B any](c api.Call[Q, B]) identity.MailRef {
	return identity.MailRef{Tenant: c.Tenant(), Pool: c.Pool(), Kind: c.Path("kind"), Language: c.Path("lang")}
}

func (h handlers) getMailText(ctx context.Context, c api.PlainCall) (identity.MailText, error) {
	return h.service.ReadMailText(ctx, mailRef(c), c.IfMatch())
}

func (h handlers) updateMailText(
	ctx context.Context, c api.BodyCall[identity.MailTextChange], reply once.Reply[identity.MailText],
) (identity.MailText, error) {
	return h.service.UpdateMailText(ctx, mailRef(c), c.IfMatch(), c.Body, reply)
}

func (h handlers) deleteMailText(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.DeleteMailText(ctx, mailRef(c), c.IfMatch(), reply)
}

// preview is a mail in the answer to a preview.
type preview struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// previewOf returns the answer to a preview.
func previewOf(m mail.Mail) preview { return preview{m.Subject, m.Text, m.HTML} }

func (h handlers) previewMail(ctx context.Context, c api.BodyCall[identity.MailTextChange]) (mail.Mail, error) {
	return h.service.PreviewMail(ctx, mailRef(c), c.Body)
}
