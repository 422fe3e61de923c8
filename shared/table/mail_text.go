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

// MailTexts reads and stores the texts that pools have set for their mails. A text that is stored
// has a version above 0.
type MailTexts struct{ *store }

// Get returns the text that a pool has set for a mail. It reports false if the pool has set none.
func (t MailTexts) Get(ctx context.Context, r identity.MailRef) (m identity.MailText, ok bool, err error) {
	m, err = t.find(ctx, r)
	return m, m.Version > 0, err
}

// Cached is like Get, but its result may be up to five seconds old.
func (t MailTexts) Cached(ctx context.Context, r identity.MailRef) (m identity.MailText, ok bool, err error) {
	m, err = t.mails.get(mailTextKey(r), t.now(), func() (identity.MailText, error) { return t.find(ctx, r) })
	return m, m.Version > 0, err
}

// find returns the text that a pool has set for a mail, or one with the version 0.
func (t MailTexts) find(ctx context.Context, r identity.MailRef) (identity.MailText, error) {
	it, err := t.get(ctx, mailTextKey(r), "")
	if err != nil {
		return identity.MailText{}, fmt.Errorf("read mail text %s/%s: %w", r.Kind, r.Language, err)
	}
	if len(it) == 0 {
		return identity.MailText{}, nil
	}
	return mailTextOf(r, it)
}

// List returns all texts that a pool has set.
func (t MailTexts) List(ctx context.Context, tenant, pool string) ([]identity.MailText, error) {
	pages := dynamodb.NewQueryPaginator(t.db.Query, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :prefix)"),
		ConsistentRead:            aws.Bool(true),
		ExpressionAttributeValues: item{":pk": str(KindPools.key(tenant, pool)), ":prefix": str(mailTextPrefix)},
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

// Replace stores m in place of old, which must still be what the pool has set; the zero value means
// that it has set nothing. The transaction checks that the pool exists, so that a pool which is
// created under the id of a deleted one has none of the old texts. The error is NotFound if the
// pool does not exist, and PreconditionFailed if the stored text is not old.
func (t MailTexts) Replace(
	ctx context.Context, old, m identity.MailText, reply once.Reply[identity.MailText],
) (identity.MailText, error) {
	m.Version = t.now().UnixMilli()
	if old.Version > 0 {
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
	}, reply.With(m))
	var stopped cancelled
	if errors.As(err, &stopped) && stopped.at(1) {
		return m, identity.NotFound{Thing: "pool", ID: m.Pool}
	}
	return m, unchanged(err, "change mail text")
}

// Delete deletes the text that a pool has set for a mail, which must still be old; the zero value
// means that it has set nothing. The error is PreconditionFailed if the stored text is not old.
func (t MailTexts) Delete(
	ctx context.Context, r identity.MailRef, old identity.MailText, reply once.Reply[once.None],
) error {
	condition, values := isStill(old)
	writes := []types.TransactWriteItem{t.deleting(mailTextKey(r), condition, values)}
	return unchanged(t.transact(ctx, writes, reply.With(once.None{})), "delete mail text")
}

// isStill returns the condition that the stored text is old.
func isStill(old identity.MailText) (condition string, values item) {
	if old.Version == 0 {
		return isNew, nil
	}
	return isVersion, item{":version": num(old.Version)}
}

// mailTextOf returns the text of an item.
func mailTextOf(r identity.MailRef, it item) (identity.MailText, error) {
	m := identity.MailText{MailRef: r}
	if err := parse(it, &m); err != nil {
		return m, err
	}
	m.Version = number(it, attrVersion)
	return m, nil
}
