package table

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// userAttributes is what reads for the API take: everything but the password hash.
const userAttributes = "doc, version"

// Users reads and stores users, and what they claim: their identifiers and verified addresses.
type Users struct{ *store }

// Create stores a new user and claims its identifiers and verified addresses. Users whom nobody has
// proved (see identity.User.IsUnproved) give way, if they have what u claims. Errors: Conflict at
// the pointer of the id, identifier or address that is taken.
func (t Users) Create(ctx context.Context, u identity.User, reply once.Reply[identity.User]) error {
	var (
		taken    []int // indexes of the claims that somebody has, or had when they were tried
		replaced []identity.User
	)
	for range conflictTries {
		writes, err := t.creating(u, replaced)
		if err != nil {
			return err
		}
		err = t.transact(ctx, writes, reply.With(u))
		var stopped cancelled
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &stopped):
			return fmt.Errorf("create user: %w", err)
		case stopped.at(0):
			return identity.Conflict{Pointer: "/id", Reason: "a user with this id exists in the pool"}
		}
		for i := range u.Claims() {
			if stopped.at(1+i) && !slices.Contains(taken, i) {
				taken = append(taken, i)
			}
		}
		slices.Sort(taken)
		if replaced, err = t.unprovedOwners(ctx, u, taken); err != nil {
			return err
		}
	}
	return identity.Unavailable{RetryAfter: retryAfter, Cause: errCondition}
}

// takenClaim returns the error that names the first field of u which has its i-th claim.
func takenClaim(u identity.User, i int) error {
	normalized := u.Claims()[i]
	for j, known := range u.Identifiers {
		if known.Normalized == normalized {
			return identity.Conflict{
				Pointer: fmt.Sprintf("/identifiers/%d/identifier", j),
				Reason:  "the identifier is taken in this pool",
			}
		}
	}
	for j, known := range u.Addresses {
		if known.Normalized == normalized && known.Verified {
			return identity.Conflict{
				Pointer: fmt.Sprintf("/verifiable_addresses/%d/address", j),
				Reason:  "the address is verified for another user of this pool",
			}
		}
	}
	return errCondition
}

// Get reads a user without its password hash. Errors: NotFound.
func (t Users) Get(ctx context.Context, ref identity.UserRef) (identity.User, error) {
	it, err := t.get(ctx, userKey(ref), userAttributes)
	if err != nil {
		return identity.User{}, fmt.Errorf("read user: %w", err)
	}
	if len(it) == 0 {
		return identity.User{}, identity.NotFound{Thing: "user", ID: ref.ID}
	}
	return userOf(it)
}

// Claimant returns the user to whom a normalized identifier or verified address belongs. What it
// reads is eventually consistent. Errors: NotFound.
func (t Users) Claimant(ctx context.Context, tenant, pool, normalized string) (identity.UserRef, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: t.name, Key: claimKey(tenant, pool, normalized).item(),
	})
	if err != nil {
		return identity.UserRef{}, fmt.Errorf("read claim: %w", failure(err))
	}
	if len(out.Item) == 0 {
		return identity.UserRef{}, identity.NotFound{Thing: "user", ID: "of this identifier"}
	}
	return identity.UserRef{Tenant: tenant, Pool: pool, ID: text(out.Item, attrClaimant)}, nil
}

// Replace stores u over old, which the user must still be and whose identifiers and addresses u
// has. If u has another status, the user's codes of all purposes are dead. Errors: PreconditionFailed.
func (t Users) Replace(
	ctx context.Context, old, u identity.User, reply once.Reply[identity.User],
) (identity.User, error) {
	u.Version = old.Version + 1
	writes, err := t.replacing(old, u)
	if err != nil {
		return u, err
	}
	if u.Status != old.Status {
		writes = append(writes, t.killing(u.Ref(), t.now()))
	}
	return u, unchanged(t.transact(ctx, writes, reply.With(u)), "change user")
}

// replacing returns the write of u over old. The password hash stays unless u has a new one.
func (t Users) replacing(old, u identity.User) ([]types.TransactWriteItem, error) {
	doc, err := document(u)
	if err != nil {
		return nil, err
	}
	update := "SET doc = :doc, version = :next"
	values := item{":doc": doc, ":next": num(u.Version), ":version": num(old.Version)}
	if u.PasswordHash != "" {
		update += ", hash_phc = :hash"
		values[":hash"] = str(u.PasswordHash)
	}
	return []types.TransactWriteItem{t.updating(userKey(u.Ref()), update, isVersion, values)}, nil
}

// Delete deletes u as it was read, frees its identifiers and kills its codes, all at once. Errors:
// PreconditionFailed.
func (t Users) Delete(ctx context.Context, u identity.User, reply once.Reply[once.None]) error {
	writes := append(t.removing(u, u.Claims()), t.killing(u.Ref(), t.now()))
	return unchanged(t.transact(ctx, writes, reply.With(once.None{})), "delete user")
}

// unchanged turns a cancelled transaction on a resource that was read before into
// PreconditionFailed.
func unchanged(err error, doing string) error {
	var stopped cancelled
	switch {
	case errors.As(err, &stopped):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// List reads at most limit users of a pool in the order of their ids: after an id, or directly
// before one, then in falling order. An empty bound is the end of the list. It reads 1 MB at most,
// so it may return fewer than limit although the list goes on; more reports whether it does. What
// it reads is eventually consistent.
func (t Users) List(
	ctx context.Context, tenant, pool, after, before string, limit int32,
) (users []identity.User, more bool, err error) {
	in := &dynamodb.QueryInput{
		TableName: t.name, Limit: aws.Int32(limit), ProjectionExpression: aws.String(userAttributes),
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(usersPartition(tenant, pool))},
	}
	switch {
	case before != "":
		in.KeyConditionExpression, in.ScanIndexForward = aws.String("pk = :pk AND sk < :before"), aws.Bool(false)
		in.ExpressionAttributeValues[":before"] = str(before)
	case after != "":
		in.KeyConditionExpression = aws.String("pk = :pk AND sk > :after")
		in.ExpressionAttributeValues[":after"] = str(after)
	}
	out, err := t.db.Query(ctx, in)
	if err != nil {
		return nil, false, fmt.Errorf("list users of pool %s: %w", pool, failure(err))
	}
	for _, it := range out.Items {
		u, err := userOf(it)
		if err != nil {
			return nil, false, err
		}
		users = append(users, u)
	}
	return users, len(out.LastEvaluatedKey) > 0, nil
}

func userItem(u identity.User) (item, error) {
	doc, err := document(u)
	if err != nil {
		return nil, err
	}
	it := userKey(u.Ref()).item()
	it[attrDoc], it[attrVersion] = doc, num(u.Version)
	if u.PasswordHash != "" {
		it[attrHash] = str(u.PasswordHash)
	}
	return it, nil
}

func userOf(it item) (identity.User, error) {
	var u identity.User
	if err := parse(it, &u); err != nil {
		return u, err
	}
	u.Version, u.PasswordHash = number(it, attrVersion), text(it, attrHash)
	return u, nil
}

func claimItem(u identity.User, normalized string) item {
	it := claimKey(u.Tenant, u.Pool, normalized).item()
	it[attrClaimant] = str(u.ID)
	return it
}
