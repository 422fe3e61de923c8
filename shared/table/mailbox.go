package table

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"identitypools/shared/identity"
)

// The item of a mailbox has these attributes:
//
//   - guesses, spent and reopens (unix ms) are for the guesses at its codes; guessed_by is the
//     payment of the latest guess.
//   - m1 to m10 (public), n1 to n10 (notices) and i1 to i10 (administrators) are the times (unix ms)
//     of the last mails of each class; counted is the message that was counted last.
//   - c1 and c2 are the codes that were mailed last; b1 and b2 are the numbers of the last guess that
//     is allowed at each of them.
//   - w1 to w5 are the registrations that wait for it.
//
// The first attribute of each row is the newest. Separate items in the same partition, one for each
// pool and kind of request, have a1 to a10 (unix ms) for the requests for mails to the mailbox, and
// the message of the last request in counted. One expression can check a row and shift it, without
// reading the item before. The names are short because an item costs one write unit only up to 1 KB.

// askedRow is the row of attributes for the requests.
const askedRow identity.MailClass = "asked"

// notCounted is the condition that the message was not the last one that was counted.
const notCounted = "(attribute_not_exists(counted) OR counted <> :message)"

// setting returns the update of a mailbox's item that consists of parts and renews its time to
// live.
func setting(parts []string) string { return "SET #ttl = :ttl, " + strings.Join(parts, ", ") }

// mailboxKept is how long the item of a mailbox is kept after its last change. It is longer than
// every window of the limits and the lifetime of a registration.
const mailboxKept = 3 * 24 * time.Hour

// waiting returns the attribute of the i-th registration that waits.
func waiting(i int) string { return "w" + strconv.Itoa(i+1) }

// mailed returns the attribute of the time of the i-th mail of a class.
func mailed(class identity.MailClass, i int) string { return string(class[:1]) + strconv.Itoa(i+1) }

// mailedCode returns the attribute of the i-th code.
func mailedCode(i int) string { return "c" + strconv.Itoa(i+1) }

// lastGuess returns the attribute of the last guess at the i-th code.
func lastGuess(i int) string { return "b" + strconv.Itoa(i+1) }

// Mailboxes counts, for each mailbox, the mails, the requests for mails, and the guesses at codes.
type Mailboxes struct{ *store }

// Get returns the counters of a mailbox. It returns the zero value if nothing was counted.
func (t Mailboxes) Get(ctx context.Context, ref identity.MailboxRef) (identity.MailboxUse, error) {
	it, err := t.get(ctx, mailboxKey(ref), "")
	if err != nil {
		return identity.MailboxUse{}, fmt.Errorf("read mailbox: %w", err)
	}
	return mailboxUseOf(it, ref.Tenant), nil
}

// SpendGuess pays for one guess at the codes of a mailbox, before anything is compared. Guesses in
// the result is the number of this guess; simultaneous guesses have different numbers. The payment
// identifies the guess: a second call with the same payment pays nothing and returns the same
// number, unless another guess was made in between. A guess above the limit is written like any
// other, so that it takes the same time. The error is InvalidCode for a guess above the limit.
func (t Mailboxes) SpendGuess(
	ctx context.Context, ref identity.MailboxRef, payment string, l identity.Limits,
) (identity.MailboxUse, error) {
	const numbered = "SET guesses = if_not_exists(guesses, :zero) + :one, guessed_by = :by, #ttl = :ttl, "
	const unpaid = "(attribute_not_exists(guessed_by) OR guessed_by <> :by) AND "
	now := t.now()
	payment = short(payment)
	var use identity.MailboxUse
	err := t.again(ctx, func() error {
		values := item{
			":zero": num(0), ":one": num(1), ":by": str(payment), ":now": num(now.UnixMilli()),
			":reopens": num(now.Add(identity.GuessWindow).UnixMilli()),
		}
		const inWindow = "spent = if_not_exists(spent, :zero) + :one, reopens = if_not_exists(reopens, :reopens)"
		it, err := t.update(ctx, mailboxKey(ref), numbered+inWindow,
			unpaid+"(attribute_not_exists(reopens) OR reopens > :now)", values)
		if errors.Is(err, errCondition) && text(it, "guessed_by") != payment {
			// The window is over, so this guess opens the next one.
			delete(values, ":now")
			values[":old"] = num(number(it, "reopens"))
			it, err = t.update(ctx, mailboxKey(ref), numbered+"spent = :one, reopens = :reopens",
				unpaid+"reopens = :old", values)
		}
		switch paid := text(it, "guessed_by") == payment; {
		case errors.Is(err, errCondition) && !paid:
			return errLost // another guess has opened the window
		case err != nil && !errors.Is(err, errCondition):
			return fmt.Errorf("spend a guess: %w", err)
		}
		if use = mailboxUseOf(it, ref.Tenant); use.Spent > l.GuessesPerDay {
			return identity.InvalidCode{}
		}
		return nil
	})
	return use, err
}

