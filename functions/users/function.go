package users

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"identitypools/shared/factor"
	"identitypools/shared/password"
	"identitypools/shared/schema"
	"identitypools/shared/start"
)

// New returns the handler of the function, made from the parts of its process.
func New(p start.Parts) (http.Handler, error) {
	factors, err := factor.Open(p.Env)
	if err != nil {
		return nil, err
	}
	return Handler(&Service{
		Pools: p.Table.Pools, Users: p.Table.Users, Registrations: p.Table.Registrations,
		Suppressions: p.Table.Suppressions,
		SES:          SuppressionList{sesv2.NewFromConfig(p.Env.Config("SESV2")), p.Table.Retry},
		Documents:    schema.NewChecker(p.Table.Schemas),
		Passwords:    password.NewHasher(), Factors: factors, Retry: p.Table.Retry, Now: p.Now, NewID: p.NewID,
	}, p.Options())
}
