package pools

import (
	"context"
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/mail"
	"identitypools/shared/once"
)

// mailText is the text of a mail as it is answered.
type mailText struct {
	Kind      string        `json:"kind"`
	Language  string        `json:"language"`
	Subject   string        `json:"subject"`
	Body      string        `json:"body"`
	Own       bool          `json:"own"`
	UpdatedAt identity.Time `json:"updated_at,omitzero"`
	Variables []string      `json:"variables"`
}

func mailTextOf(m identity.MailText) mailText {
	return mailText{m.Kind, m.Language, m.Subject, m.Body, m.IsOwn(), m.UpdatedAt, mail.Kind(m.Kind).Variables()}
}

func worded(m identity.MailText) api.Answer {
	return api.Answer{Status: http.StatusOK, Version: m.Version, Body: mailTextOf(m)}
}

func refOf(r *http.Request) identity.MailRef {
	return identity.MailRef{Tenant: r.PathValue("tid"), Pool: r.PathValue("ipID"), Kind: r.PathValue("kind"), Language: r.PathValue("lang")}
}

func (h handlers) listMails(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	listed := func(all []identity.MailText) api.Answer {
		mails := make([]mailText, len(all))
		for i, m := range all {
			mails[i] = mailTextOf(m)
		}
		return api.Answer{Status: http.StatusOK, Body: map[string]any{"mails": mails}}
	}
	api.Show(w, r, listed, func(ctx context.Context) ([]identity.MailText, error) {
		return h.ListMailTexts(ctx, r.PathValue("tid"), r.PathValue("ipID"), query.Get("kind"), query.Get(language.Parameter))
	})
}

func (h handlers) getMail(w http.ResponseWriter, r *http.Request) {
	api.Show(w, r, worded, func(ctx context.Context) (identity.MailText, error) {
		return h.ReadMailText(ctx, refOf(r), api.IfMatch(r))
	})
}

func (h handlers) updateMail(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, worded, func(ctx context.Context, c identity.MailTextChange, reply once.Reply[identity.MailText]) (identity.MailText, error) {
		return h.UpdateMailText(ctx, refOf(r), api.IfMatch(r), c, reply)
	})
}

func (h handlers) deleteMail(w http.ResponseWriter, r *http.Request) {
	api.Do(w, r, api.Done, func(ctx context.Context, reply once.Reply[once.None]) (once.None, error) {
		return once.None{}, h.DeleteMailText(ctx, refOf(r), api.IfMatch(r), reply)
	})
}

// preview is a mail as it is shown to whoever words it.
type preview struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

func (h handlers) previewMail(w http.ResponseWriter, r *http.Request) {
	shown := func(m mail.Mail) api.Answer {
		return api.Answer{Status: http.StatusOK, Body: preview{m.Subject, m.Text, m.HTML}}
	}
	api.Show(w, r, shown, func(ctx context.Context) (mail.Mail, error) {
		var c identity.MailTextChange
		if err := api.DecodeOptional(r, &c); err != nil {
			return mail.Mail{}, err
		}
		return h.PreviewMail(ctx, refOf(r), c)
	})
}
