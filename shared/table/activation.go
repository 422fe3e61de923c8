package table

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Activate stores u over old, stores the codes in spent, claims the addresses that u has proved, and
// puts the notice into the outbox unless it is nil: all or nothing. A user whom nobody has proved
// gives way to u if it claims one of these addresses. Errors: PreconditionFailed if the user or any
// of the codes have changed since they were read; Conflict if an address has meanwhile become
// another user's.
func (t Users) Activate(
	ctx context.Context, old, u identity.User, spent []identity.UserCodes, notice *identity.Message,
	reply once.Reply[identity.User],
) (identity.User, error) {
	u.Version = old.Version + 1
	var (
		claims   = without(u.Claims(), old.Claims())
		replaced []identity.User
	)
	err := t.again(ctx, func() error {
		writes, err := t.activating(old, u, spent, notice, claims, replaced)
		if err != nil {
			return err
		}
		err = t.transact(ctx, writes, reply.With(u))
		var stopped cancelled
		if !errors.As(err, &stopped) || stopped.before(1+len(spent)) {
			return unchanged(err, "activate user")
		}
		taken := make([]bool, len(u.Claims()))
		for i, normalized := range claims {
			if stopped.at(1 + len(spent) + i) {
				taken[slices.Index(u.Claims(), normalized)] = true
			}
		}
		if replaced, err = t.unprovedOwners(ctx, u, taken); errors.As(err, new(identity.Conflict)) {
			return identity.Conflict{Reason: "the address belongs to another user of this pool"}
		}
		if err != nil {
			return err
		}
		return errLost
	})
	return u, err
}

// activating returns the writes of Activate: first the user, then the codes in the order of spent,
// then the claims in the order of claims.
func (t Users) activating(
	old, u identity.User, spent []identity.UserCodes, notice *identity.Message,
	claims []string, replaced []identity.User,
) ([]types.TransactWriteItem, error) {
	writes, err := t.replacing(old, u)
	if err != nil {
		return nil, err
	}
	remaining := t.replacingUnproved(replaced, claims)
	for _, each := range spent {
		k := codesKey(each.User, each.Purpose)
		remaining = slices.DeleteFunc(remaining, func(w types.TransactWriteItem) bool { // an item is written once
			return w.Update != nil && text(w.Update.Key, pk) == k.pk && text(w.Update.Key, sk) == k.sk
		})
		write, err := t.replacingCodes(each)
		if err != nil {
			return nil, err
		}
		writes = append(writes, write)
	}
	writes = append(writes, t.claiming(u, claims, replaced)...)
	writes = append(writes, remaining...)
	if notice == nil {
		return writes, nil
	}
	message, err := t.messaging(*notice)
	return append(writes, message), err
}
