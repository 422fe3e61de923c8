package activation

import (
	"net/http"

	"identitypools/shared/activate"
	"identitypools/shared/onetime"
	"identitypools/shared/password"
	"identitypools/shared/start"
)

// New returns the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	t := p.Table
	addresses := onetime.Addresses{
		Users: t.Users, Registrations: t.Registrations, Mailboxes: t.Mailboxes, Now: p.Now,
	}
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users, Outbox: t.Outbox, Addresses: addresses,
		Codes: &onetime.Generator{
			Pools: t.Pools, Users: t.Users, Addresses: addresses, NewID: p.NewID,
			Issuer: &onetime.Issuer{Codes: t.Codes, Mailboxes: t.Mailboxes, Coder: tools.Coder, Now: p.Now},
		},
		Activator: &activate.Activator{
			Redeemer: &onetime.Redeemer{
				Codes: t.Codes, Mailboxes: t.Mailboxes, Registrations: t.Registrations, Users: t.Users,
				Coder: tools.Coder, Now: p.Now, NewID: p.NewID,
			},
			Mailboxes: t.Mailboxes, Registrations: t.Registrations, Users: t.Users,
			Passwords: password.NewHasher(), Now: p.Now, NewID: p.NewID,
		},
		MayReturnTo: onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
