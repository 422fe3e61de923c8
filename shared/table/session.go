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
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// The item of a session has its secret as a hash, and in seen (unix seconds) when it was last used.

// Sessions reads and stores what says that people are signed in.
type Sessions struct{ *store }

// Put stores a session, in place of one with the same id.
func (t Sessions) Put(ctx context.Context, s oidc.Session) error {
	doc, err := document(s)
	if err != nil {
		return err
	}
	it := sessionKey(s.UserRef, s.ID).item()
	it[attrDoc], it["secret"], it["seen"] = doc, str(s.Secret), num(s.SeenAt.Unix())
	it[ttl] = seconds(s.Ends.Time)
	if err := t.put(ctx, it, "", nil); err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	return nil
}

// Get returns a session of a user with the user, both read in one call. A session or a user that does not
// exist is returned as the zero value.
func (t Sessions) Get(
	ctx context.Context, ref identity.UserRef, session string,
) (s oidc.Session, u identity.User, err error) {
	k := sessionKey(ref, session)
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys:           []map[string]types.AttributeValue{k.item(), userKey(ref).item()},
		ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("pk, sk, secret, seen, " + userAttributes),
	})
	if err != nil {
		return s, u, fmt.Errorf("read session and user: %w", err)
	}
	for _, it := range items {
		if text(it, sk) == k.sk && text(it, pk) == k.pk {
			s, err = sessionOf(it, ref)
		} else {
			u, err = userOf(it)
		}
		if err != nil {
			return s, u, err
		}
	}
	return s, u, nil
}

// See records that a session was used now. A session that has been deleted in the meantime stays deleted.
func (t Sessions) See(ctx context.Context, s oidc.Session, now time.Time) error {
	write := t.updating(sessionKey(s.UserRef, s.ID), "SET seen = :now", "secret = :secret",
		item{":now": num(now.Unix()), ":secret": str(s.Secret)})
	if err := t.change(ctx, write, once.Answer{}); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("record the use of a session: %w", err)
	}
	return nil
}

// End deletes the grants that were made in a session, and then the session, so that a call that failed in
// between can be repeated. It then looks for grants once more, since one may have been made meanwhile.
func (t Sessions) End(ctx context.Context, s oidc.Session) error {
	if err := t.endGrants(ctx, s); err != nil {
		return err
	}
	if err := t.erase(ctx, sessionKey(s.UserRef, s.ID)); err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return t.endGrants(ctx, s)
}

// endGrants deletes the grants that were made in a session.
func (t Sessions) endGrants(ctx context.Context, s oidc.Session) error {
	pages := dynamodb.NewQueryPaginator(t.db.Query, &dynamodb.QueryInput{
		TableName: t.name, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("pk, sk"),
		KeyConditionExpression:    aws.String("pk = :pk AND begins_with(sk, :grants)"),
		ExpressionAttributeValues: item{":pk": str(userPartition(s.UserRef)), ":grants": str(grantPrefix + s.ID + "#")},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the grants of a session: %w", failure(err))
		}
		for _, it := range page.Items {
			if err := t.erase(ctx, key{text(it, pk), text(it, sk)}); err != nil {
				return fmt.Errorf("delete grant: %w", err)
			}
		}
	}
	return nil
}

// erase deletes an item, if it exists.
func (t *store) erase(ctx context.Context, k key) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: k.item()})
	return failure(err)
}

func sessionOf(it item, ref identity.UserRef) (oidc.Session, error) {
	s := oidc.Session{UserRef: ref, Secret: text(it, "secret"), SeenAt: identity.At(time.Unix(number(it, "seen"), 0))}
	return s, parse(it, &s)
}
