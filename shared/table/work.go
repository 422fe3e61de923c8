package table

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// workKept is how long it is known that a proof of work has been used: longer than its challenge
// can be solved.
const workKept = time.Hour

// Works knows which proofs of work have been used.
type Works struct{ *store }

// Spend uses a proof of work, by the name of its challenge, and reports whether it counts: it does
// once, however many use it at the same time. The user names the use: for the same one again it
// counts as before.
func (t Works) Spend(ctx context.Context, tenant, pool, challenge, user string) (bool, error) {
	it := workKey(tenant, pool, challenge).item()
	it["used_by"], it[ttl] = str(user), seconds(t.now().Add(workKept))
	err := t.put(ctx, it, "attribute_not_exists(pk) OR used_by = :by", item{":by": str(user)})
	if err != nil && !errors.Is(err, errCondition) {
		return false, fmt.Errorf("use a proof of work: %w", err)
	}
	return err == nil, nil
}
