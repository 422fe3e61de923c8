package workspaces

import (
	"crypto/rand"
	"net/http"

	"identitypools/shared/cors"
	"identitypools/shared/start"
)

// New returns the handler of the function, made from the parts of its process.
func New(p start.Parts) (http.Handler, error) {
	origins := cors.Read(p.Env)
	origins.Applications = p.Table.Applications.All
	o := p.Options()
	o.Origins = origins.Allow
	return Handler(&Service{
		Workspaces: p.Table.Workspaces, Applications: p.Table.Applications, Retry: p.Table.Retry,
		Now: p.Now, NewID: p.NewID, Random: rand.Reader, PublicURL: p.Env.Must("PUBLIC_URL"),
	}, o)
}
