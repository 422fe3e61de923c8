package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// A budget item is for a day, or for an hour where the budget has no bound a day: day has what was
// spent in that period, h00 to h23 what was spent in each hour (UTC), and mailboxes the different
// mailboxes that it was spent for.

const (
	budgetDay  = "2006-01-02"
	budgetHour = "2006-01-02T15"
)

// mailboxMark is how many characters of a mailbox's digest tell it from the others of one source and hour.
const mailboxMark = 8

func periodOf(b identity.Budget, now time.Time) string {
	if b.PerDay == 0 {
		return now.Format(budgetHour)
	}
	return now.Format(budgetDay)
}

func hourOf(t time.Time) string { return "h" + t.Format("15") }

// Spend takes one of what a pool may spend in the hour and on the day of a time, exactly, however many do at once. Errors: Limited where that is
// spent.
func (t *Table) Spend(ctx context.Context, tenant, pool string, b identity.Budget, at time.Time) error {
	now := at.UTC()
	_, old, err := t.spend(ctx, tenant, pool, b, now)
	if !errors.Is(err, errCondition) {
		return err
	}
	again := now.Truncate(time.Hour).Add(time.Hour)
	if b.PerDay > 0 && number(old, "day") >= b.PerDay {
		again = now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	return identity.Limited{RetryAfter: again.Sub(t.now()), Reason: b.Spent}
}

// spend adds one to what is spent at a time, and is what is spent with it. Errors: errCondition where
// the budget is spent, with the item of the day.
func (t *Table) spend(
	ctx context.Context, tenant, pool string, b identity.Budget, now time.Time,
) (s identity.Spending, old item, err error) {
	in := &dynamodb.UpdateItemInput{
		TableName: t.name, Key: budgetKey(tenant, pool, b.Of, periodOf(b, now)).item(),
		UpdateExpression:          aws.String("ADD #day :n, #hour :n SET #ttl = :ttl"),
		ExpressionAttributeNames:  map[string]string{"#day": "day", "#hour": hourOf(now), "#ttl": ttl},
		ExpressionAttributeValues: item{":n": num(1), ":ttl": seconds(now.Add(2 * 24 * time.Hour))},
		ReturnValues:              types.ReturnValueUpdatedNew,
	}
	condition := ""
	for _, bound := range []struct {
		name string
		most int64
	}{{"day", b.PerDay}, {"hour", b.PerHour}} {
		if bound.most == 0 {
			continue
		}
		if condition != "" {
			condition += " AND "
		}
		condition += fmt.Sprintf("(attribute_not_exists(#%s) OR #%s < :%s)", bound.name, bound.name, bound.name)
		in.ExpressionAttributeValues[":"+bound.name] = num(bound.most)
	}
	if b.Mailbox != "" {
		mailbox := b.Mailbox[:min(len(b.Mailbox), mailboxMark)]
		box := &types.AttributeValueMemberSS{Value: []string{mailbox}}
		in.UpdateExpression = aws.String("ADD #day :n, #hour :n, mailboxes :box SET #ttl = :ttl")
		in.ExpressionAttributeValues[":box"], in.ExpressionAttributeValues[":mailbox"] = box, str(mailbox)
		in.ExpressionAttributeValues[":mailboxes"] = num(b.Mailboxes)
		condition += " AND (attribute_not_exists(mailboxes) OR size(mailboxes) < :mailboxes " +
			"OR contains(mailboxes, :mailbox))"
	}
	if condition != "" {
		in.ConditionExpression, in.ReturnValuesOnConditionCheckFailure = aws.String(condition), types.ReturnValuesOnConditionCheckFailureAllOld
	}
	out, err := t.db.UpdateItem(ctx, in)
	var stopped *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &stopped):
		return s, stopped.Item, errCondition
	case err != nil:
		return s, nil, fmt.Errorf("spend of a budget: %w", failure(err))
	}
	return spendingOf(out.Attributes, now), nil, nil
}

// spendingOf is what was spent at a time, of the item of its day.
func spendingOf(it item, at time.Time) identity.Spending {
	return identity.Spending{Hour: number(it, hourOf(at)), Day: number(it, "day")}
}
