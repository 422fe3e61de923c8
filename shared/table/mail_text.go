package table

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// MailText is the text that a pool has set for a mail; nil where it has none.
func (t *Table) MailText(ctx context.Context, r identity.MailRef) (*identity.MailText, error) {
	it, err := t.get(ctx, mailTextKey(r), "")
	if err != nil {
		return nil, fmt.Errorf("read mail text %s/%s: %w", r.Kind, r.Language, err)
	}
	if len(it) == 0 {
		return nil, nil
	}
	text, err := mailTextOf(r, it)
	return &text, err
}

// CachedMailText is MailText, up to five seconds old.
func (t *Table) CachedMailText(ctx context.Context, r identity.MailRef) (*identity.MailText, error) {
	return t.mails.get(mailTextKey(r), t.now(), func() (*identity.MailText, error) { return t.MailText(ctx, r) })
}

// MailTexts are all that a pool has set.
func (t *Table) MailTexts(ctx context.Context, tenant, pool string) ([]identity.MailText, error) {
	pages := dynamodb.NewQueryPaginator(t.db.Query, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :prefix)"), ConsistentRead: aws.Bool(true),
		ExpressionAttributeValues: item{":pk": str(Pools.key(tenant, pool)), ":prefix": str(mailTextPrefix)},
	})
	var all []identity.MailText
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list mail texts of pool %s: %w", pool, failure(err))
		}
		for _, it := range page.Items {
			kind, language, _ := strings.Cut(strings.TrimPrefix(text(it, sk), mailTextPrefix), "#")
			m, err := mailTextOf(identity.MailRef{Tenant: tenant, Pool: pool, Kind: kind, Language: language}, it)
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	return all, nil
}

// ReplaceMailText stores m over old, which must still be what the pool has: nil is none. The pool must still be there, so a pool that is
// made again under the id of a deleted one has none of its texts. Errors: NotFound for the pool, PreconditionFailed.
func (t *Table) ReplaceMailText(ctx context.Context, old *identity.MailText, m identity.MailText) (identity.MailText, error) {
	m.Version = t.now().UnixMilli()
	if old != nil {
		m.Version = old.Version + 1
	}
	doc, err := document(m)
	if err != nil {
		return m, err
	}
	it := mailTextKey(m.MailRef).item()
	it[attrDoc], it[attrVersion] = doc, num(m.Version)
	condition, values := isStill(old)
	err = t.transact(ctx, []types.TransactWriteItem{
		t.putting(it, condition, values),
		t.checking(poolKey(m.Tenant, m.Pool), exists+" AND attribute_not_exists(deleted_at)", nil),
	}, m)
	var stopped cancelled
	if errors.As(err, &stopped) && stopped.at(1) {
		return m, identity.NotFound{Thing: "pool", ID: m.Pool}
	}
	return m, unchanged(err, "change mail text")
}

// DeleteMailText deletes what a pool has set for a mail, which must still be old: nil is nothing. Errors: PreconditionFailed.
func (t *Table) DeleteMailText(ctx context.Context, r identity.MailRef, old *identity.MailText) error {
	condition, values := isStill(old)
	write := t.deleting(mailTextKey(r), condition, values)
	return unchanged(t.transact(ctx, []types.TransactWriteItem{write}, once.None{}), "delete mail text")
}

// isStill is the condition that a text is what was read.
func isStill(old *identity.MailText) (condition string, values item) {
	if old == nil {
		return isNew, nil
	}
	return isVersion, item{":version": num(old.Version)}
}

func mailTextOf(r identity.MailRef, it item) (identity.MailText, error) {
	m := identity.MailText{MailRef: r}
	if err := parse(it, &m); err != nil {
		return m, err
	}
	m.Version = number(it, attrVersion)
	return m, nil
}
