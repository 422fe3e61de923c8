package passwords

import (
	"net/http"

	"identitypools/shared/password"
	"identitypools/shared/start"
)

// New returns the function with its real parts.
func New(p start.Parts) (http.Handler, error) {
	return Handler(&Service{
		Pools: p.Table.Pools, Users: p.Table.Users, Failures: p.Table.Failures, Passwords: password.NewHasher(),
		Retry: p.Table.Retry, Log: p.Log, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
