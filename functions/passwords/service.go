// Package passwords is the function with which back ends verify, change and reset the passwords of users,
// and with which administrators let them be reset.
package passwords

import (
	"context"
	"time"

	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/password"
	"identitypools/shared/prove"
	"identitypools/shared/retry"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Service has the use cases on passwords.
type Service struct {
	Pools     table.Pools
	Users     table.Users
	Prover    *prove.Prover
	Passwords *password.Hasher
	Mails     *askcode.Asker
	Codes     *usecode.User
	Retry     retry.Policy
	Now       func() time.Time
	NewID     func() string
}

// Verify verifies a password of a user of a pool: see prove.Prover.Password. Errors: NotFound for the pool;
// Invalid; Limited; Unavailable.
func (s *Service) Verify(
	ctx context.Context, tenant, pool string, proof prove.Proof,
) (prove.Verdict, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return prove.Verdict{}, err
	}
	return s.Prover.Password(ctx, []identity.Pool{p}, proof)
}
