package schemas

import (
	"net/http"

	"identitypools/shared/start"
)

// New returns the handler of the function, made from the parts of its process.
func New(p start.Parts) (http.Handler, error) {
	return Handler(&Service{
		Schemas: p.Table.Schemas, Retry: p.Table.Retry, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
