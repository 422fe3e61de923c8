package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/once"
)

// Answer is the answer that was stored for a request; nil where there is none, or none any more. Errors: once.ErrOther.
func (t *Table) Answer(ctx context.Context, r *once.Request) ([]byte, error) {
	it, err := t.get(ctx, answerKey(r.ID), "")
	if err != nil {
		return nil, fmt.Errorf("read the answer to a request: %w", err)
	}
	sealed, ok := it["sealed"].(*types.AttributeValueMemberB)
	if !ok || number(it, ttl) <= t.now().Unix() {
		return nil, nil
	}
	return r.Open(text(it, "mark"), sealed.Value)
}

// answering is the write that stores the answer to r, whose change comes to result.
func (t *Table) answering(r *once.Request, result any) (types.TransactWriteItem, error) {
	sealed, err := r.Seal(result)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	it, now := answerKey(r.ID).item(), t.now()
	it["mark"], it["sealed"], it[ttl] = str(r.Mark), &types.AttributeValueMemberB{Value: sealed}, seconds(now.Add(once.Kept))
	write := t.putting(it, isNew+" OR #ttl <= :now", item{":now": seconds(now)})
	write.Put.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write, nil
}

// change is transact for a single write, which is made alone where no answer goes with it: that costs half. A condition that does not
// hold is errCondition.
func (t *Table) change(ctx context.Context, write types.TransactWriteItem, result any) error {
	if once.Of(ctx) != nil {
		err := t.transact(ctx, []types.TransactWriteItem{write}, result)
		if errors.As(err, new(cancelled)) {
			return errCondition
		}
		return err
	}
	var err error
	if put := write.Put; put != nil {
		_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression, ExpressionAttributeValues: put.ExpressionAttributeValues,
		})
	} else {
		_, err = t.db.UpdateItem(ctx, alone(write.Update))
	}
	return failure(err)
}

// alone is an update of a transaction as one that is made alone.
func alone(u *types.Update) *dynamodb.UpdateItemInput {
	return &dynamodb.UpdateItemInput{
		TableName: u.TableName, Key: u.Key, UpdateExpression: u.UpdateExpression,
		ConditionExpression:       u.ConditionExpression,
		ExpressionAttributeValues: u.ExpressionAttributeValues, ExpressionAttributeNames: u.ExpressionAttributeNames,
	}
}
