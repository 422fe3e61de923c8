package table

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// The item of a suppression has the reason in the attribute because, its time (unix ms) in the attribute
// since, and the reported spelling of the address, if it is another, in the attribute reported. It has
// no time to live, so it is kept until somebody clears it. Items of the first
// release have a ttl instead of since, and expire.

// Suppressions marks the addresses to which no mail is sent.
type Suppressions struct{ *store }

// Put marks an address to which no mail is sent any more. The mark replaces an earlier one. It can
// safely be repeated.
func (t Suppressions) Put(ctx context.Context, s identity.Suppression) error {
	it := suppressedKey(s.Address).item()
	it["because"], it["since"] = str(string(s.Reason)), num(s.CreatedAt.UnixMilli())
	if s.Reported != "" {
		it["reported"] = str(s.Reported)
	}
	if err := t.put(ctx, it, "", nil); err != nil {
		return fmt.Errorf("suppress address: %w", err)
	}
	return nil
}

// Get returns the mark of a mailbox. It reports false if there is none.
func (t Suppressions) Get(ctx context.Context, box string) (identity.Suppression, bool, error) {
	it, err := t.get(ctx, suppressedKey(box), "")
	if err != nil || len(it) == 0 {
		if err != nil {
			err = fmt.Errorf("read suppression: %w", err)
		}
		return identity.Suppression{}, false, err
	}
	return suppressionOf(it), true, nil
}

// Check returns Invalid if nothing is sent to an address, for a caller who may know that. The address must
// be one to which mail can be sent (identity.ParseMailAddress).
func (t Suppressions) Check(ctx context.Context, pointer, address string) error {
	to, err := identity.ParseMailAddress(address)
	if err != nil {
		return identity.InvalidField(pointer, identity.RuleOf(err))
	}
	mark, marked, err := t.Get(ctx, to.Mailbox())
	if err != nil || !marked {
		return err
	}
	return mark.Refusal(pointer)
}

// Find returns the marks of those addresses that have one, in the order of the addresses. The
// addresses must be different.
func (t Suppressions) Find(ctx context.Context, addresses []string) ([]identity.Suppression, error) {
	found := map[string]identity.Suppression{}
	for some := range slices.Chunk(addresses, batchSize) {
		keys := make([]map[string]types.AttributeValue, len(some))
		for i, address := range some {
			keys[i] = suppressedKey(address).item()
		}
		items, err := t.batch(ctx, types.KeysAndAttributes{Keys: keys, ConsistentRead: aws.Bool(true)})
		if err != nil {
			return nil, fmt.Errorf("read suppressions: %w", err)
		}
		for _, it := range items {
			s := suppressionOf(it)
			found[s.Address] = s
		}
	}
	var list []identity.Suppression
	for _, address := range addresses {
		if s, ok := found[address]; ok {
			list = append(list, s)
		}
	}
	return list, nil
}

// Delete deletes the mark of an address. It can safely be repeated.
func (t Suppressions) Delete(ctx context.Context, address string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: suppressedKey(address).item()})
	if err != nil {
		return fmt.Errorf("clear suppression: %w", failure(err))
	}
	return nil
}

// suppressionOf returns the suppression of an item.
func suppressionOf(it item) identity.Suppression {
	address, _ := KindSuppressed.cut(text(it, pk))
	s := identity.Suppression{
		Address: address, Reported: text(it, "reported"), Reason: identity.SuppressionReason(text(it, "because")),
	}
	if since := number(it, "since"); since > 0 {
		s.CreatedAt = identity.At(time.UnixMilli(since))
	}
	return s
}
