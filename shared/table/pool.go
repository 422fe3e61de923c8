package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Pools reads and stores identity pools.
type Pools struct{ *store }

// Create stores a new pool. The error is Conflict if the id is taken, even by a pool that is being
// deleted, and Invalid if a schema does not exist.
func (t Pools) Create(ctx context.Context, p identity.Pool, reply once.Reply[identity.Pool]) error {
	it, err := poolItem(p)
	if err != nil {
		return err
	}
	writes := []types.TransactWriteItem{t.putting(it, isNew, nil)}
	err = t.transact(ctx, append(writes, t.references(p.Tenant, nil, p.Schemas())...), reply.With(p))
	var stopped cancelled
	switch {
	case errors.As(err, &stopped) && stopped.at(0):
		return identity.Conflict{Pointer: "/id", Reason: "a pool with this id exists"}
	case errors.As(err, &stopped):
		return missingSchemas(p, p.Schemas(), stopped, 1)
	case err != nil:
		return fmt.Errorf("create pool %s: %w", p.ID, err)
	}
	return nil
}

// Get returns a pool. The error is NotFound if there is none with the id.
func (t Pools) Get(ctx context.Context, tenant, pool string) (identity.Pool, error) {
	it, err := t.get(ctx, poolKey(tenant, pool), "")
	if err != nil {
		return identity.Pool{}, fmt.Errorf("read pool %s: %w", pool, err)
	}
	if len(it) == 0 || it[attrDeleted] != nil {
		return identity.Pool{}, identity.NotFound{Thing: "pool", ID: pool}
	}
	return poolOf(it)
}

// Cached is like Get, but its result may be up to five seconds old.
func (t Pools) Cached(ctx context.Context, tenant, pool string) (identity.Pool, error) {
	return t.pools.get(poolKey(tenant, pool), t.now(), func() (identity.Pool, error) {
		return t.Get(ctx, tenant, pool)
	})
}

// Replace stores p in place of old, which must still be what is stored. The error is
// PreconditionFailed if it is not, and Invalid if a schema does not exist.
func (t Pools) Replace(
	ctx context.Context, old, p identity.Pool, reply once.Reply[identity.Pool],
) (identity.Pool, error) {
	p.Version = old.Version + 1
	doc, err := document(p)
	if err != nil {
		return p, err
	}
	added := without(p.Schemas(), old.Schemas())
	writes := []types.TransactWriteItem{t.updating(poolKey(p.Tenant, p.ID),
		"SET doc = :doc, version = :next", isVersion+" AND attribute_not_exists(deleted_at)",
		item{":doc": doc, ":next": num(p.Version), ":version": num(old.Version)})}
	references := t.references(p.Tenant, without(old.Schemas(), p.Schemas()), added)
	err = t.transact(ctx, append(writes, references...), reply.With(p))
	t.pools.drop(poolKey(p.Tenant, p.ID))
	var stopped cancelled
	switch {
	case errors.As(err, &stopped) && stopped.at(0):
		return p, identity.PreconditionFailed{}
	case errors.As(err, &stopped):
		return p, missingSchemas(p, added, stopped, len(writes)+len(without(old.Schemas(), p.Schemas())))
	case err != nil:
		return p, fmt.Errorf("change pool %s: %w", p.ID, err)
	}
	return p, nil
}

// Delete makes p, which must still be what is stored, invisible at once. What belongs to the pool
// is deleted later: see Deletions. The error is PreconditionFailed if the pool has changed.
func (t Pools) Delete(ctx context.Context, p identity.Pool, reply once.Reply[once.None]) error {
	writes := []types.TransactWriteItem{t.updating(poolKey(p.Tenant, p.ID),
		"SET deleted_at = :now, version = version + :one, gsi1pk = :later, gsi1sk = :sort",
		isVersion+" AND attribute_not_exists(deleted_at)", item{
			":now": num(t.now().UnixMilli()), ":one": num(1), ":version": num(p.Version),
			":later": str(laterIndex()), ":sort": str(t.purgeSort(p.ID)),
		})}
	name := poolNameKey(p.Tenant, p.ID).item()
	name["name_was"], name[ttl] = str(p.Name), seconds(t.now().Add(nameKept))
	writes = append(writes, t.putting(name, "", nil))
	writes = append(writes, t.references(p.Tenant, p.Schemas(), nil)...)
	err := t.transact(ctx, writes, reply.With(once.None{}))
	t.pools.drop(poolKey(p.Tenant, p.ID))
	var stopped cancelled
	switch {
	case errors.As(err, &stopped):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("delete pool %s: %w", p.ID, err)
	}
	return nil
}

