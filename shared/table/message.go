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

// messaging is the write that puts a message into the outbox.
func (t *Table) messaging(m identity.Message) (types.TransactWriteItem, error) {
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
func (t *Table) Send(ctx context.Context, m identity.Message, l identity.Limits) error {
	m.Counted = true
	message, err := t.messaging(m)
	if err != nil {
		return err
	}
	box, class := m.MailboxRef(), m.MailClass(true)
	killing := t.killing(m.UserRef(), identity.PurposeActivation, m.CreatedAt.Time)
	err = t.transact(ctx, []types.TransactWriteItem{t.countingMail(box, class, l), killing, message}, once.None{})
	if errors.As(err, new(cancelled)) {
		err = t.whyNotSent(ctx, box, class, l)
	}
	if err != nil {
		return fmt.Errorf("ask for a message: %w", err)
	}
	return nil
}

func (t *Table) whyNotSent(ctx context.Context, box identity.MailboxRef, class identity.MailClass, l identity.Limits) error {
	use, err := t.MailboxUse(ctx, box)
	if err != nil {
		return err
	}
	if err := use.MayMail(class, t.now(), l); err != nil {
		return err
	}
	return identity.Limited{RetryAfter: retryAfter, Reason: "a message was sent to this mailbox a moment ago"}
}

// Ask puts a message into the outbox on behalf of somebody who is told nothing: the courier applies the limits.
func (t *Table) Ask(ctx context.Context, m identity.Message) error {
	message, err := t.messaging(m)
	if err != nil {
		return err
	}
	err = t.change(ctx, message, once.None{})
	if err != nil && !errors.Is(err, errCondition) { // else it was stored by a try whose answer was lost
		return fmt.Errorf("ask for a message: %w", err)
	}
	return nil
}

// Message reads a message of the outbox. Errors: NotFound where it has been sent.
func (t *Table) Message(ctx context.Context, id string) (identity.Message, error) {
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

// DeleteMessage takes a message out of the outbox, which repeats safely.
func (t *Table) DeleteMessage(ctx context.Context, id string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: messageKey(id).item()})
	if err != nil {
		return fmt.Errorf("delete message: %w", failure(err))
	}
	return nil
}

// MessageOf is the id of the message whose partition key a stream record has; ok is false for any other item's.
func MessageOf(partition string) (id string, ok bool) {
	return Messages.cut(partition)
}
