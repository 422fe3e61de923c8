package identity

import "github.com/go-json-experiment/json/jsontext"

// MailRef names the text of a mail of a pool: of a kind, in a language. Which kinds there are, shared/mail knows.
type MailRef struct{ Tenant, Pool, Kind, Language string }

// MailText is what a pool's mail says: a template of the subject and one of the body. A pool has the usual texts until it sets its own.
type MailText struct {
	MailRef   `json:"-"`
	Subject   string `json:"subject"`
	Body      string `json:"body"`
	UpdatedAt Time   `json:"updated_at,omitzero"`

	Version int64 `json:"-"`
}

// IsOwn says whether the pool has set the text.
func (t MailText) IsOwn() bool { return !t.UpdatedAt.IsZero() }

// MailTextChange is what a caller asks of a text: the body of update, and a draft of it for a preview. Read-only fields are accepted so that an
// answer can be sent back as it is.
type MailTextChange struct {
	Subject *string `json:"subject"`
	Body    *string `json:"body"`

	Kind      string         `json:"kind"`
	Language  string         `json:"language"`
	Own       jsontext.Value `json:"own"`
	Variables jsontext.Value `json:"variables"`
	UpdatedAt jsontext.Value `json:"updated_at"`
}

// IsEmpty says whether c leaves a text as it is.
func (c MailTextChange) IsEmpty() bool { return c.Subject == nil && c.Body == nil }

// Changed is the text after c, or Invalid: what is absent stays. Whether a mail can be made of it, shared/mail knows.
func (t MailText) Changed(c MailTextChange) (MailText, error) {
	var v Violations
	if c.Kind != "" && c.Kind != t.Kind {
		v.Add("/kind", "must be the kind of the path")
	}
	if c.Language != "" && c.Language != t.Language {
		v.Add("/language", "must be the language of the path")
	}
	replace(&t.Subject, c.Subject)
	replace(&t.Body, c.Body)
	return t, v.Err()
}