// RefundGuess returns the guess that was paid for with a payment. It is meant for somebody who gave
// the right code in a request that had another fault. It takes effect at most once, and not if
// another guess was made in between.
func (t Mailboxes) RefundGuess(ctx context.Context, ref identity.MailboxRef, payment string) error {
	const refunding = "SET guesses = guesses - :one, spent = spent - :one, #ttl = :ttl REMOVE guessed_by"
	_, err := t.update(ctx, mailboxKey(ref), refunding, "guessed_by = :by AND spent > :zero",
		item{":one": num(1), ":zero": num(0), ":by": str(short(payment))})
	if err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("give a guess back: %w", err)
	}
	return nil
}

// CountRequest counts the request that caused a message, for its mailbox or for a user name that is
// treated like a mailbox. It counts the request whatever becomes of it. The result counted is false
// if the request is above the limits, which are those of mails. The result repeated reports whether
// the message was the last one that was counted before.
func (t Mailboxes) CountRequest(
	ctx context.Context, m identity.Message, l identity.Limits,
) (counted, repeated bool, err error) {
	message := short(m.ID)
	values := item{":message": str(message)}
	row, condition := t.counting(askedRow, l, values)
	k, update := askedKey(m.AskedRef(), m.Pool, m.AskedBy), setting(append(row, "counted = :message"))
	it, err := t.update(ctx, k, update, notCounted+" AND "+condition, values)
	switch {
	case errors.Is(err, errCondition):
		repeated = text(it, "counted") == message
		return repeated, repeated, nil
	case err != nil:
		return false, false, fmt.Errorf("count a request: %w", err)
	}
	return true, false, nil
}

// CountMail counts a mail to a mailbox before the mail is sent, and stores the mail's code in place
// of the oldest one. If the mail was counted before, it only stores the code. It does not count two
// mails of the message that was counted last; the code of the second mail replaces that of the
// first. The error is Limited if the limits do not allow the mail; then nothing is changed.
func (t Mailboxes) CountMail(
	ctx context.Context, ref identity.MailboxRef, m identity.Mail, l identity.Limits,
) (identity.MailboxUse, error) {
	if m.IsCounted && m.Code == nil {
		return t.Get(ctx, ref)
	}
	message := short(m.Message)
	var use identity.MailboxUse
	err := t.again(ctx, func() error {
		values := item{":message": str(message)}
		sets, conditions := []string{"counted = :message"}, []string{notCounted}
		if !m.IsCounted {
			row, condition := t.counting(m.Class, l, values)
			sets, conditions = append(sets, row...), append(conditions, condition)
		}
		if m.Code != nil {
			sets = append(append(sets, keepingCode(*m.Code, values)...), shiftingCodes(values)...)
		}
		it, err := t.update(ctx, mailboxKey(ref), setting(sets), strings.Join(conditions, " AND "), values)
		isRepeat := errors.Is(err, errCondition) && text(it, "counted") == message
		if isRepeat && m.Code != nil {
			values := item{":message": str(message)}
			it, err = t.update(ctx, mailboxKey(ref), setting(keepingCode(*m.Code, values)),
				"counted = :message", values)
			isRepeat = false
		}
		use = mailboxUseOf(it, ref.Tenant)
		switch {
		case err == nil, isRepeat:
			return nil
		case !errors.Is(err, errCondition):
			return fmt.Errorf("count a mail: %w", err)
		case m.IsCounted:
			return errLost
		}
		return cmp.Or(use.MayMail(m.Class, t.now(), l), errLost)
	})
	return use, err
}

