package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Registrations reads and stores the registrations that wait with users.
type Registrations struct{ *store }

// Create stores a registration in the pool p, which the caller may have cached. It stores the
// message too, if there is one, and adds the registration to those that wait for its mailbox. It
// returns the user with whom the registration waits.
//
// If the identifier is free, Create also stores u and its claim. Otherwise the registration waits
// with the owner of the identifier, whatever the owner's status, and Create writes as many bytes as
// u has to an item that nothing reads. So the number, the kinds and the sizes of the writes are the
// same in all cases, and the time that they take reveals nothing.
//
// The registration itself is written first and outside of the transaction, which costs half as
// much. It has no effect without the rest, which is one transaction.
//
// The error is PreconditionFailed if the stored pool is not p any more. Then the pool is also
// removed from the cache.
func (t Registrations) Create(
	ctx context.Context, p identity.Pool, u identity.User, r identity.Registration, m *identity.Message,
	reply once.Reply[identity.UserRef],
) (identity.UserRef, error) {
	var owner identity.UserRef
	err := t.again(ctx, func() error {
		claim, claimant, err := t.claimantIn(ctx, p, r.Forms)
		owner = claimant
		if err != nil {
			return err
		}
		isFree := owner.ID == ""
		if isFree {
			owner = u.Ref()
		}
		if err := t.putFirst(ctx, owner, r); err != nil {
			return err
		}
		writes, err := t.registering(claim, owner, u, r, m, isFree)
		if err != nil {
			return err
		}
		switch err = t.transact(ctx, writes, reply.With(owner)); {
		case errors.As(err, new(cancelled)):
			return errLost // the identifier was claimed or freed after it was read
		case err != nil:
			return fmt.Errorf("register: %w", err)
		}
		return nil
	})
	return owner, err
}

// claimantIn returns the first of the forms of an identifier that belongs to a user of p, and that
// user. If all of them are free, it returns the last of them, and the id of the user is empty. The
// error is PreconditionFailed if the stored pool is not p any more.
func (t Registrations) claimantIn(
	ctx context.Context, p identity.Pool, forms []string,
) (claim key, owner identity.UserRef, err error) {
	pool := poolKey(p.Tenant, p.ID)
	items, claim, id, err := t.claims(ctx, p.Tenant, p.ID, forms, types.KeysAndAttributes{
		Keys: []map[string]types.AttributeValue{pool.item()}, ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String("pk, claimant, version, deleted_at"),
	})
	owner = identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: id}
	if err != nil {
		return claim, owner, err
	}
	isCurrent := false
	for _, it := range items {
		if text(it, pk) == pool.pk {
			isCurrent = it[attrDeleted] == nil && number(it, attrVersion) == p.Version
		}
	}
	if !isCurrent {
		t.pools.drop(pool)
		err = identity.PreconditionFailed{}
	}
	return claim, owner, err
}

// registering returns the writes of a registration except that of its own item: those of the user,
// the claim, the mailbox and the message.
func (t Registrations) registering(
	claim key, owner identity.UserRef, u identity.User, r identity.Registration, m *identity.Message, isFree bool,
) ([]types.TransactWriteItem, error) {
	it, err := userItem(u)
	if err != nil {
		return nil, err
	}
	condition := isNew
	if !isFree {
		spare := spareKey(owner, r.ID)
		it[pk], it[sk], it[ttl] = str(spare.pk), str(spare.sk), seconds(t.now().Add(time.Hour))
		it[attrDoc] = str(strings.Repeat("-", len(text(it, attrDoc))))
		condition = isMine
	}
	writes := []types.TransactWriteItem{t.putting(it, isNew, nil)}
	writes = append(writes, t.updating(claim, "SET claimant = :user", condition, item{":user": str(owner.ID)}))
	if box, ok := r.MailboxRef(u.Tenant); ok {
		writes = append(writes, t.queueing(box, owner, r))
	}
	if m == nil {
		return writes, nil
	}
	m.User = owner.ID
	message, err := t.messaging(*m)
	return append(writes, message), err
}

// putFirst writes the item of a registration.
func (t Registrations) putFirst(ctx context.Context, owner identity.UserRef, r identity.Registration) error {
	doc, err := document(r)
	if err != nil {
		return err
	}
	it := registrationKey(owner, r.ID).item()
	it[attrDoc], it[ttl] = doc, seconds(r.CreatedAt.Add(identity.RegistrationLifetime).Time)
	if r.PasswordHash != "" {
		it[attrHash] = str(r.PasswordHash)
	}
	if err := t.put(ctx, it, "", nil); err != nil {
		return fmt.Errorf("store registration: %w", err)
	}
	return nil
}

// List returns registrations that wait with a user, without the hashes of their passwords. It
// returns at most identity.RegistrationsRead of them. Some of them may have expired.
func (t Registrations) List(ctx context.Context, ref identity.UserRef) ([]identity.Registration, error) {
	items, err := t.query(ctx, ref, attrDoc)
	if err != nil {
		return nil, err
	}
	all := make([]identity.Registration, len(items))
	for i, it := range items {
		if all[i], err = registrationOf(it); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// query returns the given attributes of the items that List reads.
func (t Registrations) query(ctx context.Context, ref identity.UserRef, attributes string) ([]item, error) {
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :prefix)"),
		ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String(attributes),
		Limit:                     aws.Int32(identity.RegistrationsRead),
		ExpressionAttributeValues: item{":pk": str(userPartition(ref)), ":prefix": str(registrationPrefix)},
	})
	if err != nil {
		return nil, fmt.Errorf("list registrations: %w", failure(err))
	}
	return out.Items, nil
}

// DeleteListed deletes those registrations of a user that List returns. Further ones cannot be
// completed any more, and are deleted when they expire. It can safely be repeated.
func (t Registrations) DeleteListed(ctx context.Context, ref identity.UserRef) error {
	items, err := t.query(ctx, ref, sk)
	if err != nil {
		return err
	}
	for _, it := range items {
		k := key{userPartition(ref), text(it, sk)}
		if _, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: k.item()}); err != nil {
			return fmt.Errorf("delete registration: %w", failure(err))
		}
	}
	return nil
}

// Get returns one registration with the hash of its password. The error is NotFound if there is
// none with the id.
func (t Registrations) Get(ctx context.Context, ref identity.UserRef, id string) (identity.Registration, error) {
	it, err := t.get(ctx, registrationKey(ref, id), "")
	if err != nil {
		return identity.Registration{}, fmt.Errorf("read registration: %w", err)
	}
	if len(it) == 0 {
		return identity.Registration{}, identity.NotFound{Thing: "registration", ID: id}
	}
	return registrationOf(it)
}

// registrationOf returns the registration of an item.
func registrationOf(it item) (identity.Registration, error) {
	var r identity.Registration
	if err := parse(it, &r); err != nil {
		return r, err
	}
	r.PasswordHash = text(it, attrHash)
	return r, nil
}
