package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// purgeStep is how many users one step of a purge deletes.
const purgeStep = 25

// PoolOf returns the pool whose key is in a record of the stream. It reports false for the key of
// any other item.
func PoolOf(partition, sort string) (tenant, pool string, ok bool) {
	rest, ok := KindPools.cut(partition)
	tenant, pool, found := strings.Cut(rest, "#")
	return tenant, pool, ok && found && sort == poolSort
}

// IsDeleted reports whether an image of a pool, by the names of its attributes, is of a pool that
// was deleted and waits to be purged.
func IsDeleted[V any](image map[string]V) bool {
	_, deleted := image[attrDeleted]
	return deleted
}

// Deletions deletes what belongs to deleted pools.
type Deletions struct{ *store }

// Purge carries out one step of deleting what belongs to a deleted pool. A step deletes some users
// with their identifiers, codes and registrations; the last one deletes the pool itself with the
// texts of its mails. The result done reports that nothing is left. Purge can safely be repeated,
// and does nothing to a pool that is not deleted.
func (t Deletions) Purge(ctx context.Context, tenant, pool string) (done bool, err error) {
	it, err := t.get(ctx, poolKey(tenant, pool), attrDeleted)
	if err != nil {
		return false, fmt.Errorf("read pool %s: %w", pool, err)
	}
	if it[attrDeleted] == nil {
		return true, nil
	}
	users, more, err := Users(t).List(ctx, tenant, pool, "", "", purgeStep)
	if err != nil {
		return false, err
	}
	for _, u := range users {
		if err := t.EraseUser(ctx, u); err != nil {
			return false, err
		}
	}
	if more || len(users) > 0 {
		return false, nil
	}
	err = t.erasePool(ctx, tenant, pool)
	return err == nil, err
}

// erasePool deletes a deleted pool together with the texts of its mails. It uses one transaction,
// so that no text outlives the pool, and no text is deleted of a new pool with the same id. The
// number of kinds of mails times languages is far below the hundred items of a transaction.
func (t Deletions) erasePool(ctx context.Context, tenant, pool string) error {
	texts, err := MailTexts(t).List(ctx, tenant, pool)
	if err != nil {
		return err
	}
	writes := []types.TransactWriteItem{
		t.deleting(poolKey(tenant, pool), "attribute_exists(deleted_at)", nil),
		t.deleting(poolCountKey(tenant, pool), "", nil),
	}
	for _, m := range texts {
		writes = append(writes, t.deleting(mailTextKey(m.MailRef), "", nil))
	}
	err = t.transact(ctx, writes, once.Answer{})
	if err != nil && !errors.As(err, new(cancelled)) {
		return fmt.Errorf("delete pool %s: %w", pool, err)
	}
	return nil
}

// purgeAgain is how long a deleted pool is left alone before Later.Due returns it: longer than a purge
// takes that nothing holds up.
const purgeAgain = 30 * time.Minute

// purgeSort returns the sort key, in the index, of a deleted pool: see laterSort.
func (t *store) purgeSort(pool string) string { return laterSort(t.now().Add(purgeAgain), 0, pool) }

// PurgeLater causes a new record of the stream for a deleted pool, so that its purge is continued
// in another invocation.
func (t Deletions) PurgeLater(ctx context.Context, tenant, pool string) error {
	_, err := t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: poolKey(tenant, pool).item(),
		UpdateExpression:    aws.String("SET version = version + :one, gsi1pk = :later, gsi1sk = :sort"),
		ConditionExpression: aws.String("attribute_exists(deleted_at)"),
		ExpressionAttributeValues: item{
			":one": num(1), ":later": str(laterIndex()), ":sort": str(t.purgeSort(pool)),
		},
	})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("go on purging pool %s: %w", pool, err)
	}
	return nil
}

// EraseUser deletes a user whose pool was deleted, with everything that is stored apart from the
// user. It can safely be repeated.
func (t Deletions) EraseUser(ctx context.Context, u identity.User) error {
	if err := t.eraseCodes(ctx, u.Ref()); err != nil {
		return err
	}
	err := unchanged(t.transact(ctx, t.erasing(u, u.Claims()), once.Answer{}), "erase user")
	if errors.As(err, new(identity.PreconditionFailed)) {
		return nil // it has changed or was deleted; the next step reads it again
	}
	return err
}

// eraseCodes deletes a user's codes of all purposes, and all registrations that wait with the user.
func (t Deletions) eraseCodes(ctx context.Context, ref identity.UserRef) error {
	pages := dynamodb.NewQueryPaginator(t.db.Query, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: aws.String("pk = :pk"), ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String(sk), ExpressionAttributeValues: item{":pk": str(userPartition(ref))},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list codes and registrations: %w", failure(err))
		}
		for _, it := range page.Items {
			k := key{userPartition(ref), text(it, sk)}
			if _, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: k.item()}); err != nil {
				return fmt.Errorf("delete codes or a registration: %w", failure(err))
			}
		}
	}
	return nil
}
