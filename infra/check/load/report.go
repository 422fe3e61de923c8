package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// drainWithin is how long messages may be in the outbox after the last call.
const drainWithin = 5 * time.Minute

// String returns a line about the progress.
func (t *traffic) String() string {
	s := t.tally.sums()
	return fmt.Sprintf("%d came, %d answered as expected, %d otherwise, %d wait; %d answers were tried again", s.calls, s.right, s.failed, s.calls-s.answered, s.again)
}

// collect waits until the outbox is empty, then reads what was stored and mailed.
func (t *traffic) collect(ctx context.Context, mails *inbox, out *screen) (seen Observed, err error) {
	var waiting atomic.Int64
	begin := time.Now()
	stop := out.follow(func() string { return fmt.Sprintf("messages in the outbox: %d", waiting.Load()) })
	seen.Outbox, err = t.product.awaitEmptyOutbox(ctx, drainWithin,
		func(n int) { waiting.Store(int64(n)) })
	stop()
	if err != nil {
		return seen, err
	}
	out.printLine("%d messages were left in the outbox %s after the last answer", len(seen.Outbox),
		time.Since(begin).Round(time.Second))
	seen.People, seen.Owners = t.registry.snapshot(), map[string]string{}
	for _, pool := range t.registry.pools {
		users, err := t.product.users(ctx, pool)
		if err != nil {
			return seen, err
		}
		seen.Users = append(seen.Users, users...)
	}
	system := newTokenCaller(t.product.BaseURL, t.product.tokens["system"])
	for _, p := range seen.People {
		if seen.Owners[p.Address], err = owner(ctx, system, p.Pool, p.Address); err != nil {
			return seen, err
		}
	}
	seen.Mails, err = mails.all(ctx)
	return seen, err
}

// report prints the result. It returns an error if there are findings.
func (r Result) report(out *screen) error {
	out.printLine("\naccepted %d, stored %d, mailed %d; activated %d, active %d", r.Accepted,
		r.Stored, r.Mailed, r.Activated, r.Active)
	out.printLine("stored without an answer that said so %d, active so %d; mails sent again %d",
		r.StoredUnclear, r.ActiveUnclear, r.Repeated)
	for _, f := range r.Findings {
		out.printLine("  WRONG: %s", f)
	}
	if len(r.Findings) > 0 {
		return errors.New("what was accepted, stored and mailed is not the same")
	}
	out.printLine("all that was accepted is stored and was mailed, and nothing else is or was")
	return nil
}
