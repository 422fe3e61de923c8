package table

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// maxWrites is the maximum number of items in a transaction. One of them may be the answer to a
// request with an idempotency key.
const maxWrites = 100

// WaitedWith returns the user with whom a deleted item waited, given the key of the item in a
// record of the stream. It reports false if the item was neither a registration nor codes for
// activation.
func WaitedWith(partition, sort string) (ref identity.UserRef, ok bool) {
	rest, ok := KindUserItems.cut(partition)
	parts := strings.SplitN(rest, "#", 3)
	if !ok || len(parts) < 3 {
		return ref, false
	}
	ref = identity.UserRef{Tenant: parts[0], Pool: parts[1], ID: parts[2]}
	return ref, strings.HasPrefix(sort, registrationPrefix) || sort == codesKey(ref, identity.PurposeActivation).sk
}

// creating returns the writes that store a new user with its claims: the user first, then its
// claims in their order. The users in replaced are deleted with their codes and claims; each of
// them must still be what was read.
func (t Users) creating(u identity.User, replaced []identity.User) ([]types.TransactWriteItem, error) {
	it, err := userItem(u)
	if err != nil {
		return nil, err
	}
	claims := u.Claims()
	writes := append([]types.TransactWriteItem{t.putting(it, isNew, nil)}, t.claiming(u, claims, replaced)...)
	return append(writes, t.replacingUnproved(replaced, claims)...), nil
}

// claiming returns the writes that claim identifiers for u. Each of them must be free, or belong to
// u or to one of the replaced users.
func (t Users) claiming(u identity.User, claims []string, replaced []identity.User) []types.TransactWriteItem {
	var writes []types.TransactWriteItem
	for _, normalized := range claims {
		condition, owner := isFreeOrMine, u.ID
		for _, old := range replaced {
			if slices.Contains(old.Claims(), normalized) {
				condition, owner = isMine, old.ID
			}
		}
		writes = append(writes, t.putting(claimItem(u, normalized), condition, item{":user": str(owner)}))
	}
	return writes
}

// replacingUnproved returns the writes that delete replaced users, except for those of their claims
// that are claimed again.
func (t Users) replacingUnproved(replaced []identity.User, claims []string) []types.TransactWriteItem {
	var writes []types.TransactWriteItem
	for _, old := range replaced {
		writes = append(writes, t.removing(old, without(old.Claims(), claims))...)
		writes = append(writes, t.emptying(old.Ref(), "", item{}))
	}
	return writes
}

// DeleteUnproved deletes a user whom nobody has proved, and frees its identifiers. The user must
// still be what is stored. The error is PreconditionFailed if it has changed.
func (t Users) DeleteUnproved(ctx context.Context, u identity.User) error {
	return unchanged(t.transact(ctx, t.erasing(u, u.Claims()), once.Answer{}), "delete unproved user")
}

// erasing returns the writes of removing, and one that deletes the item of u's codes.
func (t *store) erasing(u identity.User, claims []string) []types.TransactWriteItem {
	return append(t.removing(u, claims), t.deleting(codesKey(u.Ref(), identity.PurposeActivation), "", nil))
}

// removing returns the writes that delete u, which must still be what is stored, and the given
// claims. The caller adds what happens to the codes of u.
func (t *store) removing(u identity.User, claims []string) []types.TransactWriteItem {
	writes := []types.TransactWriteItem{
		t.deleting(userKey(u.Ref()), isVersion, item{":version": num(u.Version)}),
	}
	for _, normalized := range claims {
		writes = append(writes, t.freeing(u, normalized))
	}
	return writes
}

// freeing returns the write that deletes a claim of u.
func (t *store) freeing(u identity.User, normalized string) types.TransactWriteItem {
	return t.deleting(claimKey(u.Tenant, u.Pool, normalized), isMine, item{":user": str(u.ID)})
}

// unprovedOwners returns the users to whom claims of u belong. Taken says for each of u.Claims() whether
// somebody else has it. All of these users are unproved. The error is Conflict if one of them is not,
// or if there are more than one transaction can replace.
func (t Users) unprovedOwners(ctx context.Context, u identity.User, taken []bool) ([]identity.User, error) {
	var (
		owners []identity.User
		claims = u.Claims()
		writes = 1 + len(claims) + 1
	)
	for i := range claims {
		if !taken[i] {
			continue
		}
		owner, err := t.ownerOf(ctx, u.Tenant, u.Pool, claims[i])
		switch {
		case errors.As(err, new(identity.NotFound)):
			continue // it has been freed
		case err != nil:
			return nil, err
		case slices.ContainsFunc(owners, func(known identity.User) bool { return known.ID == owner.ID }):
			continue
		}
		writes += len(t.erasing(owner, without(owner.Claims(), claims)))
		if !owner.IsUnproved() || owner.ID == u.ID || writes > maxWrites {
			return nil, takenClaim(u, i)
		}
		owners = append(owners, owner)
	}
	return owners, nil
}

// ownerOf returns the user to whom a claim belongs. The error is NotFound if the claim is free.
func (t Users) ownerOf(ctx context.Context, tenant, pool, normalized string) (identity.User, error) {
	owner, err := t.claimant(ctx, tenant, pool, []string{normalized}, true)
	if err != nil {
		return identity.User{}, err
	}
	return t.Get(ctx, owner)
}
