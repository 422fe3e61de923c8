package table

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// workKept is how long it is stored that a proof of work was used. It is longer than the lifetime
// of a challenge.
const workKept = time.Hour

// Works stores which proofs of work were used.
type Works struct{ *store }

// Spend uses a proof of work, given the name of its challenge, and reports whether the work is
// accepted. It is accepted once, however many callers use it simultaneously. The user identifies
// the caller: a second call with the same user gives the same result.
func (t Works) Spend(ctx context.Context, tenant, pool, challenge, user string) (bool, error) {
	it := workKey(tenant, pool, challenge).item()
	it["used_by"], it[ttl] = str(user), seconds(t.now().Add(workKept))
	err := t.put(ctx, it, "attribute_not_exists(pk) OR used_by = :by", item{":by": str(user)})
	if err != nil && !errors.Is(err, errCondition) {
		return false, fmt.Errorf("use a proof of work: %w", err)
	}
	return err == nil, nil
}
