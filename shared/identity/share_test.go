package identity_test

import (
	"testing"
	"time"

	"identitypools/shared/identity"
)

func TestSharesOfABudget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		share            identity.Share
		hour, day        int64
		ofHour, ofTheDay int64
	}{
		{identity.ShareHalf, 10, 100, 5, 50},
		{identity.ShareHalf, 3, 1, 2, 1}, // never 0, which would mean no bound
		{identity.ShareHalf, 0, 4, 0, 2}, // 0, no bound, stays 0
		{identity.ShareWhole, 10, 100, 10, 100},
	} {
		got := c.share.PartOf(identity.Budget{Name: "mails", PerHour: c.hour, PerDay: c.day})
		if got.Name != "mails" || got.PerHour != c.ofHour || got.PerDay != c.ofTheDay {
			t.Errorf("%q of %d and %d is %+v", c.share, c.hour, c.day, got)
		}
	}
}

func TestHalfOfABudgetIsReachedOnce(t *testing.T) {
	t.Parallel()
	b := identity.Budget{PerHour: 4, PerDay: 10}
	for _, c := range []struct {
		hour, day     int64
		half, reaches bool
	}{
		{1, 1, false, false},
		{2, 2, true, true},
		{3, 3, true, false},
		{1, 4, false, false},
		{1, 5, true, true},
		{1, 6, true, false},
	} {
		s := identity.Spending{Hour: c.hour, Day: c.day}
		if s.IsHalf(b) != c.half || s.ReachesHalf(b) != c.reaches {
			t.Errorf("%+v: half %v, reached %v", s, s.IsHalf(b), s.ReachesHalf(b))
		}
		if s.IsHalf(identity.Budget{}) || s.ReachesHalf(identity.Budget{}) {
			t.Errorf("%+v is half of a budget without bounds", s)
		}
	}
}

func TestABudgetHasPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spent identity.Spending
		b     identity.Budget
		want  bool
	}{
		{identity.Spending{Hour: 3, Day: 9}, identity.Budget{PerHour: 4, PerDay: 10}, true},
		{identity.Spending{Hour: 4, Day: 9}, identity.Budget{PerHour: 4, PerDay: 10}, false},
		{identity.Spending{Hour: 3, Day: 10}, identity.Budget{PerHour: 4, PerDay: 10}, false},
		{identity.Spending{Hour: 100, Day: 100}, identity.Budget{}, true},
	} {
		if got := c.spent.HasPlace(c.b); got != c.want {
			t.Errorf("%+v of %+v: %t", c.spent, c.b, got)
		}
	}
}

func TestADelayedMessageWaits(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 2, 10, 12, 0, 0, 0, time.UTC)
	if (identity.Message{}).IsWaiting(noon) {
		t.Error("a message that was never delayed waits")
	}
	m := identity.Message{ID: "m"}.Delayed("mails", identity.Place{At: noon})
	if m.Budget != "mails" || !m.IsWaiting(noon.Add(-time.Second)) || m.IsWaiting(noon) {
		t.Errorf("%+v", m)
	}
}
