// Package mailqueue states what the relay, the queue of mails and the courier agree on: what an entry of
// the queue looks like, and when an entry that failed is tried again. The queue is one of
// Amazon SQS. An entry names a message of the outbox and has nothing else, so the queue contains
// nothing personal.
package mailqueue

import (
	"encoding/json"
	"fmt"
	"time"
)

// entry is an entry of the queue. It has the partition key of a message.
type entry struct {
	Message string `json:"message"`
}

// Body returns the body of the entry for a message with a partition key.
func Body(partition string) string {
	body, _ := json.Marshal(entry{partition}) // a struct with a string has no error
	return string(body)
}

// Partition returns the partition key in the body of an entry.
func Partition(body string) (string, error) {
	var e entry
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return "", fmt.Errorf("decode entry of the queue: %w", err)
	}
	return e.Message, nil
}

// Bounds of the pauses. The first is short, because most failures are over at once. The longest is
// what people wait at most, once an outage of the mail service has ended.
const (
	firstPause   = 5 * time.Second
	longestPause = 5 * time.Minute
)

// Receives is how often an entry is received before SQS moves it to the dead-letter queue. With the
// pauses between them that is six hours, several times the longest outage of a mail service that ends
// without anyone's help (an hour).
const Receives = 78

// Pause returns how long an entry waits that has been received a number of times, each time with a
// failure. The pause doubles up to its longest. It is random between three quarters and five quarters
// of that, so that entries that failed together do not come back together. Jitter returns a random
// duration that is not negative and less than n.
func Pause(received int, jitter func(n time.Duration) time.Duration) time.Duration {
	pause := longestPause
	if doubled := received - 1; doubled < 10 {
		pause = min(longestPause, firstPause<<max(doubled, 0))
	}
	return pause - pause/4 + jitter(pause/2)
}
