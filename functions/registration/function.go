package registration

import (
	"net/http"

	"identitypools/shared/onetime"
	"identitypools/shared/password"
	"identitypools/shared/schema"
	"identitypools/shared/start"
)

// New is the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	hasher := password.NewHasher()
	return Handler(&Service{
		Pools: p.Table, Users: p.Table, Outbox: p.Table, Documents: schema.NewChecker(p.Table), Passwords: hasher, Tickets: tools.Sealer,
		Redeemer: &onetime.Redeemer{
			Guesses: p.Table, Users: p.Table, Coder: tools.Coder, Passwords: hasher, Now: p.Now, NewID: p.NewID,
		},
		MayReturnTo: onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), Budgets: p.Table, Now: p.Now, NewID: p.NewID,
	}, tools.Source, p.Options())
}
