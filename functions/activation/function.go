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
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users, Outbox: t.Outbox, Suppressions: t.Suppressions,
		Codes: tools.NewGenerator(t, p.Now, p.NewID),
		Activator: &activate.Activator{
			Redeemer: tools.NewRedeemer(t, p.Now, p.NewID), Passwords: password.NewHasher(),
			Factors: tools.Factors,
		},
		MayReturnTo: onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