// keepingCode returns the parts of an update that store a code as the newest one of its mailbox.
func keepingCode(code identity.MailedCode, values item) []string {
	values[":code"], values[":zero"], values[":tries"] = str(mailedCodeText(code)), num(0), num(identity.CodeTries)
	return []string{mailedCode(0) + " = :code", lastGuess(0) + " = if_not_exists(guesses, :zero) + :tries"}
}

// shiftingCodes returns the parts of an update that move each code of a mailbox to the next place,
// which drops the oldest.
func shiftingCodes(values item) []string {
	values[":none"], values[":zero"] = str(""), num(0)
	var sets []string
	for i := 1; i < identity.MailedCodesKept; i++ {
		sets = append(sets, fmt.Sprintf("%s = if_not_exists(%s, :none)", mailedCode(i), mailedCode(i-1)),
			fmt.Sprintf("%s = if_not_exists(%s, :zero)", lastGuess(i), lastGuess(i-1)))
	}
	return sets
}

// mailedCodeText returns the stored form of a code, without its last guess. It has the ids of the
// pool and the user, the two MACs in base64url, and the times of mailing and expiry (unix ms), with
// '#' between them.
func mailedCodeText(c identity.MailedCode) string {
	encode := base64.RawURLEncoding.EncodeToString
	return join(short(c.User.Pool), short(c.User.ID), encode(c.MAC), encode(c.ExtendedMAC),
		millis(c.MailedAt), millis(c.ExpiresAt))
}

