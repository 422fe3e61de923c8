package activation

import (
	"net/http"

	"identitypools/shared/onetime"
	"identitypools/shared/password"
	"identitypools/shared/start"
)

// New is the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	t := p.Table
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users, Registrations: t.Registrations, Mailboxes: t.Mailboxes, Outbox: t.Outbox,
		Codes: &onetime.Issuer{Codes: t.Codes, Mailboxes: t.Mailboxes, Coder: tools.Coder, Now: p.Now},
		Redeemer: &onetime.Redeemer{
			Codes: t.Codes, Mailboxes: t.Mailboxes, Registrations: t.Registrations, Users: t.Users,
			Coder: tools.Coder, Passwords: password.NewHasher(), Now: p.Now, NewID: p.NewID,
		},
		MayReturnTo: onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
