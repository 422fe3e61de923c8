package table

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Functions whose names end in "ing", such as putting here or claiming in unproved.go, write nothing.
// They return writes, of which the caller makes a transaction.

// Conditions that several writes share. They are constants, and are never built from input.
const (
	isNew        = "attribute_not_exists(pk)"
	exists       = "attribute_exists(pk)"
	isVersion    = "version = :version"
	isFreeOrMine = "attribute_not_exists(pk) OR claimant = :user"
	isMine       = "claimant = :user"
)

// putting returns the part of a transaction that puts an item.
func (t *store) putting(it item, condition string, values item) types.TransactWriteItem {
	put := &types.Put{TableName: t.name, Item: it, ExpressionAttributeValues: values}
	if condition != "" {
		put.ConditionExpression = aws.String(condition)
	}
	return types.TransactWriteItem{Put: put}
}

// updating returns the part of a transaction that updates an item.
func (t *store) updating(k key, update, condition string, values item) types.TransactWriteItem {
	write := &types.Update{
		TableName: t.name, Key: k.item(), UpdateExpression: aws.String(update),
		ExpressionAttributeValues: values,
	}
	if condition != "" {
		write.ConditionExpression = aws.String(condition)
	}
	return types.TransactWriteItem{Update: write}
}

// deleting returns the part of a transaction that deletes an item.
func (t *store) deleting(k key, condition string, values item) types.TransactWriteItem {
	del := &types.Delete{TableName: t.name, Key: k.item(), ExpressionAttributeValues: values}
	if condition != "" {
		del.ConditionExpression = aws.String(condition)
	}
	return types.TransactWriteItem{Delete: del}
}

// checking returns the part of a transaction that only checks a condition of an item.
func (t *store) checking(k key, condition string, values item) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: t.name, Key: k.item(), ConditionExpression: aws.String(condition),
		ExpressionAttributeValues: values,
	}}
}
