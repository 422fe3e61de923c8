package passwords

import (
	"net/http"

	"identitypools/shared/askcode"
	"identitypools/shared/onetime"
	"identitypools/shared/prove"
	"identitypools/shared/start"
)

// New returns the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	t := p.Table
	prover := prove.New(tools, t, p.Log, p.Now, p.NewID)
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users, Prover: prover, Passwords: prover.Passwords,
		Mails: askcode.New(t, p.Now, p.NewID), Codes: prover.Codes,
		Retry: t.Retry, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
