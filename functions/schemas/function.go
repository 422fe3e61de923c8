package schemas

import (
	"net/http"

	"identitypools/shared/start"
)

// New is the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	return Handler(&Service{Schemas: p.Table.Schemas, Now: p.Now, NewID: p.NewID}, p.Options())
}
