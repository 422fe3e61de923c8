package table

import "slices"

// Trigger describes records of the stream that the courier has work with. It is handed no others. A
// record fits if it has everything that the trigger says.
type Trigger struct {
	Events    []string // names of the stream's events: INSERT, MODIFY, REMOVE
	Kind      Kind
	Sort      string // the sort key; "" for any
	Attribute string // a number that the new image has; "" for none
}

// StreamBatch is how many records of the stream the courier is handed at most: as many mails as it
// sends well within its time, one after the other.
const StreamBatch = 25

// Triggers returns the triggers: a message that was asked for, one that is replayed, a user who
// came or went, something that waited with a user and is gone, as it is when its time to live is
// over, and a pool that was deleted. A message that is postponed is not among them: the stream
// might tell of it when it is due, and it would be sent twice.
func Triggers() []Trigger {
	return []Trigger{
		{Events: []string{"INSERT"}, Kind: KindMessages},
		{Events: []string{"MODIFY"}, Kind: KindMessages, Attribute: attrReplayed},
		{Events: []string{"INSERT", "REMOVE"}, Kind: KindUsers},
		{Events: []string{"REMOVE"}, Kind: KindUserItems},
		{Events: []string{"MODIFY"}, Kind: KindPools, Sort: poolSort, Attribute: attrDeleted},
	}
}

// IsTrigger reports whether a record of the stream fits one of Triggers, by its event, the key of
// its item, and the attributes of its new image.
func IsTrigger[V any](event, partition, sort string, image map[string]V) bool {
	return slices.ContainsFunc(Triggers(), func(t Trigger) bool {
		_, has := image[t.Attribute]
		return slices.Contains(t.Events, event) && t.Kind == KindOf(partition) &&
			(t.Sort == "" || t.Sort == sort) && (t.Attribute == "" || has)
	})
}
