package factors

import (
	"net/http"

	"identitypools/shared/factor"
	"identitypools/shared/start"
)

// New returns the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	keys, err := factor.Open(p.Env)
	if err != nil {
		return nil, err
	}
	site, err := NewSite(p.Env.Must("PUBLIC_URL"))
	if err != nil {
		return nil, err
	}
	t := p.Table
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users, Mailboxes: t.Mailboxes, Keys: keys, Site: site,
		Retry: t.Retry, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
