package table_test

import (
	"testing"

	"identitypools/shared/table"
)

// The queue of mails and the keeper get those records of the stream that cause work, and no others.
// Each other one would cost something, and the functions' own writes would invoke them without end.
func TestTriggersAreTheRecordsWithWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, event, partition, sort string
		attributes                   []string
		want                         string
	}{
		{"a message that is asked for", "INSERT", "MESSAGE#m", "MESSAGE", nil, "queue"},
		{"a message that is released", "MODIFY", "MESSAGE#m", "MESSAGE", []string{"released"}, "queue"},
		{"a message that is postponed", "MODIFY", "MESSAGE#m", "MESSAGE", nil, ""},
		{"a message that was sent", "REMOVE", "MESSAGE#m", "MESSAGE", nil, ""},
		{"a user who comes", "INSERT", "USERS#t#p", "u", nil, "keeper"},
		{"a user who changes", "MODIFY", "USERS#t#p", "u", nil, ""},
		{"a user who goes", "REMOVE", "USERS#t#p", "u", nil, "keeper"},
		{"codes", "INSERT", "USER#t#p#u", "CODE#activation", nil, ""},
		{"a pool that is made", "INSERT", "POOL#t#p", "POOL", nil, ""},
		{"a pool that changes, or is counted", "MODIFY", "POOL#t#p", "POOL", []string{"doc", "members"}, ""},
		{"a pool that is deleted", "MODIFY", "POOL#t#p", "POOL", []string{"doc", "deleted_at"}, "keeper"},
		{"a pool that is purged", "REMOVE", "POOL#t#p", "POOL", []string{"deleted_at"}, ""},
		{"the count of a pool", "MODIFY", "POOL#t#p", "COUNT", []string{"deleted_at"}, ""},
		{"a claim", "INSERT", "CLAIM#t#p#ann@example.com", "CLAIM", nil, ""},
		{"an answer", "INSERT", "ANSWER#a", "ANSWER", nil, ""},
		{"keys", "INSERT", "KEYS", "KEYS", nil, ""},
		{"nothing of ours", "INSERT", "", "", nil, ""},
	} {
		image := map[string]string{}
		for _, name := range c.attributes {
			image[name] = "1"
		}
		for reader, triggers := range map[string][]table.Trigger{
			"queue": table.MailTriggers(), "keeper": table.KeeperTriggers(),
		} {
			if got := table.IsTrigger(triggers, c.event, c.partition, c.sort, image); got != (c.want == reader) {
				t.Errorf("%s is for the %s: %t", c.name, reader, got)
			}
		}
	}
}
