package table

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"identitypools/shared/identity"
)

// MailsAreScarce says whether half of the mails that a pool may send in this hour, or on this day,
// are spent. It is read without consistency, and up to five seconds old.
func (t *Table) MailsAreScarce(ctx context.Context, tenant, pool string, l identity.Limits) (bool, error) {
	b, now := l.MailBudget(), t.now().UTC()
	k := budgetKey(tenant, pool, b.Of, periodOf(b, now))
	return t.scarce.get(k, now, func() (bool, error) {
		out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: t.name, Key: k.item()})
		if err != nil {
			return false, fmt.Errorf("read budget of mails: %w", failure(err))
		}
		return spendingOf(out.Item, now).IsHalf(b), nil
	})
}
