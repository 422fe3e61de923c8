package table

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// rememberedChanges is how many changes of a pool are remembered as counted. It is more than two
// batches of the stream have, so that a batch which is delivered again is not counted again. It is
// also small enough that the item costs one write unit.
const rememberedChanges = 60

// UserChange is a record of the stream that says that a user was created or deleted.
type UserChange struct {
	Event string // the record's id, which is unique and the same in every delivery
	User  identity.UserRef
	Gone  bool // whether the user was deleted
}

// UserOf returns the user whose key is in a record of the stream. It reports false for the key of
// any other item.
func UserOf(partition, sort string) (ref identity.UserRef, ok bool) {
	rest, ok := KindUsers.cut(partition)
	tenant, pool, found := strings.Cut(rest, "#")
	return identity.UserRef{Tenant: tenant, Pool: pool, ID: sort}, ok && found
}

// CountUsers adds changes, all of one pool, to the pool's number of users. It leaves out changes
// that were counted before. The error is NotFound if the pool does not exist any more.
func (t Pools) CountUsers(ctx context.Context, tenant, pool string, changes []UserChange) error {
	return t.again(ctx, func() error {
		k := poolCountKey(tenant, pool)
		it, err := t.get(ctx, k, "")
		if err != nil {
			return fmt.Errorf("read count of pool %s: %w", pool, err)
		}
		n, seen := counted(strings.Fields(text(it, "seen")), changes)
		next := k.item()
		next["seen"], next[attrVersion] = str(strings.Join(seen, " ")), num(number(it, attrVersion)+1)
		condition, values := isNew, item(nil)
		if len(it) > 0 {
			condition, values = isVersion, item{":version": num(number(it, attrVersion))}
		}
		err = t.transact(ctx, []types.TransactWriteItem{
			t.putting(next, condition, values),
			t.updating(poolKey(tenant, pool), "ADD members :n", exists+" AND attribute_not_exists(deleted_at)",
				item{":n": num(n)}),
		}, once.Answer{})
		var stopped cancelled
		switch {
		case errors.As(err, &stopped) && stopped.at(1):
			return identity.NotFound{Thing: "pool", ID: pool}
		case errors.As(err, &stopped):
			return errLost
		case err != nil:
			return fmt.Errorf("count users of pool %s: %w", pool, err)
		}
		t.pools.drop(poolKey(tenant, pool))
		return nil
	})
}

// counted returns the sum of the changes that are not in seen, and seen with these changes added.
func counted(seen []string, changes []UserChange) (n int64, now []string) {
	for _, change := range changes {
		sum := sha256.Sum256([]byte(change.Event))
		mark := base64.RawURLEncoding.EncodeToString(sum[:9])
		switch {
		case slices.Contains(seen, mark):
			continue
		case change.Gone:
			n--
		default:
			n++
		}
		seen = append(seen, mark)
	}
	return n, seen[max(0, len(seen)-rememberedChanges):]
}
