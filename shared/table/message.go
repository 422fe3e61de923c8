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

// Outbox has the messages that the courier is to send.
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

// Send puts an activation message into the outbox, counts it among the mails of its class to its
// mailbox and kills the user's live codes for activation: all or nothing. Errors: Limited where a
// message was sent to the mailbox a moment ago, or too many were.
func (t Outbox) Send(
	ctx context.Context, m identity.Message, l identity.Limits, reply once.Reply[once.None],
) error {
	m.Counted = true
	message, err := t.messaging(m)
	if err != nil {
		return err
	}
	box, class := m.MailboxRef(), m.MailClass(true)
	killing := t.killing(m.UserRef(), m.CreatedAt.Time)
	writes := []types.TransactWriteItem{t.countingMail(box, class, l), killing, message}
	err = t.transact(ctx, writes, reply.With(once.None{}))
	if errors.As(err, new(cancelled)) {
		err = t.whyNotSent(ctx, box, class, l)
	}
	if err != nil {
		return fmt.Errorf("ask for a message: %w", err)
	}
	return nil
}

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

// Ask puts a message into the outbox on behalf of somebody who is told nothing: the courier applies
// the limits.
func (t Outbox) Ask(ctx context.Context, m identity.Message, reply once.Reply[once.None]) error {
	message, err := t.messaging(m)
	if err != nil {
		return err
	}
	err = t.change(ctx, message, reply.With(once.None{}))
	if err != nil && !errors.Is(err, errCondition) { // which a try has stored whose answer was lost
		return fmt.Errorf("ask for a message: %w", err)
	}
	return nil
}

// Get reads a message of the outbox. Errors: NotFound where it has been sent.
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

// Delete takes a message out of the outbox, which repeats safely.
func (t Outbox) Delete(ctx context.Context, id string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: messageKey(id).item()})
	if err != nil {
		return fmt.Errorf("delete message: %w", failure(err))
	}
	return nil
}

// MessageOf returns the id of the message whose partition key a record of the stream has. It
// reports false for the key of any other item.
func MessageOf(partition string) (id string, ok bool) {
	return KindMessages.cut(partition)
}