// millis returns a time as text (unix ms).
func millis(t identity.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// mailedCodeOf parses the result of mailedCodeText. It reports false for an empty text.
func mailedCodeOf(tenant, stored string, last int64) (c identity.MailedCode, ok bool) {
	parts := strings.Split(stored, "#")
	if len(parts) != 6 {
		return c, false
	}
	mac, err := base64.RawURLEncoding.DecodeString(parts[2])
	extended, err2 := base64.RawURLEncoding.DecodeString(parts[3])
	mailed, err3 := strconv.ParseInt(parts[4], 10, 64)
	expires, err4 := strconv.ParseInt(parts[5], 10, 64)
	return identity.MailedCode{
		User: identity.UserRef{Tenant: tenant, Pool: long(parts[0]), ID: long(parts[1])},
		MAC:  mac, ExtendedMAC: extended, LastGuess: last,
		MailedAt: identity.At(time.UnixMilli(mailed)), ExpiresAt: identity.At(time.UnixMilli(expires)),
	}, errors.Join(err, err2, err3, err4) == nil
}

// short returns a form of an id that has 23 characters if the id is a UUID, as the ids are that the
// product generates. It is an asterisk, which no id contains, and the 16 bytes in base64url. Any
// other id is returned unchanged.
func short(id string) string {
	if u, err := uuid.Parse(id); err == nil && u.String() == id {
		return "*" + base64.RawURLEncoding.EncodeToString(u[:])
	}
	return id
}

// long returns the id of which short is the short form.
func long(short string) string {
	text, isUUID := strings.CutPrefix(short, "*")
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if !isUUID || err != nil || len(bytes) != len(uuid.UUID{}) {
		return short
	}
	return uuid.UUID(bytes).String()
}

// counting returns the parts of an update that count a mail of a class, and the condition that the
// limits allow such a mail now.
func (t *store) counting(
	class identity.MailClass, l identity.Limits, values item,
) (sets []string, condition string) {
	now, first, last := t.now(), mailed(class, 0), mailed(class, int(l.MailsPerHour)-1)
	values[":zero"], values[":at"] = num(0), num(now.UnixMilli())
	values[":pause"] = num(now.Add(-time.Duration(l.MailPause)).UnixMilli())
	values[":window"] = num(now.Add(-identity.MailWindow).UnixMilli())
	sets = []string{first + " = :at"}
	for i := 1; i < identity.MailsKept; i++ {
		sets = append(sets, fmt.Sprintf("%s = if_not_exists(%s, :zero)", mailed(class, i), mailed(class, i-1)))
	}
	const allowed = "(attribute_not_exists(%s) OR %s <= :pause) AND (attribute_not_exists(%s) OR %s <= :window)"
	return sets, fmt.Sprintf(allowed, first, first, last, last)
}

// countingMail returns the write that counts a mail.
func (t *store) countingMail(
	ref identity.MailboxRef, class identity.MailClass, l identity.Limits,
) types.TransactWriteItem {
	values := item{}
	sets, condition := t.counting(class, l, values)
	return t.updatingMailbox(mailboxKey(ref), setting(sets), condition, values)
}

// queueing returns the write that adds a registration to those that wait for its mailbox. It drops
// the oldest of identity.MaxWaiting.
func (t *store) queueing(
	ref identity.MailboxRef, owner identity.UserRef, r identity.Registration,
) types.TransactWriteItem {
	sets := []string{waiting(0) + " = :registration"}
	for i := 1; i < identity.MaxWaiting; i++ {
		sets = append(sets, fmt.Sprintf("%s = if_not_exists(%s, :none)", waiting(i), waiting(i-1)))
	}
	registration := join(identity.IDDigest(owner.Pool), identity.IDDigest(owner.ID), short(r.ID), millis(r.CreatedAt))
	values := item{":registration": str(registration), ":none": str("")}
	return t.updatingMailbox(mailboxKey(ref), setting(sets), "", values)
}

// updatingMailbox returns the write of an update that renews the time to live of a mailbox's item.
func (t *store) updatingMailbox(k key, update, condition string, values item) types.TransactWriteItem {
	values[":ttl"] = seconds(t.now().Add(mailboxKept))
	write := t.updating(k, update, condition, values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write
}

// update carries out an update outside of a transaction and returns the resulting item. The error is
// errCondition if the condition does not hold; then the item is returned as it is.
func (t Mailboxes) update(ctx context.Context, k key, update, condition string, values item) (item, error) {
	in := alone(t.updatingMailbox(k, update, condition, values).Update)
	in.ReturnValues = types.ReturnValueAllNew
	in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	out, err := t.updateItem(ctx, in)
	var stopped *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return out.Attributes, nil
	case errors.As(err, &stopped):
		return stopped.Item, errCondition
	}
	return nil, failure(err)
}

// mailboxUseOf returns what the item of a mailbox has.
func mailboxUseOf(it item, tenant string) identity.MailboxUse {
	u := identity.MailboxUse{
		Guesses: number(it, "guesses"), Spent: number(it, "spent"),
		Reopens:  identity.At(time.UnixMilli(number(it, "reopens"))),
		MailedAt: map[identity.MailClass][]identity.Time{},
	}
	for _, class := range identity.MailClasses() {
		for i := range identity.MailsKept {
			if at := number(it, mailed(class, i)); at > 0 {
				u.MailedAt[class] = append(u.MailedAt[class], identity.At(time.UnixMilli(at)))
			}
		}
	}
	for i := range identity.MailedCodesKept {
		if code, ok := mailedCodeOf(tenant, text(it, mailedCode(i)), number(it, lastGuess(i))); ok {
			u.Codes = append(u.Codes, code)
		}
	}
	for i := range identity.MaxWaiting {
		parts := strings.Split(text(it, waiting(i)), "#")
		if len(parts) != 4 {
			continue
		}
		if at, err := strconv.ParseInt(parts[3], 10, 64); err == nil {
			u.Waiting = append(u.Waiting, identity.WaitingRef{
				Pool: parts[0], User: parts[1], Registration: long(parts[2]),
				CreatedAt: identity.At(time.UnixMilli(at)),
			})
		}
	}
	return u
}
