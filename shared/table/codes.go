package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// The item of a user's codes for a purpose has the live codes as JSON in live, the marks of the codes
// that were redeemed last in spent, with '#' between them, and in killed (unix ms) when all live
// codes were killed. The redemption that was made last is as JSON in used, and repeats is how often it
// was repeated.

// codesKept is how long the item of codes is kept after its last change: longer than any code lives.
const codesKept = 3 * 24 * time.Hour

// Codes reads and stores the codes of users.
type Codes struct{ *store }

// Get reads a user's codes for a purpose. It returns the zero value for a user who has none.
func (t Codes) Get(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) (identity.Codes, error) {
	it, err := t.get(ctx, codesKey(ref, purpose), "")
	if err != nil {
		return identity.Codes{}, fmt.Errorf("read codes: %w", err)
	}
	return codesOf(it)
}

// Replace stores c over the version that was read. Errors: PreconditionFailed.
func (t Codes) Replace(ctx context.Context, c identity.UserCodes, reply once.Reply[once.None]) error {
	write, err := t.replacingCodes(c)
	if err != nil {
		return err
	}
	switch err := t.change(ctx, write, reply.With(once.None{})); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("store codes: %w", err)
	}
	return nil
}

// Spend is like Replace, for codes of which one was redeemed. It is always a transaction, whose token lets
// the engine recognize that the SDK sends it again. Otherwise a code whose redemption lost its answer would
// be taken for one that was redeemed before.
func (t Codes) Spend(ctx context.Context, c identity.UserCodes, reply once.Reply[once.None]) error {
	write, err := t.replacingCodes(c)
	if err != nil {
		return err
	}
	err = t.transact(ctx, []types.TransactWriteItem{write}, reply.With(once.None{}))
	return unchanged(err, "spend a code")
}

// Redeemable reads a user's codes for a purpose and, unless its id is empty, a registration that
// waits with the user. In the same call it reads the codes for the purpose of other users, who are at
// most one more than identity.MailedCodesKept. It does not read the user: how long that takes would
// tell people who have no right code how large the user's documents are.
func (t Codes) Redeemable(
	ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, registration string,
	others []identity.UserRef,
) (r identity.Redeemable, err error) {
	r.Ref = ref
	codes, isOf := codesKey(ref, purpose), map[string]identity.UserRef{}
	keys := []map[string]types.AttributeValue{codes.item()}
	if registration != "" {
		keys = append(keys, registrationKey(ref, registration).item())
	}
	for _, other := range others {
		k := codesKey(other, purpose)
		if _, isTwice := isOf[k.pk]; !isTwice && other != ref {
			isOf[k.pk] = other
			keys = append(keys, k.item())
		}
	}
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys: keys, ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String("pk, sk, doc, hash_phc, version, live, spent, killed, used"),
	})
	if err != nil {
		return r, fmt.Errorf("read codes and registration: %w", err)
	}
	for _, it := range items {
		other, isOther := isOf[text(it, pk)]
		switch {
		case isOther:
			of := identity.UserCodes{User: other, Purpose: purpose}
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

// SpendRepeat counts a repeat of the redemption that is remembered with a user's codes for a purpose.
// The error is InvalidCode if it was repeated identity.MaxRepeats times, or is not remembered any more.
func (t Codes) SpendRepeat(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) error {
	write := t.updating(codesKey(ref, purpose), "SET repeats = if_not_exists(repeats, :zero) + :one",
		"attribute_exists(used) AND (attribute_not_exists(repeats) OR repeats < :most)",
		item{":zero": num(0), ":one": num(1), ":most": num(identity.MaxRepeats)})
	err := t.change(ctx, write, once.Answer{})
	if errors.Is(err, errCondition) {
		return identity.InvalidCode{}
	}
	if err != nil {
		return fmt.Errorf("count a repeat: %w", err)
	}
	return nil
}

// ForgetUse forgets the redemption that is remembered with a user's codes for a purpose.
func (t Codes) ForgetUse(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) error {
	write := t.updating(codesKey(ref, purpose), "REMOVE used", exists, nil)
	if err := t.change(ctx, write, once.Answer{}); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("forget the use of a code: %w", err)
	}
	return nil
}

// replacingCodes returns the write of c over the version that was read.
func (t *store) replacingCodes(c identity.UserCodes) (types.TransactWriteItem, error) {
	live, err := json.Marshal(c.Live)
	if err != nil {
		return types.TransactWriteItem{}, fmt.Errorf("encode codes: %w", err)
	}
	condition := isNew
	values := item{
		":live": str(string(live)), ":spent": str(join(c.Spent...)), ":next": num(c.Version + 1),
		":killed": num(c.KilledAt.UnixMilli()), ":ttl": seconds(t.now().Add(codesKept)),
	}
	if c.Version > 0 {
		condition, values[":version"] = isVersion, num(c.Version)
	}
	update := "SET live = :live, spent = :spent, version = :next, killed = :killed, #ttl = :ttl"
	if c.Used != nil {
		used, err := json.Marshal(c.Used)
		if err != nil {
			return types.TransactWriteItem{}, fmt.Errorf("encode the use of a code: %w", err)
		}
		update, values[":used"] = update+", used = :used REMOVE repeats", str(string(used))
	}
	write := t.updating(codesKey(c.User, c.Purpose), update, condition, values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write, nil
}

// killing returns the write that kills a user's codes for activation, and the messages from before a
// time that ask for one. The other purposes need no write: all codes die with the user's epoch (see
// identity.Code.IsFor). Those for activation are also kept with their mailbox, where they have no
// epoch, and the courier may be making one at this moment, so the item tells until when they were
// killed and which were redeemed.
func (t *store) killing(ref identity.UserRef, at time.Time) types.TransactWriteItem {
	return t.emptying(ref, ", killed = :killed", item{":killed": num(at.UnixMilli())})
}

// emptying returns the write that leaves a user without live codes for activation. Codes that were
// mailed still prove their mailbox with a ticket.
func (t *store) emptying(ref identity.UserRef, update string, values item) types.TransactWriteItem {
	values[":none"], values[":zero"], values[":one"] = str("[]"), num(0), num(1)
	values[":ttl"] = seconds(t.now().Add(codesKept))
	update = "SET live = :none, version = if_not_exists(version, :zero) + :one, #ttl = :ttl" + update
	write := t.updating(codesKey(ref, identity.PurposeActivation), update, "", values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write
}

func codesOf(it item) (identity.Codes, error) {
	c := identity.Codes{KilledAt: identity.At(time.UnixMilli(number(it, "killed"))), Version: number(it, attrVersion)}
	if spent := text(it, "spent"); spent != "" {
		c.Spent = strings.Split(spent, "#")
	}
	if live := text(it, "live"); live != "" {
		if err := json.Unmarshal([]byte(live), &c.Live); err != nil {
			return c, fmt.Errorf("decode stored codes: %w", err)
		}
	}
	if used := text(it, "used"); used != "" {
		if err := json.Unmarshal([]byte(used), &c.Used); err != nil {
			return c, fmt.Errorf("decode the use of a code: %w", err)
		}
	}
	return c, nil
}
