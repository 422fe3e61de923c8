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

// The item of a budget is for one day, or for one hour if the budget has no bound for a day. Its
// attribute day has what was spent in that period, h00 to h23 have what was spent in each hour
// (UTC), and mailboxes is the set of the different mailboxes for which it was spent.

// The formats of the periods of budget items.
const (
	budgetDay  = "2006-01-02"
	budgetHour = "2006-01-02T15"
)

// mailboxMark is how many characters of a mailbox's digest are stored. They are enough to tell the
// mailboxes of one source and hour apart.
const mailboxMark = 8

// periodOf returns the period of the item that has what is spent of b at a time.
func periodOf(b identity.Budget, now time.Time) string {
	if b.PerDay == 0 {
		return now.Format(budgetHour)
	}
	return now.Format(budgetDay)
}

// hourOf returns the attribute for the hour of a time.
func hourOf(t time.Time) string { return "h" + t.Format("15") }

// Budgets counts what is spent of the budgets of pools.
type Budgets struct{ *store }

// Spend takes one place in a pool's budget in the hour and on the day of a time. It is exact,
// however many callers call it simultaneously. The error is Limited if no place is left.
func (t Budgets) Spend(ctx context.Context, tenant, pool string, b identity.Budget, at time.Time) error {
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

// Reserve takes one place in a pool's budget. It takes it at the time at if the budget has a place
// left in that hour and on that day, and otherwise at the start of the first later hour that has
// one. It is exact, however many callers call it simultaneously. The error is Limited if there is
// no place before end.
func (t Budgets) Reserve(
	ctx context.Context, tenant, pool string, b identity.Budget, at, end time.Time,
) (identity.Place, error) {
	for at = at.UTC(); at.Before(end); {
		spent, day, err := t.spend(ctx, tenant, pool, b, at)
		if !errors.Is(err, errCondition) {
			return identity.Place{At: at, Spending: spent}, err
		}
		at = nextWithPlace(day, b, at)
	}
	return identity.Place{}, identity.Limited{RetryAfter: end.Sub(t.now()), Reason: b.Spent}
}

// HasPlace reports whether a pool's budget has a place left at a time.
func (t Budgets) HasPlace(ctx context.Context, tenant, pool string, b identity.Budget, at time.Time) (bool, error) {
	at = at.UTC()
	it, err := t.get(ctx, budgetKey(tenant, pool, b.Name, periodOf(b, at)), "")
	if err != nil {
		return false, fmt.Errorf("read a budget: %w", err)
	}
	return spendingOf(it, at).HasPlace(b), nil
}

// MailsAreScarce reports whether half of the mails that a pool may send in this hour, or on this
// day, are spent. Its reads are eventually consistent, and their results are cached for five
// seconds.
func (t Budgets) MailsAreScarce(ctx context.Context, tenant, pool string, l identity.Limits) (bool, error) {
	b, now := l.MailBudget(), t.now().UTC()
	k := budgetKey(tenant, pool, b.Name, periodOf(b, now))
	return t.scarce.get(k, now, func() (bool, error) {
		out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: t.name, Key: k.item()})
		if err != nil {
			return false, fmt.Errorf("read budget of mails: %w", failure(err))
		}
		return spendingOf(out.Item, now).IsHalf(b), nil
	})
}

// spend adds one to what is spent at a time, and returns what is then spent. The error is
// errCondition if the budget is spent; then old is the item as it is.
func (t Budgets) spend(
	ctx context.Context, tenant, pool string, b identity.Budget, now time.Time,
) (s identity.Spending, old item, err error) {
	in := &dynamodb.UpdateItemInput{
		TableName: t.name, Key: budgetKey(tenant, pool, b.Name, periodOf(b, now)).item(),
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
		in.ConditionExpression = aws.String(condition)
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	out, err := t.updateItem(ctx, in)
	var stopped *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &stopped):
		return s, stopped.Item, errCondition
	case err != nil:
		return s, nil, fmt.Errorf("spend of a budget: %w", failure(err))
	}
	return spendingOf(out.Attributes, now), nil, nil
}

// nextWithPlace returns the start of the first hour after a time that, according to the item of the
// day, has a place left. It returns the next midnight if no hour of that day does.
func nextWithPlace(day item, b identity.Budget, at time.Time) time.Time {
	midnight := at.Truncate(24 * time.Hour).Add(24 * time.Hour)
	if b.PerDay > 0 && number(day, "day") >= b.PerDay {
		return midnight
	}
	at = at.Truncate(time.Hour).Add(time.Hour)
	for at.Before(midnight) && b.PerHour > 0 && number(day, hourOf(at)) >= b.PerHour {
		at = at.Add(time.Hour)
	}
	return at
}

// spendingOf returns what was spent at a time, from the item of its day.
func spendingOf(it item, at time.Time) identity.Spending {
	return identity.Spending{Hour: number(it, hourOf(at)), Day: number(it, "day")}
}
