package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/once"
)

// Answers reads the stored answers to requests with an idempotency key. Each answer is stored
// together with the change that the request makes.
type Answers struct{ *store }

// Get returns the answer that was stored for a request. It reports false if there is none, or if it
// has expired. The error is once.ErrOther if the key was used for another request.
func (t Answers) Get(ctx context.Context, r *once.Request) (answer []byte, ok bool, err error) {
	it, err := t.get(ctx, answerKey(r.ID), "")
	if err != nil {
		return nil, false, fmt.Errorf("read the answer to a request: %w", err)
	}
	sealed, ok := it["sealed"].(*types.AttributeValueMemberB)
	if !ok || number(it, ttl) <= t.now().Unix() {
		return nil, false, nil
	}
	answer, err = r.Open(text(it, "mark"), sealed.Value)
	return answer, err == nil, err
}

// answering returns the write that stores an answer.
func (t *store) answering(answer once.Answer) (types.TransactWriteItem, error) {
	sealed, err := answer.Seal()
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	r, now := answer.Request(), t.now()
	it := answerKey(r.ID).item()
	it["mark"], it["sealed"] = str(r.Mark), &types.AttributeValueMemberB{Value: sealed}
	it[ttl] = seconds(now.Add(once.Kept))
	write := t.putting(it, isNew+" OR #ttl <= :now", item{":now": seconds(now)})
	write.Put.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write, nil
}

// change carries out a single write, and stores the answer with it. If there is no answer, it makes
// the write without a transaction, which costs half as much. The error is errCondition if the
// condition of the write does not hold.
func (t *store) change(ctx context.Context, write types.TransactWriteItem, answer once.Answer) error {
	if !answer.IsZero() {
		err := t.transact(ctx, []types.TransactWriteItem{write}, answer)
		if errors.As(err, new(cancelled)) {
			return errCondition
		}
		return err
	}
	var err error
	if put := write.Put; put != nil {
		_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
			ExpressionAttributeValues: put.ExpressionAttributeValues,
		})
	} else {
		_, err = t.updateItem(ctx, alone(write.Update))
	}
	return failure(err)
}

// alone returns the input that makes an update of a transaction outside of one.
func alone(u *types.Update) *dynamodb.UpdateItemInput {
	return &dynamodb.UpdateItemInput{
		TableName: u.TableName, Key: u.Key, UpdateExpression: u.UpdateExpression,
		ConditionExpression:       u.ConditionExpression,
		ExpressionAttributeValues: u.ExpressionAttributeValues, ExpressionAttributeNames: u.ExpressionAttributeNames,
	}
}
