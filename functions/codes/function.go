package codes

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
	return Handler(&Service{
		Pools: t.Pools, Users: t.Users,
		Codes: tools.NewGenerator(t, p.Now, p.NewID),
		Mails: askcode.New(t, p.Now, p.NewID), Uses: usecode.New(tools, t, p.Now, p.NewID),
	}, p.Options())
}
