package table

import "slices"

// Trigger describes records of the table's stream that cause work. A record matches a trigger if it
// matches all of its fields.
type Trigger struct {
	Events    []string // names of the stream's events: INSERT, MODIFY, REMOVE
	Kind      Kind
	Sort      string // the sort key, or "" for any
	Attribute string // the name of a number that the new image must have, or ""
}

// StreamBatch is the maximum number of records that the keeper gets at once.
const StreamBatch = 25

// RelayBatch is the maximum number of records that the relay gets at once.
const RelayBatch = 100

// MailTriggers returns the triggers of the relay, which puts messages into the queue of mails. They are:
//
//   - a message that was put into the outbox;
//   - a message that is released, because it has waited for a time that has come.
//
// A message that is postponed is not among them. The stream could deliver that record when the
// message is due, and then the message would be sent twice.
func MailTriggers() []Trigger {
	return []Trigger{
		{Events: []string{"INSERT"}, Kind: KindMessages},
		{Events: []string{"MODIFY"}, Kind: KindMessages, Attribute: attrReleased},
	}
}

// KeeperTriggers returns the triggers of the keeper. They are:
//
//   - a user that was created or deleted;
//   - a registration or codes that were deleted, which also happens when their time to live is
//     over;
//   - a pool that was deleted.
func KeeperTriggers() []Trigger {
	return []Trigger{
		{Events: []string{"INSERT", "REMOVE"}, Kind: KindUsers},
		{Events: []string{"REMOVE"}, Kind: KindUserItems},
		{Events: []string{"MODIFY"}, Kind: KindPools, Sort: poolSort, Attribute: attrDeleted},
	}
}

// IsTrigger reports whether a record of the stream matches one of the triggers, given its event, the
// key of its item, and the attributes of its new image.
func IsTrigger[V any](triggers []Trigger, event, partition, sort string, image map[string]V) bool {
	return slices.ContainsFunc(triggers, func(t Trigger) bool {
		_, has := image[t.Attribute]
		return slices.Contains(t.Events, event) && t.Kind == KindOf(partition) &&
			(t.Sort == "" || t.Sort == sort) && (t.Attribute == "" || has)
	})
}
