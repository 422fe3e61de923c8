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
		Codes: tools.NewGenerator(t, p.Now, p.NewID),
	}, p.Options())
}
