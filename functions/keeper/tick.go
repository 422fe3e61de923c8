package keeper

import (
	"context"
	"errors"
	"time"
)

// Bounds of a tick. The next tick does what one leaves undone.
const (
	tickPage = 400              // how many things a tick asks the index for at once
	tickTime = 40 * time.Second // after which a tick releases nothing more; the function has a minute
)

// Tick releases what has waited for a time that has come, the oldest first: messages that waited for
// a place in a budget, which the stream then brings to the courier, and deleted pools of which
// something is left. EventBridge calls it every few minutes. It can be repeated. Errors: those of all
// that failed, after everything else was released.
func (s *Service) Tick(ctx context.Context) error {
	began := s.Now()
	var failed []error
	for s.Now().Sub(began) < tickTime {
		due, err := s.Later.Due(ctx, began, tickPage)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		released := 0
		for _, thing := range due {
			if s.Now().Sub(began) >= tickTime {
				break
			}
			if err := s.Later.Release(ctx, thing); err != nil {
				failed = append(failed, err)
				continue
			}
			released++
		}
		if released == 0 || len(due) < tickPage {
			break
		}
	}
	return errors.Join(failed...)
}
