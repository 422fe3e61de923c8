package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/table"
)

// awaitEmptyOutbox waits for at most the given time until the outbox is empty, and calls tell with
// the number of its messages. It returns the keys of the messages that are left.
func (p *product) awaitEmptyOutbox(
	ctx context.Context, within time.Duration, tell func(messages int),
) (left []string, err error) {
	for deadline := time.Now().Add(within); ; sleep(ctx, time.Second) {
		left, err = p.outbox(ctx)
		tell(len(left))
		if err == nil && len(left) == 0 || ctx.Err() != nil || time.Now().After(deadline) {
			return left, err
		}
	}
}

// outbox returns the keys of the messages that wait to be sent. It reads the table without the
// product's code.
func (p *product) outbox(ctx context.Context) (keys []string, err error) {
	pages := dynamodb.NewScanPaginator(p.DB, &dynamodb.ScanInput{
		TableName: aws.String(p.TableName), ConsistentRead: aws.Bool(true),
		ProjectionExpression:      aws.String("pk"),
		FilterExpression:          aws.String("begins_with(pk, :messages)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":messages": &types.AttributeValueMemberS{Value: string(table.KindMessages) + "#"}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		for _, item := range page.Items {
			if key, ok := item["pk"].(*types.AttributeValueMemberS); ok {
				keys = append(keys, key.Value)
			}
		}
	}
	return keys, nil
}

// users returns all users of a pool, as an administrator lists them.
func (p *product) users(ctx context.Context, pool string) (all []User, err error) {
	const limit = 100
	admin := newTokenCaller(p.BaseURL, p.tokens["admin"])
	for after := ""; ; after = all[len(all)-1].ID {
		var page struct {
			Users []struct {
				ID, Status  string
				Identifiers []string
			}
		}
		query := url.Values{"limit": {fmt.Sprint(limit)}}
		if after != "" {
			query.Set("after_user_id", after)
		}
		if err := admin.must(ctx, http.StatusOK,
			request{method: http.MethodGet, path: path("admin", pool) + "/users?" + query.Encode()},
			&page); err != nil {
			return all, err
		}
		for _, u := range page.Users {
			for _, address := range u.Identifiers {
				all = append(all, User{u.ID, address, u.Status == "active"})
			}
		}
		if len(page.Users) < limit {
			return all, nil
		}
	}
}

// owner returns the id of the user that a lookup of an address finds, or "" if it finds none.
func owner(ctx context.Context, c caller, pool, address string) (string, error) {
	got := c.call(ctx, request{
		method: http.MethodPost, path: path("system", pool) + "/users/by_key",
		body: map[string]string{"identifier": address},
	}, func(string) {})
	var u struct{ ID string }
	switch got.status {
	case http.StatusNotFound:
		return "", nil
	case http.StatusOK:
		err := got.fields(&u)
		return u.ID, err
	}
	return "", fmt.Errorf("look up %s: it is answered %s", address, got)
}
