package table

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// Name is a name that somebody may have in a pool, in the forms in which it is looked up: see
// identity.Pool.LookupForms.
type Name struct {
	Tenant, Pool string
	Forms        []string
}

// Claimants returns, for each of the names, the id of the user to whom it belongs (see Claimant), or "" if
// it belongs to nobody. It reads all of them in one call, which is eventually consistent. The names are at
// most half of batchSize, and no two of them may be of the same pool.
func (t Users) Claimants(ctx context.Context, names []Name) ([]string, error) {
	var in types.KeysAndAttributes
	for _, n := range names {
		for _, form := range n.Forms {
			in.Keys = append(in.Keys, claimKey(n.Tenant, n.Pool, form).item())
		}
	}
	items, err := t.batch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read claims of pools: %w", err)
	}
	owners := make([]string, len(names))
	for i, n := range names {
		_, owners[i] = ownerAmong(items, n)
	}
	return owners, nil
}

// ownerAmong returns the claim of the first form of a name that belongs to somebody, according to the
// items that were read, and the id of that user. If there is none, it returns the claim of the last form
// and "".
func ownerAmong(items []item, n Name) (claim key, owner string) {
	for _, form := range n.Forms {
		claim = claimKey(n.Tenant, n.Pool, form)
		for _, it := range items {
			if text(it, pk) == claim.pk {
				return claim, text(it, attrClaimant)
			}
		}
	}
	return claim, ""
}

// Several reads users of different pools in one call, which is eventually consistent, without the hashes
// of their passwords. The users are at most batchSize, and have the order of refs. Who does not exist is
// returned as the zero value.
func (t Users) Several(ctx context.Context, refs []identity.UserRef) ([]identity.User, error) {
	in := types.KeysAndAttributes{ProjectionExpression: aws.String("pk, sk, " + userAttributes)}
	place := map[key]int{}
	for i, ref := range refs {
		place[userKey(ref)] = i
		in.Keys = append(in.Keys, userKey(ref).item())
	}
	items, err := t.batch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read users of pools: %w", err)
	}
	users := make([]identity.User, len(refs))
	for _, it := range items {
		if users[place[key{text(it, pk), text(it, sk)}]], err = userOf(it); err != nil {
			return nil, err
		}
	}
	return users, nil
}
