package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// drainWithin is how long messages may wait in the outbox after the last call.
const drainWithin = 5 * time.Minute

// String is where the traffic stands, in a line.
func (t *traffic) String() string {
	s := t.tally.sums()
	return fmt.Sprintf("%d came, %d answered as expected, %d otherwise, %d wait; %d answers were tried again", s.calls, s.right, s.failed, s.calls-s.answered, s.again)
}

// aftermath waits for the outbox, then reads what is stored and was mailed.
func (t *traffic) aftermath(ctx context.Context, mails *inbox, out *screen) (seen Observed, err error) {
	var waiting atomic.Int64
	begin := time.Now()
	stop := out.follow(func() string { return fmt.Sprintf("messages in the outbox: %d", waiting.Load()) })
	seen.Outbox, err = t.product.drained(ctx, drainWithin, func(n int) { waiting.Store(int64(n)) })
	stop()
	if err != nil {
		return seen, err
	}
	out.note("%d messages were left in the outbox %s after the last answer", len(seen.Outbox), time.Since(begin).Round(time.Second))
	seen.People, seen.Owners = t.crowd.remembered(), map[string]string{}
	for _, pool := range t.crowd.pools {
		users, err := t.product.users(ctx, pool)
		if err != nil {
			return seen, err
		}
		seen.Users = append(seen.Users, users...)
	}
	system := office(t.product.BaseURL, t.product.tokens["system"])
	for _, p := range seen.People {
		if seen.Owners[p.Address], err = owner(ctx, system, p.Pool, p.Address); err != nil {
			return seen, err
		}
	}
	seen.Mails, err = mails.all(ctx)
	return seen, err
}

// report prints the result, and is an error where there are findings.
func (r Result) report(out *screen) error {
	out.note("\naccepted %d, stored %d, mailed %d; activated %d, active %d", r.Accepted, r.Stored, r.Mailed, r.Activated, r.Active)
	out.note("stored without an answer that said so %d, active so %d; mails sent again %d", r.StoredUnclear, r.ActiveUnclear, r.Repeated)
	for _, f := range r.Findings {
		out.note("  WRONG: %s", f)
	}
	if len(r.Findings) > 0 {
		return errors.New("what was accepted, stored and mailed is not the same")
	}
	out.note("all that was accepted is stored and was mailed, and nothing else is or was")
	return nil
}
