package signin

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"

	"identitypools/shared/front"
	"identitypools/shared/onetime"
	"identitypools/shared/prove"
	"identitypools/shared/signing"
	"identitypools/shared/start"
	"identitypools/shared/submit"
)

// New returns the function's handler with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	base := p.Env.Must("PUBLIC_URL")
	public, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("read PUBLIC_URL: %w", err)
	}
	origins := http.NewCrossOriginProtection()
	// The gateway may have another host name than the pages.
	if err := origins.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("read PUBLIC_URL: %w", err)
	}
	o := p.Options()
	if o.Proxy, err = front.Open(p.Env); err != nil {
		return nil, err
	}
	t := p.Table
	return Handler(&Service{
		Workspaces: t.Workspaces, Applications: t.Applications, Pools: t.Pools, Users: t.Users,
		Sessions: t.Sessions, Grants: t.Grants, Budgets: t.Budgets,
		Prover: prove.New(tools, t, p.Log, p.Now, p.NewID),
		Gate:   submit.New(tools.Work, t, p.Now, p.NewID), Sealer: tools.Sealer,
		Tokens:    signing.NewVerifier(t.SigningKeys.Get, p.Now),
		PublicURL: base, Random: rand.Reader, Retry: t.Retry, Now: p.Now, NewID: p.NewID,
	}, tools.Source, origins, o)
}
