package table

import (
	"context"
	"errors"
	"fmt"

	"identitypools/shared/identity"
)

// Keys reads and stores a set of keys: the public keys with which tokens of API clients are verified, or
// those with which tokens of workspaces are signed, which are sealed.
type Keys struct {
	*store
	at key
}

// Get returns the stored keys, which are empty if none have been stored.
func (t Keys) Get(ctx context.Context) ([]byte, error) {
	it, err := t.get(ctx, t.at, "")
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return []byte(text(it, attrDoc)), nil
}

// Replace stores keys in place of old, which is empty at the first time. The error is PreconditionFailed
// if other keys have been stored in between.
func (t Keys) Replace(ctx context.Context, old, keys []byte) error {
	it := t.at.item()
	it[attrDoc] = str(string(keys))
	condition, values := isNew, item(nil)
	if len(old) > 0 {
		condition, values = "doc = :old", item{":old": str(string(old))}
	}
	switch err := t.put(ctx, it, condition, values); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("store keys: %w", err)
	}
	return nil
}
