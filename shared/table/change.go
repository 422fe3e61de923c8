package table

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Effects are what is stored together with a change of a user, in the same transaction.
type Effects struct {
	// Spent are the codes that the change redeems, as they are once they are redeemed.
	Spent []identity.UserCodes
	// Messages are put into the outbox.
	Messages []identity.Message
}

// Change stores u over old with the effects, all or nothing. It claims the identifiers and the
// verified addresses that u has and old has not, and frees those that old has and u has not. A user
// whom nobody has proved gives way to u if it has one of these claims. If the status of u is another
// one and no code is redeemed, Change kills the user's codes for all purposes.
//
// Errors: PreconditionFailed if the user or any of the codes have changed since they were read;
// Conflict, without a pointer, if somebody else has an identifier or address that u claims.
func (t Users) Change(
	ctx context.Context, old, u identity.User, e Effects, reply once.Reply[identity.User],
) (identity.User, error) {
	u.Version = old.Version + 1
	var (
		claims   = without(u.Claims(), old.Claims())
		first    = 1 + len(e.Spent) // the place of the first claim in the transaction
		replaced []identity.User
	)
	err := t.again(ctx, func() error {
		writes, err := t.changing(old, u, e, claims, replaced)
		if err != nil {
			return err
		}
		err = t.transact(ctx, writes, reply.With(u))
		var stopped cancelled
		if !errors.As(err, &stopped) || stopped.before(first) {
			return unchanged(err, "change user")
		}
		taken := make([]bool, len(u.Claims()))
		isTaken := false
		for i, normalized := range claims {
			if stopped.at(first + i) {
				taken[slices.Index(u.Claims(), normalized)], isTaken = true, true
			}
		}
		if !isTaken {
			return unchanged(err, "change user")
		}
		if replaced, err = t.unprovedOwners(ctx, u, taken); errors.As(err, new(identity.Conflict)) {
			return identity.Conflict{Reason: "it belongs to another user of this pool"}
		}
		if err != nil {
			return err
		}
		return errLost
	})
	return u, err
}

// changing returns the writes of Change: first the user, then the codes in the order of e.Spent, then
// the claims in the order of claims.
func (t Users) changing(
	old, u identity.User, e Effects, claims []string, replaced []identity.User,
) ([]types.TransactWriteItem, error) {
	writes, err := t.replacing(old, u)
	if err != nil {
		return nil, err
	}
	remaining := t.replacingUnproved(replaced, claims)
	if u.Status != old.Status && len(e.Spent) == 0 { // else the redemption has spent them
		remaining = append(remaining, t.killing(u.Ref(), t.now()))
	}
	for _, normalized := range without(old.Claims(), u.Claims()) {
		remaining = append(remaining, t.freeing(u, normalized))
	}
	for _, each := range e.Spent {
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
	for _, m := range e.Messages {
		message, err := t.messaging(m)
		if err != nil {
			return nil, err
		}
		writes = append(writes, message)
	}
	return writes, nil
}
