package passwords

import (
	"net/http"

	"identitypools/shared/askcode"
	"identitypools/shared/onetime"
	"identitypools/shared/start"
	"identitypools/shared/usecode"
)

// New returns the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	t := p.Table
	codes := usecode.New(tools, t, p.Now, p.NewID)
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users, Failures: t.Failures, Passwords: codes.Passwords,
		Mails: askcode.New(t, p.Now, p.NewID), Codes: codes,
		Retry: t.Retry, Log: p.Log, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
