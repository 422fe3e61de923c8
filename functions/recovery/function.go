package recovery

import (
	"fmt"
	"net/http"
	"net/url"

	"identitypools/shared/askcode"
	"identitypools/shared/cors"
	"identitypools/shared/front"
	"identitypools/shared/onetime"
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
	asker := askcode.New(p.Table, p.Now, p.NewID)
	asker.MayReturnTo = onetime.OrSignIn(onetime.ReturnURLs(p.Env.Get("RETURN_ORIGINS")), p.Env.Must("PUBLIC_URL"))
	return Handler(&Service{
		Pools: p.Table.Pools, Budgets: p.Table.Budgets, Asker: asker,
		Codes: usecode.New(tools, p.Table, p.Now, p.NewID), Tickets: tools.Sealer,
		Gate: submit.New(tools.Work, p.Table, p.Now, p.NewID), Now: p.Now, NewID: p.NewID,
	}, tools.Source, origins, o)
}
