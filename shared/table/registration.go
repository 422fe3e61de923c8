package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// Register stores a registration of a pool as the caller has it in memory, and its message if there is one, and lets it wait for its
// mailbox. Where the identifier is free, u and its claim come with it; else the registration waits with the identifier's owner, whatever
// the owner's state, and as many bytes as u has are written where nothing looks for them: so the writes are of the same number, kinds and
// sizes in each case, and time tells nothing. It returns the user that the registration waits with.
// The registration itself is written first and alone, at half the price; it is worth nothing without the rest, which is one transaction.
// Errors: PreconditionFailed where the pool is not the one that the caller has in memory, which is forgotten then.
func (t *Table) Register(ctx context.Context, p identity.Pool, u identity.User, r identity.Registration, m *identity.Message) (identity.UserRef, error) {
	claim := claimKey(u.Tenant, u.Pool, u.Identifiers[0].Normalized)
	for range conflictTries {
		owner, err := t.claimantIn(ctx, p, claim)
		if err != nil {
			return owner, err
		}
		isFree := owner.ID == ""
		if isFree {
			owner = u.Ref()
		}
		if err := t.putRegistration(ctx, owner, r); err != nil {
			return owner, err
		}
		writes, err := t.registering(owner, u, r, m, isFree)
		if err != nil {
			return owner, err
		}
		err = t.transact(ctx, writes, owner)
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

// claimantIn is the user who has a claim, with an empty id where it is free. Errors: PreconditionFailed where the pool is not p any more.
func (t *Table) claimantIn(ctx context.Context, p identity.Pool, claim key) (identity.UserRef, error) {
	owner, pool := identity.UserRef{Tenant: p.Tenant, Pool: p.ID}, poolKey(p.Tenant, p.ID)
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys: []map[string]types.AttributeValue{pool.item(), claim.item()}, ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String("pk, claimant, version, deleted_at"),
	})
	if err != nil {
		return owner, fmt.Errorf("read claim and pool: %w", err)
	}
	isCurrent := false
	for _, it := range items {
		if text(it, pk) == claim.pk {
			owner.ID = text(it, attrClaimant)
		} else {
			isCurrent = it[attrDeleted] == nil && number(it, attrVersion) == p.Version
		}
	}
	if !isCurrent {
		t.pools.drop(pool)
		return owner, identity.PreconditionFailed{}
	}
	return owner, nil
}

// registering are the writes of a registration beside its own item: user, claim, mailbox and message.
func (t *Table) registering(owner identity.UserRef, u identity.User, r identity.Registration, m *identity.Message, isFree bool) ([]types.TransactWriteItem, error) {
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
	claim, values := claimKey(u.Tenant, u.Pool, u.Identifiers[0].Normalized), item{":user": str(owner.ID)}
	writes = append(writes, t.updating(claim, "SET claimant = :user", condition, values))
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

func (t *Table) putRegistration(ctx context.Context, owner identity.UserRef, r identity.Registration) error {
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

// Registrations are registrations that wait with a user, without their password hashes: at most
// identity.RegistrationsRead, however many strangers have made. Expired ones may be among them.
func (t *Table) Registrations(ctx context.Context, ref identity.UserRef) ([]identity.Registration, error) {
	items, err := t.registrations(ctx, ref, attrDoc)
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

func (t *Table) registrations(ctx context.Context, ref identity.UserRef, attributes string) ([]item, error) {
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :prefix)"), ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String(attributes), Limit: aws.Int32(identity.RegistrationsRead),
		ExpressionAttributeValues: item{":pk": str(userPartition(ref)), ":prefix": str(registrationPrefix)},
	})
	if err != nil {
		return nil, fmt.Errorf("list registrations: %w", failure(err))
	}
	return out.Items, nil
}

