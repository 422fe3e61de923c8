package passwords

import (
	"context"
	"errors"
	"fmt"
	"time"

	"identitypools/shared/identity"
)

// claimed is the user whom somebody claims to be, and the subject for which failures are counted.
type claimed struct {
	user    identity.UserRef
	subject identity.FailuresRef // with the device, if one is given
}

// attempt is an attempt that is under way.
type attempt struct {
	claimed
	account  identity.Account
	of       identity.FailuresRef // the failures that the attempt is counted among
	failures identity.Failures    // those failures, with this attempt
}

// How long and how often calls that are made at the same time wait for one another. Each write that
// fails means that the write of another call has succeeded.
const (
	crowdPause = 50 * time.Millisecond // while so many attempts are under way that no more may start
	crowdTries = 30
	racePause  = 10 * time.Millisecond // after another call has changed the failures
	raceTries  = 50
)

// start stores one more attempt before anything is compared. Of calls that are made at the same time,
// one at a time succeeds. If only attempts that are under way prevent another, start waits a little,
// since they may turn out to be right. Errors: Limited.
func (s *Service) start(ctx context.Context, who claimed) (attempt, error) {
	mark, crowded, fresh := s.NewID(), 0, false
	for raced := 0; raced < raceTries; fresh = true {
		a, err := s.look(ctx, who, fresh)
		if err != nil || a.failures.Mark == mark { // it was stored, and the answer was lost
			return a, err
		}
		before, now := a.failures, s.Now()
		a.failures, err = before.Start(now)
		switch {
		case err == nil:
			a.failures.Mark = mark
			err = s.Failures.Replace(ctx, a.of, before, a.failures)
			if !errors.As(err, new(identity.PreconditionFailed)) {
				return a, err
			}
			raced++
			err = pause(ctx, racePause)
		case before.IsCrowded(now) && crowded < crowdTries:
			crowded++
			err = pause(ctx, crowdPause)
		}
		if err != nil {
			return a, err
		}
	}
	return attempt{}, identity.Limited{RetryAfter: time.Second, Reason: "too many attempts at once, try again"}
}

// look reads the user and the failures that an attempt is about. If fresh is false, what it reads may
// be milliseconds old.
func (s *Service) look(ctx context.Context, who claimed, fresh bool) (attempt, error) {
	account, err := s.Failures.Account(ctx, who.user, who.subject, fresh)
	a := attempt{claimed: who, account: account}
	a.of, a.failures = account.FailuresOf(who.subject, s.Now())
	return a, err
}

// wrong ends an attempt with a wrong password, which it counts.
func (s *Service) wrong(ctx context.Context, a attempt, trace string) error {
	mark := s.NewID()
	for range raceTries {
		next := a.failures.EndWrong(trace, s.Now())
		next.Mark = mark
		err := s.Failures.Replace(ctx, a.of, a.failures, next)
		if !errors.As(err, new(identity.PreconditionFailed)) {
			return err
		}
		if a, err = s.look(ctx, a.claimed, true); err != nil || a.failures.Mark == mark {
			return err
		}
	}
	return identity.Unavailable{
		RetryAfter: time.Second, Cause: errors.New("the failures of a user have changed too often"),
	}
}

// right ends an attempt with the right password. It forgets the failures that the attempt was counted
// among, and remembers the device.
func (s *Service) right(ctx context.Context, a attempt) error {
	now, forget := s.Now(), a.failures.NeedsReset()
	known := a.of.Device != ""
	if forget && !known {
		if err := s.Failures.Forget(ctx, a.of); err != nil {
			return err
		}
	}
	if a.subject.Device == "" || known && !forget && !a.account.Device.NeedsRenewal(now) {
		return nil
	}
	return s.Failures.RememberDevice(ctx, a.subject, s.NewID(), now.Add(identity.DeviceMemory))
}

// pause waits for d. Errors: that of the context, if the context ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for other attempts: %w", ctx.Err())
	}
}
