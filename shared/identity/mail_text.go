package identity

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MailRef names the text of a pool's mail of one kind in one language. Package mail (shared/mail)
// defines the kinds.
type MailRef struct{ Tenant, Pool, Kind, Language string }

// MailText is the text of a pool's mail: a template of the subject and one of the body. A pool has
// the default texts until it sets its own.
type MailText struct {
	MailRef   `json:"-"`
	Subject   string `json:"subject"`
	Body      string `json:"body"`
	UpdatedAt Time   `json:"updated_at,omitzero"`

	Version int64 `json:"-"`
}

// IsOwn reports whether the pool has set the text.
func (t MailText) IsOwn() bool { return !t.UpdatedAt.IsZero() }

// MailTextChange is the body of a request that changes a text, or that asks for a preview of the
// change. It has the read-only fields of an answer, so that an answer can be sent back unchanged.
type MailTextChange struct {
	Subject *string `json:"subject"`
	Body    *string `json:"body"`

	Kind      string         `json:"kind"`
	Language  string         `json:"language"`
	Own       jsontext.Value `json:"own"`
	Variables jsontext.Value `json:"variables"`
	UpdatedAt jsontext.Value `json:"updated_at"`
}

// IsEmpty reports whether c changes nothing.
func (c MailTextChange) IsEmpty() bool { return c.Subject == nil && c.Body == nil }

// Changed returns the text after the change c. Absent fields are left unchanged, and line breaks become
// line feeds (see WithLineFeeds). Changed does not check whether a mail can be made from the text;
// package mail (shared/mail) does. The error is Invalid.
func (t MailText) Changed(c MailTextChange) (MailText, error) {
	var v Violations
	if c.Kind != "" && c.Kind != t.Kind {
		v.Add("/kind", Immutable("must be the kind of the path"))
	}
	if c.Language != "" && c.Language != t.Language {
		v.Add("/language", Immutable("must be the language of the path"))
	}
	setIfGiven(&t.Subject, c.Subject)
	setIfGiven(&t.Body, c.Body)
	t.Body = WithLineFeeds(t.Body)
	return t, v.Err()
}

// WithLineFeeds returns a text of several lines with line feeds in place of CRLF and CR, which mean the
// same. Forms in a browser send CRLF (WHATWG HTML §4.10.22.4).
func WithLineFeeds(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}
