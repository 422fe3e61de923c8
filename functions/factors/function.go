package factors

import (
	"net/http"

	"identitypools/shared/askcode"
	"identitypools/shared/onetime"
	"identitypools/shared/prove"
	"identitypools/shared/start"
	"identitypools/shared/usecode"
)

// New returns the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	site, err := NewSite(p.Env.Must("PUBLIC_URL"))
	if err != nil {
		return nil, err
	}
	t := p.Table
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users, Keys: tools.Factors, Site: site,
		Apps:  prove.Apps{Mailboxes: t.Mailboxes, Keys: tools.Factors, Now: p.Now, NewID: p.NewID},
		Mails: askcode.New(t, p.Now, p.NewID), Codes: usecode.New(tools, t, p.Now, p.NewID),
		Retry: t.Retry, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
