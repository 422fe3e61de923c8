package table_test

import (
	"testing"

	"identitypools/shared/table"
)

// The courier gets those records of the stream that cause work, and no others. Each other one would
// cost an invocation, and the courier's own writes would invoke it without end.
func TestTriggersAreTheRecordsWithWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, event, partition, sort string
		attributes                   []string
		want                         bool
	}{
		{"a message that is asked for", "INSERT", "MESSAGE#m", "MESSAGE", nil, true},
		{"a message that is replayed", "MODIFY", "MESSAGE#m", "MESSAGE", []string{"replayed"}, true},
		{"a message that is postponed", "MODIFY", "MESSAGE#m", "MESSAGE", nil, false},
		{"a message that was sent", "REMOVE", "MESSAGE#m", "MESSAGE", nil, false},
		{"a user who comes", "INSERT", "USERS#t#p", "u", nil, true},
		{"a user who changes", "MODIFY", "USERS#t#p", "u", nil, false},
		{"a user who goes", "REMOVE", "USERS#t#p", "u", nil, true},
		{"codes", "INSERT", "USER#t#p#u", "CODE#activation", nil, false},
		{"a pool that is made", "INSERT", "POOL#t#p", "POOL", nil, false},
		{"a pool that changes, or is counted", "MODIFY", "POOL#t#p", "POOL", []string{"doc", "members"}, false},
		{"a pool that is deleted", "MODIFY", "POOL#t#p", "POOL", []string{"doc", "deleted_at"}, true},
		{"a pool that is purged", "REMOVE", "POOL#t#p", "POOL", []string{"deleted_at"}, false},
		{"the count of a pool", "MODIFY", "POOL#t#p", "COUNT", []string{"deleted_at"}, false},
		{"a claim", "INSERT", "CLAIM#t#p#ann@example.com", "CLAIM", nil, false},
		{"an answer", "INSERT", "ANSWER#a", "ANSWER", nil, false},
		{"keys", "INSERT", "KEYS", "KEYS", nil, false},
		{"nothing of ours", "INSERT", "", "", nil, false},
	} {
		image := map[string]string{}
		for _, name := range c.attributes {
			image[name] = "1"
		}
		if got := table.IsTrigger(c.event, c.partition, c.sort, image); got != c.want {
			t.Errorf("%s wakes the courier: %t", c.name, got)
		}
	}
}
