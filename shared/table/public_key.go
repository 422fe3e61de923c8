package table

import (
	"context"
	"errors"
	"fmt"

	"identitypools/shared/identity"
)

// Keys reads and publishes the public keys with which tokens are verified.
type Keys struct{ *store }

// Get returns the published keys, which are empty if none have been published.
func (t Keys) Get(ctx context.Context) ([]byte, error) {
	it, err := t.get(ctx, keysKey(), "")
	if err != nil {
		return nil, fmt.Errorf("read public keys: %w", err)
	}
	return []byte(text(it, attrDoc)), nil
}

// Replace publishes keys in place of old. The error is PreconditionFailed if other keys have been
// published in between.
func (t Keys) Replace(ctx context.Context, old, keys []byte) error {
	it := keysKey().item()
	it[attrDoc] = str(string(keys))
	condition, values := isNew, item(nil)
	if len(old) > 0 {
		condition, values = "doc = :old", item{":old": str(string(old))}
	}
	switch err := t.put(ctx, it, condition, values); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("publish keys: %w", err)
	}
	return nil
}
