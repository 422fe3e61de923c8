package pools

import (
	"net/http"

	"identitypools/shared/mail"
	"identitypools/shared/start"
)

// New returns the handler of the function, made from the parts of its process.
func New(p start.Parts) (http.Handler, error) {
	texts, err := mail.LoadTexts()
	if err != nil {
		return nil, err
	}
	return Handler(&Service{
		Pools: p.Table.Pools, MailTexts: p.Table.MailTexts, Deletions: p.Table.Deletions, Texts: texts,
		Retry: p.Table.Retry, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
