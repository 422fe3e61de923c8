package table

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Conditions that several writes share. They are constants, never built from input.
const (
	isNew        = "attribute_not_exists(pk)"
	exists       = "attribute_exists(pk)"
	isVersion    = "version = :version"
	isFreeOrMine = "attribute_not_exists(pk) OR claimant = :user"
	isMine       = "claimant = :user"
)

// Parts of a transaction.

func (t *Table) putting(it item, condition string, values item) types.TransactWriteItem {
	put := &types.Put{TableName: t.name, Item: it, ExpressionAttributeValues: values}
	if condition != "" {
		put.ConditionExpression = aws.String(condition)
	}
	return types.TransactWriteItem{Put: put}
}

func (t *Table) updating(k key, update, condition string, values item) types.TransactWriteItem {
	write := &types.Update{
		TableName: t.name, Key: k.item(), UpdateExpression: aws.String(update),
		ExpressionAttributeValues: values,
	}
	if condition != "" {
		write.ConditionExpression = aws.String(condition)
	}
	return types.TransactWriteItem{Update: write}
}

func (t *Table) deleting(k key, condition string, values item) types.TransactWriteItem {
	del := &types.Delete{TableName: t.name, Key: k.item(), ExpressionAttributeValues: values}
	if condition != "" {
		del.ConditionExpression = aws.String(condition)
	}
	return types.TransactWriteItem{Delete: del}
}

func (t *Table) checking(k key, condition string, values item) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: t.name, Key: k.item(), ConditionExpression: aws.String(condition), ExpressionAttributeValues: values,
	}}
}