// nameKept is how long the name of a deleted pool is stored.
const nameKept = 24 * time.Hour

// DeletedName returns the name that a deleted pool had. With it, a list in the order of names can
// be continued after the pool. The error is NotFound if the name is not stored.
func (t Pools) DeletedName(ctx context.Context, tenant, pool string) (string, error) {
	it, err := t.get(ctx, poolNameKey(tenant, pool), "")
	if err != nil {
		return "", fmt.Errorf("read name of pool %s: %w", pool, err)
	}
	if len(it) == 0 {
		return "", identity.NotFound{Thing: "pool", ID: pool}
	}
	return text(it, "name_was"), nil
}

// IsEmpty reports whether the pool has no users.
func (t Pools) IsEmpty(ctx context.Context, tenant, pool string) (bool, error) {
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: aws.String("pk = :pk"),
		ConsistentRead: aws.Bool(true), Limit: aws.Int32(1), ProjectionExpression: aws.String(pk),
		ExpressionAttributeValues: item{":pk": str(usersPartition(tenant, pool))},
	})
	if err != nil {
		return false, fmt.Errorf("look for users of pool %s: %w", pool, failure(err))
	}
	return len(out.Items) == 0, nil
}

// List returns all pools of a tenant in the order of their ids. The read is eventually consistent.
// A tenant has only a few pools, because administrators create each of them by hand.
func (t Pools) List(ctx context.Context, tenant string) ([]identity.Pool, error) {
	return listPartition(ctx, t.store, poolsIndex(tenant), poolOf)
}

// listPartition returns all values of a partition of the index, which of decodes.
func listPartition[V any](
	ctx context.Context, t *store, partition string, of func(item) (V, error),
) ([]V, error) {
	pages := dynamodb.NewQueryPaginator(t.db.Query, &dynamodb.QueryInput{
		TableName: t.name, IndexName: aws.String(index), KeyConditionExpression: aws.String("gsi1pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(partition)},
	})
	var all []V
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", partition, failure(err))
		}
		for _, it := range page.Items {
			value, err := of(it)
			if err != nil {
				return nil, err
			}
			all = append(all, value)
		}
	}
	return all, nil
}

// references returns the writes that update, in the transaction of a pool, the number of pools that
// use each schema. The condition of such a write does not hold if the schema does not exist.
func (t Pools) references(tenant string, dropped, added []string) []types.TransactWriteItem {
	var writes []types.TransactWriteItem
	for _, id := range dropped {
		writes = append(writes, t.updating(schemaKey(tenant, id), "ADD refs :n", exists, item{":n": num(-1)}))
	}
	for _, id := range added {
		writes = append(writes, t.updating(schemaKey(tenant, id), "ADD refs :n", exists, item{":n": num(1)}))
	}
	return writes
}

// missingSchemas returns the error for the fields of p whose schemas made the transaction fail. The
// writes for the added schemas begin at the index first of the transaction.
func missingSchemas(p identity.Pool, added []string, stopped cancelled, first int) error {
	var v identity.Violations
	for i, id := range added {
		if !stopped.at(first + i) {
			continue
		}
		for _, part := range []identity.DataPart{identity.Payload, identity.Metadata, identity.BusinessMetadata} {
			if p.SchemaOf(part) == id {
				v.Add("/"+string(part)+"_schema_id", identity.NoSuch("names a schema that does not exist"))
			}
		}
	}
	if len(v) == 0 {
		return identity.Unavailable{RetryAfter: retryAfter, Cause: stopped}
	}
	return v.Err()
}

// poolItem returns the item of a pool.
func poolItem(p identity.Pool) (item, error) {
	doc, err := document(p)
	if err != nil {
		return nil, err
	}
	it := poolKey(p.Tenant, p.ID).item()
	it[indexPK], it[indexSK] = str(poolsIndex(p.Tenant)), str(p.ID)
	it[attrDoc], it[attrVersion] = doc, num(p.Version)
	return it, nil
}

// poolOf returns the pool of an item.
func poolOf(it item) (identity.Pool, error) {
	var p identity.Pool
	if err := parse(it, &p); err != nil {
		return p, err
	}
	// A pool that was stored by an earlier release may have neither.
	p.Limits, p.Branding = p.Limits.Filled(), p.Branding.Filled()
	p.Version, p.Users = number(it, attrVersion), max(number(it, attrMembers), 0)
	return p, nil
}

// without returns those ids of list that are not in other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(other, id) })
}
