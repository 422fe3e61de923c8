package mailqueue_test

import (
	"testing"
	"time"

	"identitypools/shared/mailqueue"
)

// middle makes every pause as long as the mean of all.
func middle(n time.Duration) time.Duration { return n / 2 }

func TestEntriesAreTriedForSixHours(t *testing.T) {
	t.Parallel()
	var all time.Duration
	for received := 1; received < mailqueue.Receives; received++ {
		all += mailqueue.Pause(received, middle)
	}
	if all < 6*time.Hour || all > 6*time.Hour+10*time.Minute {
		t.Errorf("an entry is tried for %s", all)
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	for received, want := range map[int]time.Duration{
		0: 5 * time.Second, 1: 5 * time.Second, 2: 10 * time.Second, 6: 160 * time.Second,
		7: 5 * time.Minute, 11: 5 * time.Minute, mailqueue.Receives: 5 * time.Minute,
	} {
		if got := mailqueue.Pause(received, middle); got != want {
			t.Errorf("after %d receives the pause is %s, want %s", received, got, want)
		}
		least := mailqueue.Pause(received, func(time.Duration) time.Duration { return 0 })
		most := mailqueue.Pause(received, func(n time.Duration) time.Duration { return n })
		if least != want*3/4 || most != want*5/4 {
			t.Errorf("after %d receives the pause is from %s to %s", received, least, most)
		}
	}
}

func TestAnEntryNamesAMessage(t *testing.T) {
	t.Parallel()
	body := mailqueue.Body("MESSAGE#m-1")
	if got, err := mailqueue.Partition(body); err != nil || got != "MESSAGE#m-1" || body != `{"message":"MESSAGE#m-1"}` {
		t.Errorf("the entry %s has the key %q: %v", body, got, err)
	}
	for _, body := range []string{"", "{", `"MESSAGE#m-1"`, `{"message":1}`} {
		if got, err := mailqueue.Partition(body); err == nil {
			t.Errorf("the entry %q has the key %q", body, got)
		}
	}
}
