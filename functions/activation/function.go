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
	return Handler(&Service{
		Pools: p.Table, Users: p.Table, Outbox: p.Table,
		Codes: &onetime.Issuer{Store: p.Table, Coder: tools.Coder, Now: p.Now},
		Redeemer: &onetime.Redeemer{
			Guesses: p.Table, Users: p.Table, Coder: tools.Coder, Passwords: password.NewHasher(), Now: p.Now, NewID: p.NewID,
		},
		MayReturnTo: onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
