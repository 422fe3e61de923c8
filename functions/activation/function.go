package activation

import (
	"net/http"

	"identitypools/shared/onetime"
	"identitypools/shared/password"
	"identitypools/shared/start"
	"identitypools/shared/vault"
)

// New is the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	master, err := vault.Read(p.Env, "CODE_SECRET")
	if err != nil {
		return nil, err
	}
	coder, err := onetime.NewCoder(master)
	if err != nil {
		return nil, err
	}
	return Handler(&Service{
		Pools: p.Table, Users: p.Table, Outbox: p.Table,
		Codes: &onetime.Issuer{Store: p.Table, Coder: coder, Now: p.Now},
		Redeemer: &onetime.Redeemer{
			Guesses: p.Table, Users: p.Table, Coder: coder, Passwords: password.NewHasher(), Now: p.Now, NewID: p.NewID,
		},
		MayReturnTo: onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
