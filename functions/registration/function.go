package registration

import (
	"fmt"
	"net/http"
	"net/url"

	"identitypools/shared/activate"
	"identitypools/shared/cors"
	"identitypools/shared/front"
	"identitypools/shared/onetime"
	"identitypools/shared/password"
	"identitypools/shared/schema"
	"identitypools/shared/start"
	"identitypools/shared/submit"
	"identitypools/shared/usecode"
)

// New returns the function's handler with its real parts.
func New(p start.Parts) (http.Handler, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	public, err := url.Parse(p.Env.Must("PUBLIC_URL"))
	if err != nil {
		return nil, fmt.Errorf("read PUBLIC_URL: %w", err)
	}
	origins := http.NewCrossOriginProtection()
	// The gateway may have another host name than the pages.
	if err := origins.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("read PUBLIC_URL: %w", err)
	}
	o := p.Options()
	o.Origins = cors.Read(p.Env).Allow
	if o.Proxy, err = front.Open(p.Env); err != nil {
		return nil, err
	}
	hasher, t := password.NewHasher(), p.Table
	return Handler(&Service{
		Pools: t.Pools, Schemas: t.Schemas, Users: t.Users, Registrations: t.Registrations,
		Outbox: t.Outbox, Budgets: t.Budgets,
		Documents: schema.NewChecker(t.Schemas), Passwords: hasher,
		Tickets: tools.Sealer,
		Activator: &activate.Activator{
			Redeemer: tools.NewRedeemer(t, p.Now, p.NewID), Passwords: hasher,
		},
		Named:       usecode.New(tools, t, p.Now, p.NewID),
		MayReturnTo: onetime.OrSignIn(onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), p.Env.Must("PUBLIC_URL")),
		Gate:        submit.New(tools.Work, t, p.Now, p.NewID),
		Retry:       t.Retry, Now: p.Now, NewID: p.NewID,
	}, tools.Source, origins, o)
}
