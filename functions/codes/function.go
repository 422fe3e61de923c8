package codes

import (
	"net/http"

	"identitypools/shared/onetime"
	"identitypools/shared/start"
)

// New returns the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	t := p.Table
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users,
		Codes: &onetime.Generator{
			Pools: t.Pools, Users: t.Users, NewID: p.NewID,
			Addresses: onetime.Addresses{
				Users: t.Users, Registrations: t.Registrations, Mailboxes: t.Mailboxes, Now: p.Now,
			},
			Issuer: &onetime.Issuer{Codes: t.Codes, Mailboxes: t.Mailboxes, Coder: tools.Coder, Now: p.Now},
		},
	}, p.Options())
}
