package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// Register stores a registration, and its message if there is one, in one transaction. Where the identifier is free, u and its
// claim come with it; else the registration waits with the identifier's owner, whatever the owner's state. The four writes and
// their sizes are the same in each case, so that time tells nothing. It returns the user that the registration waits with.
func (t *Table) Register(ctx context.Context, u identity.User, r identity.Registration, m *identity.Message) (identity.UserRef, error) {
	normalized := u.Identifiers[0].Normalized
	for range conflictTries {
		owner, err := t.Claimant(ctx, u.Tenant, u.Pool, normalized)
		var free identity.NotFound
		if err != nil && !errors.As(err, &free) {
			return owner, err
		}
		var writes []types.TransactWriteItem
		if err != nil {
			owner = u.Ref()
			it, err := userItem(u)
			if err != nil {
				return owner, err
			}
			writes = append(writes, t.putting(it, isNew, nil), t.putting(claimItem(u, normalized), isNew, nil))
		} else {
			writes = append(writes, t.checking(userKey(owner), exists, nil),
				t.checking(claimKey(u.Tenant, u.Pool, normalized), isMine, item{":user": str(owner.ID)}))
		}
		rest, err := t.pending(owner, r, m)
		if err != nil {
			return owner, err
		}
		err = t.transact(ctx, append(writes, rest...), owner)
		var stopped cancelled
		if !errors.As(err, &stopped) {
			if err != nil {
				return owner, fmt.Errorf("register: %w", err)
			}
			return owner, nil
		}
		// Somebody took or freed the identifier since it was read: look again.
		pause(ctx, conflictPause)
	}
	return identity.UserRef{}, identity.Unavailable{RetryAfter: retryAfter, Cause: errCondition}
}

// pending is the write of a registration and of its message.
func (t *Table) pending(owner identity.UserRef, r identity.Registration, m *identity.Message) ([]types.TransactWriteItem, error) {
	doc, err := document(r)
	if err != nil {
		return nil, err
	}
	it := registrationKey(owner, r.ID).item()
	it[attrDoc], it[ttl] = doc, seconds(r.CreatedAt.Add(identity.RegistrationLifetime).Time)
	if r.PasswordHash != "" {
		it[attrHash] = str(r.PasswordHash)
	}
	writes := []types.TransactWriteItem{t.putting(it, isNew, nil)}
	if m == nil {
		return writes, nil
	}
	m.User = owner.ID
	message, err := t.messaging(*m)
	return append(writes, message), err
}

// Registrations are all registrations that wait with a user, without their password hashes; expired ones may be among them.
func (t *Table) Registrations(ctx context.Context, ref identity.UserRef) ([]identity.Registration, error) {
	pages := dynamodb.NewQueryPaginator(t.db.Query, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :prefix)"), ConsistentRead: aws.Bool(true),
		ProjectionExpression:      aws.String(attrDoc),
		ExpressionAttributeValues: item{":pk": str(userPartition(ref)), ":prefix": str(registrationPrefix)},
	})
	var all []identity.Registration
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list registrations: %w", failure(err))
		}
		for _, it := range page.Items {
			r, err := registrationOf(it)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// DeleteRegistrations drops all that waits with a user, which repeats safely.
func (t *Table) DeleteRegistrations(ctx context.Context, ref identity.UserRef) error {
	all, err := t.Registrations(ctx, ref)
	if err != nil {
		return err
	}
	for _, r := range all {
		_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: registrationKey(ref, r.ID).item()})
		if err != nil {
			return fmt.Errorf("delete registration: %w", failure(err))
		}
	}
	return nil
}

// Registration reads one registration with its password hash. Errors: NotFound.
func (t *Table) Registration(ctx context.Context, ref identity.UserRef, id string) (identity.Registration, error) {
	it, err := t.get(ctx, registrationKey(ref, id), "")
	if err != nil {
		return identity.Registration{}, fmt.Errorf("read registration: %w", err)
	}
	if len(it) == 0 {
		return identity.Registration{}, identity.NotFound{Thing: "registration", ID: id}
	}
	return registrationOf(it)
}

// UserAndRegistration reads a user and, unless its id is empty, a registration that waits with it, in one call. Without
// consistent it costs half, and what is written afterwards must hold to the version. Errors: NotFound for the user; a missing registration is nil.
func (t *Table) UserAndRegistration(ctx context.Context, ref identity.UserRef, registration string, consistent bool) (identity.User, *identity.Registration, error) {
	keys := []map[string]types.AttributeValue{userKey(ref).item()}
	if registration != "" {
		keys = append(keys, registrationKey(ref, registration).item())
	}
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys: keys, ProjectionExpression: aws.String("sk, hash_phc, " + userAttributes), ConsistentRead: aws.Bool(consistent),
	})
	if err != nil {
		return identity.User{}, nil, fmt.Errorf("read user and registration: %w", err)
	}
	var (
		u     identity.User
		found *identity.Registration
	)
	for _, it := range items {
		if text(it, sk) == ref.ID {
			u, err = userOf(it)
			u.PasswordHash = ""
		} else {
			found = new(identity.Registration)
			*found, err = registrationOf(it)
		}
		if err != nil {
			return u, nil, err
		}
	}
	if u.ID == "" {
		return u, nil, identity.NotFound{Thing: "user", ID: ref.ID}
	}
	return u, found, nil
}

// Activate stores u, who was old, spends all codes for activation as they were at version codes, claims what u has proved, and
// asks for notice if there is one: all or nothing. Errors: PreconditionFailed where the user or the codes have changed,
// Conflict where an address has meanwhile become another user's.
func (t *Table) Activate(ctx context.Context, old, u identity.User, codes int64, notice *identity.Message) (identity.User, error) {
	u.Version = old.Version + 1
	writes, err := t.replacing(old, u)
	if err != nil {
		return u, err
	}
	writes = append(writes, t.deleting(codesKey(u.Ref(), identity.PurposeActivation), isVersion, item{":version": num(codes)}))
	first := len(writes)
	for _, normalized := range without(u.Claims(), old.Claims()) {
		writes = append(writes, t.putting(claimItem(u, normalized), isFreeOrMine, item{":user": str(u.ID)}))
	}
	claimed := len(writes)
	if notice != nil {
		message, err := t.messaging(*notice)
		if err != nil {
			return u, err
		}
		writes = append(writes, message)
	}
	err = t.transact(ctx, writes, u)
	var stopped cancelled
	if errors.As(err, &stopped) {
		for i := first; i < claimed; i++ {
			if stopped.at(i) {
				return u, identity.Conflict{Reason: "the address belongs to another user of this pool"}
			}
		}
	}
	return u, unchanged(err, "activate user")
}

func registrationOf(it item) (identity.Registration, error) {
	var r identity.Registration
	if err := parse(it, &r); err != nil {
		return r, err
	}
	r.PasswordHash = text(it, attrHash)
	return r, nil
}
