package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/retry"
)

// longest returns the longest pause that is allowed, and none returns no pause.
func longest(n time.Duration) time.Duration { return n - 1 }
func none(time.Duration) time.Duration      { return 0 }

var errLost = fmt.Errorf("write: %w", identity.PreconditionFailed{})

func TestChangeRunsAgain(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	given := identity.Match{Given: true, Versions: []int64{1}}
	for _, row := range []struct {
		name string
		m    identity.Match
		errs []error // of the first calls; the next one succeeds
		runs int
		want error
	}{
		{"once where nothing is in the way", identity.Match{}, nil, 1, nil},
		{"after other changes came between", identity.Match{}, []error{
			errLost, errLost, errLost, errLost, errLost, errLost,
		}, 7, nil},
		{"where whatever exists was named", identity.Match{Given: true, Any: true}, []error{errLost}, 2, nil},
		{"not where a version was named", given, []error{errLost}, 1, identity.PreconditionFailed{}},
		{"not after another error", identity.Match{}, []error{broken}, 1, broken},
		{"until another error", identity.Match{}, []error{errLost, broken}, 2, broken},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			err := retry.Policy{Jitter: none}.Change(t.Context(), row.m, func() error {
				runs++
				if runs <= len(row.errs) {
					return row.errs[runs-1]
				}
				return nil
			})
			if runs != row.runs || !errors.Is(err, row.want) {
				t.Errorf("%d runs, %v", runs, err)
			}
		})
	}
}

// Tries come to an end in time for an answer, and in number.
func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		deadline    time.Duration // 0 for none
		jitter      func(time.Duration) time.Duration
		after, most time.Duration // when they end
		runs        int           // 0 for any number
	}{
		{"by the deadline", 20 * time.Second, longest, 14 * time.Second, 15 * time.Second, 0},
		{"by a deadline that is near", time.Second, longest, 0, 0, 1},
		{"by patience where there is no deadline", 0, longest, 11 * time.Second, 12 * time.Second, 0},
		{"by their number", time.Hour, none, 0, 0, 100},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				if row.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, row.deadline)
				}
				defer cancel()
				began, runs := time.Now(), 0
				err := retry.Policy{Jitter: row.jitter}.Do(ctx, func() error {
					runs++
					return errLost
				})
				if took := time.Since(began); took < row.after || took > row.most || row.runs > 0 && runs != row.runs {
					t.Errorf("%d runs in %s", runs, took)
				}
				// A caller who gave no version is told when to try again, and nothing of versions.
				unavailable := identity.Unavailable{}
				if !errors.As(err, &unavailable) || unavailable.RetryAfter <= 0 ||
					errors.Is(err, identity.PreconditionFailed{}) {
					t.Errorf("got %T: %v", err, err)
				}
			})
		})
	}
}

// Pauses grow to a maximum, so that many who lose at once do not hold each other up.
func TestPausesGrow(t *testing.T) {
	t.Parallel()
	var most []time.Duration
	err := retry.Policy{Jitter: func(n time.Duration) time.Duration {
		most = append(most, n)
		return 0
	}}.Do(t.Context(), func() error {
		if len(most) < 8 {
			return errLost
		}
		return nil
	})
	want := []time.Duration{10, 20, 40, 80, 160, 250, 250, 250}
	for i, got := range most {
		if got != want[i]*time.Millisecond {
			t.Errorf("pause %d is at most %s", i, got)
		}
	}
	if err != nil || len(most) != len(want) {
		t.Errorf("%d pauses, %v", len(most), err)
	}
}
