package table

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// userAttributes are the attributes that reads for the API take: everything except the hash of the
// password.
const userAttributes = "doc, version"

// Users reads and stores users, and their claims: the identifiers and verified addresses that
// belong to them.
type Users struct{ *store }

// Create stores a new user and claims its identifiers and verified addresses. Users whom nobody has
// proved (see identity.User.IsUnproved) are deleted if they have claims that u needs. The error is
// Conflict; its pointer names the id, the identifier or the address that is taken.
func (t Users) Create(ctx context.Context, u identity.User, reply once.Reply[identity.User]) error {
	claims := u.Claims()
	taken := make([]bool, len(claims)) // the claims that others have, or had at an earlier try
	var replaced []identity.User
	return t.again(ctx, func() error {
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
		for i := range claims {
			taken[i] = taken[i] || stopped.at(1+i)
		}
		if replaced, err = t.unprovedOwners(ctx, u, taken); err != nil {
			return err
		}
		return errLost
	})
}

// takenClaim returns the error that names the first field of u that has its i-th claim.
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

// Get returns a user without the hash of its password. The error is NotFound if there is none with
// the id.
func (t Users) Get(ctx context.Context, ref identity.UserRef) (identity.User, error) {
	return t.read(ctx, ref, userAttributes)
}

// GetWithHash is like Get, and returns the user with the hash of its password.
func (t Users) GetWithHash(ctx context.Context, ref identity.UserRef) (identity.User, error) {
	return t.read(ctx, ref, "")
}

// read reads attributes of a user: those for the API, or all if attributes is "".
func (t Users) read(ctx context.Context, ref identity.UserRef, attributes string) (identity.User, error) {
	it, err := t.get(ctx, userKey(ref), attributes)
	if err != nil {
		return identity.User{}, fmt.Errorf("read user: %w", err)
	}
	if len(it) == 0 {
		return identity.User{}, identity.NotFound{Thing: "user", ID: ref.ID}
	}
	return userOf(it)
}

// Claimant returns the user to whom a normalized identifier or verified address belongs: the first
// of the forms that belongs to somebody (see identity.Pool.LookupForms). It reads all of them in one
// call, which is eventually consistent. The error is NotFound if they belong to nobody.
func (t Users) Claimant(ctx context.Context, tenant, pool string, forms []string) (identity.UserRef, error) {
	return t.claimant(ctx, tenant, pool, forms, false)
}

// claimant is Claimant with a read that may be strongly consistent.
func (t Users) claimant(
	ctx context.Context, tenant, pool string, forms []string, isConsistent bool,
) (identity.UserRef, error) {
	_, _, owner, err := t.claims(ctx, tenant, pool, forms, types.KeysAndAttributes{ConsistentRead: &isConsistent})
	if err == nil && owner == "" {
		err = identity.NotFound{Thing: "user", ID: "of this identifier"}
	}
	return identity.UserRef{Tenant: tenant, Pool: pool, ID: owner}, err
}

// claims reads the claims of the forms together with other items, in one call. It returns all items,
// the claim of the first form that belongs to somebody, and the id of that user. If there is none, it
// returns the claim of the last form and "".
func (t *store) claims(
	ctx context.Context, tenant, pool string, forms []string, in types.KeysAndAttributes,
) (items []item, claim key, owner string, err error) {
	for _, form := range forms {
		in.Keys = append(in.Keys, claimKey(tenant, pool, form).item())
	}
	if items, err = t.batch(ctx, in); err != nil {
		return nil, claim, "", fmt.Errorf("read claims: %w", err)
	}
	claim, owner = ownerAmong(items, Name{Tenant: tenant, Pool: pool, Forms: forms})
	return items, claim, owner, nil
}

// Replace is Change without further effects.
func (t Users) Replace(
	ctx context.Context, old, u identity.User, reply once.Reply[identity.User],
) (identity.User, error) {
	return t.Change(ctx, old, u, Effects{}, reply)
}

// replacing returns the write of u over old. It keeps the hash of the password and the earlier hashes
// unless u has a new hash.
func (t Users) replacing(old, u identity.User) ([]types.TransactWriteItem, error) {
	doc, err := document(u)
	if err != nil {
		return nil, err
	}
	update := "SET doc = :doc, version = :next"
	values := item{":doc": doc, ":next": num(u.Version), ":version": num(old.Version)}
	if u.PasswordHash != "" {
		update += ", hash_phc = :hash, earlier = :earlier"
		values[":hash"], values[":earlier"] = str(u.PasswordHash), str(strings.Join(u.EarlierHashes, "\n"))
	}
	return []types.TransactWriteItem{t.updating(userKey(u.Ref()), update, isVersion, values)}, nil
}

// Delete deletes u, which must still be what is stored, frees its identifiers and invalidates its
// codes, all in one transaction. The error is PreconditionFailed if the user has changed.
func (t Users) Delete(ctx context.Context, u identity.User, reply once.Reply[once.None]) error {
	writes := append(t.removing(u, u.Claims()), t.killing(u.Ref(), t.now()))
	return unchanged(t.transact(ctx, writes, reply.With(once.None{})), "delete user")
}

// unchanged returns the error of a transaction on something that was read before. It is
// PreconditionFailed if the transaction was cancelled.
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

// List returns users of a pool in the order of their ids, beginning after the id after. If before
// is not empty, it returns those before that id instead, in descending order. It returns at most
// limit users. It reads at most 1 MB, so it may return fewer than limit although there are further
// ones; the result more reports whether there are. The read is eventually consistent.
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

// userItem returns the item of a user.
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

// userOf returns the user of an item.
func userOf(it item) (identity.User, error) {
	var u identity.User
	if err := parse(it, &u); err != nil {
		return u, err
	}
	u.Version, u.PasswordHash = number(it, attrVersion), text(it, attrHash)
	if earlier := text(it, attrEarlier); earlier != "" {
		u.EarlierHashes = strings.Split(earlier, "\n")
	}
	return u, nil
}

// claimItem returns the item of a claim of u.
func claimItem(u identity.User, normalized string) item {
	it := claimKey(u.Tenant, u.Pool, normalized).item()
	it[attrClaimant] = str(u.ID)
	return it
}