// DeleteRegistrations drops what waits with a user, at most ten registrations; the others can't be completed any more and go when their
// time is over. It repeats safely.
func (t *Table) DeleteRegistrations(ctx context.Context, ref identity.UserRef) error {
	items, err := t.registrations(ctx, ref, sk)
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

// Redeemable reads a user's codes for activation and, unless its id is empty, a registration that
// waits with the user. With them it reads the codes of other users, which are at most
// MailedCodesKept. The user itself is left for whoever has a right code: how long it takes to read
// would tell how large its documents are.
func (t *Table) Redeemable(
	ctx context.Context, ref identity.UserRef, registration string, others []identity.UserRef,
) (r identity.Redeemable, err error) {
	r.Ref = ref
	codes, isOf := codesKey(ref, identity.PurposeActivation), map[string]identity.UserRef{}
	keys := []map[string]types.AttributeValue{codes.item()}
	if registration != "" {
		keys = append(keys, registrationKey(ref, registration).item())
	}
	for _, other := range others {
		k := codesKey(other, identity.PurposeActivation)
		if _, isTwice := isOf[k.pk]; !isTwice && other != ref {
			isOf[k.pk] = other
			keys = append(keys, k.item())
		}
	}
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys: keys, ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String("pk, sk, doc, hash_phc, version, live, spent, killed"),
	})
	if err != nil {
		return r, fmt.Errorf("read codes and registration: %w", err)
	}
	for _, it := range items {
		other, isOther := isOf[text(it, pk)]
		switch {
		case isOther:
			of := identity.UserCodes{User: other}
			of.Codes, err = codesOf(it)
			r.Others = append(r.Others, of)
		case text(it, sk) == codes.sk:
			r.Codes, err = codesOf(it)
		default:
			r.Registration = new(identity.Registration)
			*r.Registration, err = registrationOf(it)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// Activate stores u, who was old, and what the codes for activation of each user in spent have
// become, claims what u has proved, and asks for notice if there is one: all or nothing. A user
// whom nobody has proved gives way, if it has what u has proved. Errors: PreconditionFailed where
// the user or any codes have changed since they were read, Conflict where an address has meanwhile
// become another user's.
func (t *Table) Activate(
	ctx context.Context, old, u identity.User, spent []identity.UserCodes, notice *identity.Message,
) (identity.User, error) {
	u.Version = old.Version + 1
	var (
		claims   = without(u.Claims(), old.Claims())
		replaced []identity.User
	)
	for range conflictTries {
		writes, err := t.activating(old, u, spent, notice, claims, replaced)
		if err != nil {
			return u, err
		}
		err = t.transact(ctx, writes, u)
		var stopped cancelled
		if !errors.As(err, &stopped) || stopped.before(1+len(spent)) {
			return u, unchanged(err, "activate user")
		}
		var taken []int
		for i, normalized := range claims {
			if stopped.at(1 + len(spent) + i) {
				taken = append(taken, slices.Index(u.Claims(), normalized))
			}
		}
		if replaced, err = t.unprovedOwners(ctx, u, taken); errors.As(err, new(identity.Conflict)) {
			return u, identity.Conflict{Reason: "the address belongs to another user of this pool"}
		}
		if err != nil {
			return u, err
		}
	}
	return u, identity.Unavailable{RetryAfter: retryAfter, Cause: errCondition}
}

// activating are the writes of Activate: first the user, then the codes in their order, then the claims in theirs.
func (t *Table) activating(
	old, u identity.User, spent []identity.UserCodes, notice *identity.Message, claims []string, replaced []identity.User,
) ([]types.TransactWriteItem, error) {
	writes, err := t.replacing(old, u)
	if err != nil {
		return nil, err
	}
	remaining := t.replacingUnproved(replaced, claims)
	for _, each := range spent {
		k := codesKey(each.User, identity.PurposeActivation)
		remaining = slices.DeleteFunc(remaining, func(w types.TransactWriteItem) bool { // an item has one write
			return w.Update != nil && text(w.Update.Key, pk) == k.pk && text(w.Update.Key, sk) == k.sk
		})
		write, err := t.replacingCodes(each.User, identity.PurposeActivation, each.Codes)
		if err != nil {
			return nil, err
		}
		writes = append(writes, write)
	}
	writes = append(writes, t.claiming(u, claims, replaced)...)
	writes = append(writes, remaining...)
	if notice == nil {
		return writes, nil
	}
	message, err := t.messaging(*notice)
	return append(writes, message), err
}

func registrationOf(it item) (identity.Registration, error) {
	var r identity.Registration
	if err := parse(it, &r); err != nil {
		return r, err
	}
	r.PasswordHash = text(it, attrHash)
	return r, nil
}
