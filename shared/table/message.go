package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Outbox has the messages that the courier must send.
type Outbox struct{ *store }

// messaging returns the write that puts a message into the outbox.
func (t *store) messaging(m identity.Message) (types.TransactWriteItem, error) {
	doc, err := document(m)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	it := messageKey(m.ID).item()
	it[attrDoc], it[ttl] = doc, seconds(m.CreatedAt.Add(2*identity.MessageLifetime).Time)
	return t.putting(it, isNew, nil), nil
}

// Send stores a message with a code in the outbox and counts it among the mails of its class to its
// mailbox. A message for activation also kills the user's codes for activation; a code of another
// purpose is replaced when the mail is made. Send does all of this or nothing. The error is Limited if a
// message was sent to the mailbox a moment ago, or if too many were.
func (t Outbox) Send(
	ctx context.Context, m identity.Message, l identity.Limits, reply once.Reply[once.None],
) error {
	m.Counted = true
	message, err := t.messaging(m)
	if err != nil {
		return err
	}
	box, class := m.MailboxRef(), m.MailClass(true)
	writes := []types.TransactWriteItem{t.countingMail(box, class, l), message}
	if m.Kind == identity.MessageActivation {
		writes = append(writes, t.killing(m.UserRef(), m.CreatedAt.Time))
	}
	err = t.transact(ctx, writes, reply.With(once.None{}))
	if errors.As(err, new(cancelled)) {
		err = t.whyNotSent(ctx, box, class, l)
	}
	if err != nil {
		return fmt.Errorf("ask for a message: %w", err)
	}
	return nil
}

// whyNotSent returns the reason why Send could not store a message.
func (t Outbox) whyNotSent(
	ctx context.Context, box identity.MailboxRef, class identity.MailClass, l identity.Limits,
) error {
	use, err := Mailboxes(t).Get(ctx, box)
	if err != nil {
		return err
	}
	if err := use.MayMail(class, t.now(), l); err != nil {
		return err
	}
	return identity.Limited{RetryAfter: retryAfter, Reason: "a message was sent to this mailbox a moment ago"}
}

// Ask stores a message in the outbox for a caller who is not told what becomes of it. The courier
// applies the limits later.
func (t Outbox) Ask(ctx context.Context, m identity.Message, reply once.Reply[once.None]) error {
	message, err := t.messaging(m)
	if err != nil {
		return err
	}
	err = t.change(ctx, message, reply.With(once.None{}))
	if err != nil && !errors.Is(err, errCondition) { // errCondition: an earlier try has stored it
		return fmt.Errorf("ask for a message: %w", err)
	}
	return nil
}

// Get returns a message of the outbox. The error is NotFound if it has been sent.
func (t Outbox) Get(ctx context.Context, id string) (identity.Message, error) {
	it, err := t.get(ctx, messageKey(id), "")
	if err != nil {
		return identity.Message{}, fmt.Errorf("read message: %w", err)
	}
	if len(it) == 0 {
		return identity.Message{}, identity.NotFound{Thing: "message", ID: id}
	}
	var m identity.Message
	return m, parse(it, &m)
}

// Delete deletes a message from the outbox. It can safely be repeated.
func (t Outbox) Delete(ctx context.Context, id string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: messageKey(id).item()})
	if err != nil {
		return fmt.Errorf("delete message: %w", failure(err))
	}
	return nil
}

// MessageOf returns the id of the message whose partition key is in a record of the stream. It
// reports false for the key of any other item.
func MessageOf(partition string) (id string, ok bool) {
	return KindMessages.cut(partition)
}
