package prove

import (
	"context"

	"identitypools/shared/identity"
)

// attempt is an attempt to prove a password.
type attempt struct {
	claimed
	stored   identity.Account
	of       identity.FailuresRef // the failures that the attempt is counted among
	failures identity.Failures    // those failures, with this attempt once it has started
}

// attempt returns an attempt, which has not started, of whom somebody claims to be.
func (p *Prover) attempt(who claimed, stored identity.Account) attempt {
	a := attempt{claimed: who, stored: stored}
	a.of, a.failures = stored.FailuresOf(who.Subject, p.Now())
	return a
}

// crowdTries is how often a call looks again while so many attempts are under way that no more may
// start. Together the looks take longer than identity.OpenLease on average, so that an attempt
// which never ends keeps nobody out.
const crowdTries = 30

// start stores one more attempt before anything is compared. It begins with what was read, which may be
// milliseconds old. Of calls that are made at the same time, one at a time succeeds, and the others read
// again and try again. If only attempts that are under way prevent another, start waits a little, since
// they may turn out to be right. Errors: Limited; Unavailable.
func (p *Prover) start(ctx context.Context, a attempt) (attempt, error) {
	mark, crowded, isStale := p.NewID(), 0, false
	err := p.Retry.Do(ctx, func() (err error) {
		if isStale {
			a, err = p.look(ctx, a.claimed)
			if err != nil || a.failures.Mark == mark { // it was stored, and the answer was lost
				return err
			}
		}
		before, now := a.failures, p.Now()
		isStale = true
		if a.failures, err = before.Start(now); err == nil {
			a.failures.Mark = mark
			return p.Failures.Replace(ctx, a.of, before, a.failures)
		}
		if crowded < crowdTries && before.IsCrowded(now) {
			crowded++
			return identity.PreconditionFailed{} // it may start once another attempt has ended
		}
		return err
	})
	return a, err
}

// look reads the account that an attempt is about as it is now.
func (p *Prover) look(ctx context.Context, who claimed) (attempt, error) {
	accounts, err := p.Failures.Accounts(ctx, []identity.AccountRef{who.AccountRef}, true)
	if err != nil {
		return attempt{claimed: who}, err
	}
	return p.attempt(who, accounts[0]), nil
}

// wrong ends an attempt with a wrong password, which it counts.
func (p *Prover) wrong(ctx context.Context, a attempt, trace string) error {
	mark, isStale := p.NewID(), false
	return p.Retry.Do(ctx, func() (err error) {
		if isStale {
			if a, err = p.look(ctx, a.claimed); err != nil || a.failures.Mark == mark {
				return err
			}
		}
		isStale = true
		next := a.failures.EndWrong(trace, p.Now())
		next.Mark = mark
		return p.Failures.Replace(ctx, a.of, a.failures, next)
	})
}

// right ends an attempt with the right password. It forgets the failures that the attempt was counted
// among, and remembers the device.
func (p *Prover) right(ctx context.Context, a attempt) error {
	now, forget := p.Now(), a.failures.NeedsReset()
	known := a.of.Device != ""
	if forget && !known {
		if err := p.Failures.Forget(ctx, a.of); err != nil {
			return err
		}
	}
	if a.Subject.Device == "" || known && !forget && !a.stored.Device.NeedsRenewal(now) {
		return nil
	}
	return p.Failures.RememberDevice(ctx, a.Subject, p.NewID(), now.Add(identity.DeviceMemory))
}
