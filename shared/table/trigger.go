package table

import "slices"

// Trigger describes stream records that the courier has work with: it is handed no others. A record fits if it has all that is said.
type Trigger struct {
	Events    []string // names of the stream's events: INSERT, MODIFY, REMOVE
	Kind      Kind
	Sort      string // the sort key; "" for any
	Attribute string // a number that the new image has; "" for none
}

// StreamBatch is how many stream records the courier is handed at most: as many mails as it sends well within its time, one after
// the other.
const StreamBatch = 25

// Triggers are a message that was asked for, one that is replayed, a user who came or went,
// something that waited with a user and is gone, as it is when its time to live is over, and a pool
// that was deleted. A message that is postponed is none: the stream might tell of it when it is
// due, and it would be sent twice.
func Triggers() []Trigger {
	return []Trigger{
		{Events: []string{"INSERT"}, Kind: Messages},
		{Events: []string{"MODIFY"}, Kind: Messages, Attribute: attrReplayed},
		{Events: []string{"INSERT", "REMOVE"}, Kind: Users},
		{Events: []string{"REMOVE"}, Kind: OfUser},
		{Events: []string{"MODIFY"}, Kind: Pools, Sort: poolSort, Attribute: attrDeleted},
	}
}

// IsTrigger says whether a stream record fits one of Triggers, by its event, its item's key, and the attributes of its new image.
func IsTrigger[V any](event, partition, sort string, image map[string]V) bool {
	return slices.ContainsFunc(Triggers(), func(t Trigger) bool {
		_, has := image[t.Attribute]
		return slices.Contains(t.Events, event) && t.Kind == KindOf(partition) && (t.Sort == "" || t.Sort == sort) && (t.Attribute == "" || has)
	})
}
