package passwords

import (
	"context"

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

// crowdTries is how often a call looks again while so many attempts are under way that no more may
// start. Together the looks take longer than identity.OpenLease on average, so that an attempt
// which never ends keeps nobody out.
const crowdTries = 30

// start stores one more attempt before anything is compared. Of calls that are made at the same time,
// one at a time succeeds, and the others try again. If only attempts that are under way prevent
// another, start waits a little, since they may turn out to be right. Errors: Limited; Unavailable.
func (s *Service) start(ctx context.Context, who claimed) (a attempt, err error) {
	mark, crowded, fresh := s.NewID(), 0, false
	err = s.Retry.Do(ctx, func() error {
		a, err = s.look(ctx, who, fresh)
		if err != nil || a.failures.Mark == mark { // it was stored, and the answer was lost
			return err
		}
		before, now := a.failures, s.Now()
		fresh = true
		if a.failures, err = before.Start(now); err == nil {
			a.failures.Mark = mark
			return s.Failures.Replace(ctx, a.of, before, a.failures)
		}
		if crowded < crowdTries && before.IsCrowded(now) {
			crowded++
			return identity.PreconditionFailed{} // it may start once another attempt has ended
		}
		return err
	})
	return a, err
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
	mark, isStale := s.NewID(), false
	return s.Retry.Do(ctx, func() (err error) {
		if isStale {
			if a, err = s.look(ctx, a.claimed, true); err != nil || a.failures.Mark == mark {
				return err
			}
		}
		isStale = true
		next := a.failures.EndWrong(trace, s.Now())
		next.Mark = mark
		return s.Failures.Replace(ctx, a.of, a.failures, next)
	})
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
