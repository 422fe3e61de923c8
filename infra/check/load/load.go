package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

// arrivalsAPool is the number of callers for each pool. It is so low that no pool reaches its
// budget of mails.
const arrivalsAPool = 250

func (l Load) arrivals() int { return int(l.Duration.Seconds() * l.Rate) }

// run starts a product, puts the load on it, checks the result and reports it. The data and the log
// are deleted unless the check failed.
func (l Load) run(ctx context.Context, out *screen) error {
	folder, err := os.MkdirTemp("", "load")
	if err != nil {
		return fmt.Errorf("make a folder for what is stored: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			_ = os.RemoveAll(folder)
		}
	}()
	p, err := start(ctx, folder)
	if err != nil {
		return err
	}
	defer p.stop()
	pools, err := p.makePools(ctx, 1+l.arrivals()/arrivalsAPool)
	if err != nil {
		return err
	}
	l.describe(out, len(pools))
	seen, err := l.observe(ctx, p, pools, out)
	if err != nil {
		return err
	}
	if err := Check(seen).report(out); err != nil {
		keep = true
		return fmt.Errorf("%w; what is stored and was logged is in %s", err, folder)
	}
	return nil
}

func (l Load) describe(out *screen, pools int) {
	out.printLine("%g arrivals a second for %s, from a source address each; %d pools, %d processors",
		l.Rate, l.Duration, pools, runtime.NumCPU())
	if !manySources() {
		out.printLine("all come from one source, since only Linux has addresses for all: the budgets of a source apply")
	}
}

// observe generates the load, reports how the callers were served, and returns the state
// afterwards.
func (l Load) observe(ctx context.Context, p *product, pools []string, out *screen) (Observed, error) {
	t := &traffic{
		product: p, registry: newRegistry(pools), tally: newTally(),
		admin: newTokenCaller(p.BaseURL, p.tokens["admin"]), random: rand.New(rand.NewPCG(1, 2)),
	}
	mails := newInbox(p.inbox.URL())
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	go mails.follow(reading, t.registry.recordMail)

	begin := time.Now()
	killed, cancel := l.scheduleKill(p, out)
	defer cancel()
	stop := out.follow(func() string {
		return fmt.Sprintf("%5s  %s", time.Since(begin).Round(time.Second), t)
	})
	t.arrive(ctx, l, begin)
	came := time.Since(begin)
	t.visits.Wait()
	stop()
	if err := ctx.Err(); err != nil {
		return Observed{}, errors.New("stopped before the end")
	}
	out.printLine("%.2f a second came, the latest %s after their time; all were answered %s after the first came",
		float64(l.arrivals())/max(came, l.Duration).Seconds(), t.late.Round(100*time.Microsecond),
		time.Since(begin).Round(100*time.Millisecond))
	t.tally.print(out)
	seen, err := t.collect(ctx, mails, out)
	seen.Killed = killed()
	return seen, err
}

// scheduleKill kills the engine after half of the duration, if the load asks for it and cancel was
// not called before. killed reports whether it has done so.
func (l Load) scheduleKill(p *product, out *screen) (killed func() bool, cancel func()) {
	var done atomic.Bool
	if !l.Kill {
		return done.Load, func() {}
	}
	timer := time.AfterFunc(l.Duration/2, func() {
		if p.killEngine() {
			done.Store(true)
			out.printLine("the engine is killed")
			return
		}
		out.printLine("the engine is not ours to kill: all goes on without that")
	})
	return done.Load, func() { timer.Stop() }
}
