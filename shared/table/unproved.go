package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// maxWrites is how many items a transaction has at most; one of them may be the answer to a request
// with an idempotency key.
const maxWrites = 100

// WaitedWith returns the user with whom the item waited whose key a record of the stream has. It
// reports false where that is neither a registration nor codes for activation.
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
// claims in their order. The users in place of whom it comes are deleted with their codes and
// claims; each must still be what was read.
func (t Users) creating(u identity.User, replaced []identity.User) ([]types.TransactWriteItem, error) {
	it, err := userItem(u)
	if err != nil {
		return nil, err
	}
	claims := u.Claims()
	writes := append([]types.TransactWriteItem{t.putting(it, isNew, nil)}, t.claiming(u, claims, replaced)...)
	return append(writes, t.replacingUnproved(replaced, claims)...), nil
}

// claiming returns the writes that claim for u what is free, its own, or that of users who give
// way.
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

// replacingUnproved returns the writes that delete users who give way, except the claims that
// somebody else takes.
func (t Users) replacingUnproved(replaced []identity.User, claims []string) []types.TransactWriteItem {
	var writes []types.TransactWriteItem
	for _, old := range replaced {
		writes = append(writes, t.removing(old, without(old.Claims(), claims))...)
		writes = append(writes, t.emptying(old.Ref(), "", item{}))
	}
	return writes
}

// DeleteUnproved deletes a user whom nobody has proved, as it was read, and frees its identifiers.
// Errors: PreconditionFailed.
func (t Users) DeleteUnproved(ctx context.Context, u identity.User) error {
	return unchanged(t.transact(ctx, t.erasing(u, u.Claims()), once.Answer{}), "delete unproved user")
}

// erasing returns the writes of removing, and one that deletes the codes of u without a trace.
func (t *store) erasing(u identity.User, claims []string) []types.TransactWriteItem {
	return append(t.removing(u, claims), t.deleting(codesKey(u.Ref(), identity.PurposeActivation), "", nil))
}

// removing returns the writes that delete u as it was read and some of its claims. The caller adds
// what is done with its codes.
func (t *store) removing(u identity.User, claims []string) []types.TransactWriteItem {
	writes := []types.TransactWriteItem{
		t.deleting(userKey(u.Ref()), isVersion, item{":version": num(u.Version)}),
	}
	for _, normalized := range claims {
		writes = append(writes, t.deleting(claimKey(u.Tenant, u.Pool, normalized), isMine, item{":user": str(u.ID)}))
	}
	return writes
}

// unprovedOwners returns the users who have those claims of u whose indexes in u.Claims() are in
// taken. All of them are unproved. Errors: Conflict where one is not, or where they are more than
// one transaction can replace.
func (t Users) unprovedOwners(ctx context.Context, u identity.User, taken []int) ([]identity.User, error) {
	var (
		owners []identity.User
		claims = u.Claims()
		writes = 1 + len(claims) + 1
	)
	for _, i := range taken {
		owner, err := t.ownerOf(ctx, u.Tenant, u.Pool, claims[i])
		switch {
		case errors.As(err, new(identity.NotFound)):
			continue // freed meanwhile
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

// ownerOf returns the user who has a claim now. Errors: NotFound where nobody has.
func (t Users) ownerOf(ctx context.Context, tenant, pool, normalized string) (identity.User, error) {
	it, err := t.get(ctx, claimKey(tenant, pool, normalized), "")
	if err != nil {
		return identity.User{}, fmt.Errorf("read claim: %w", err)
	}
	if len(it) == 0 {
		return identity.User{}, identity.NotFound{Thing: "user", ID: "of this identifier"}
	}
	return t.Get(ctx, identity.UserRef{Tenant: tenant, Pool: pool, ID: text(it, attrClaimant)})
}
