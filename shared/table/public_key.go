package table

import (
	"context"
	"errors"
	"fmt"

	"identitypools/shared/identity"
)

// Keys reads and publishes the public keys that verify tokens.
type Keys struct{ *store }

// Get reads the public keys that verify tokens; they are empty while none are published.
func (t Keys) Get(ctx context.Context) ([]byte, error) {
	it, err := t.get(ctx, keysKey(), "")
	if err != nil {
		return nil, fmt.Errorf("read public keys: %w", err)
	}
	return []byte(text(it, attrDoc)), nil
}

// Replace publishes keys in place of old. Errors: PreconditionFailed where others were published
// meanwhile.
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
