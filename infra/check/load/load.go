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

// arrivalsAPool is how many come to one pool, so that no pool's budget of mails is met.
const arrivalsAPool = 250

func (l Load) arrivals() int { return int(l.Duration.Seconds() * l.Rate) }

// run puts the load on a product of its own, checks, and reports. What was stored and logged stays where a check failed, and only there.
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
	l.tell(out, len(pools))
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

func (l Load) tell(out *screen, pools int) {
	out.note("%g arrivals a second for %s, from a source address each; %d pools, %d processors", l.Rate, l.Duration, pools, runtime.NumCPU())
	if !manySources() {
		out.note("all come from one source, since only Linux has addresses for all: the budgets of a source apply")
	}
}

// observe lets people come, reports how they were served, and is what there is afterwards.
func (l Load) observe(ctx context.Context, p *product, pools []string, out *screen) (Observed, error) {
	t := &traffic{
		product: p, crowd: newCrowd(pools), tally: newTally(), admin: office(p.BaseURL, p.tokens["admin"]), random: rand.New(rand.NewPCG(1, 2)),
	}
	mails := newInbox(p.inbox.URL())
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	go mails.follow(reading, t.crowd.mailed)

	begin := time.Now()
	killed, spare := l.killing(p, out)
	defer spare()
	stop := out.follow(func() string { return fmt.Sprintf("%5s  %s", time.Since(begin).Round(time.Second), t) })
	t.arrive(ctx, l, begin)
	came := time.Since(begin)
	t.visits.Wait()
	stop()
	if err := ctx.Err(); err != nil {
		return Observed{}, errors.New("stopped before the end")
	}
	out.note("%.2f a second came, the latest %s after their time; all were answered %s after the first came",
		float64(l.arrivals())/max(came, l.Duration).Seconds(), t.late.Round(100*time.Microsecond), time.Since(begin).Round(100*time.Millisecond))
	t.tally.print(out)
	seen, err := t.aftermath(ctx, mails, out)
	seen.Killed = killed()
	return seen, err
}

// killing kills the engine at half time, if that is asked for, unless spare was called before; killed is whether it did.
func (l Load) killing(p *product, out *screen) (killed func() bool, spare func()) {
	var done atomic.Bool
	if !l.Kill {
		return done.Load, func() {}
	}
	timer := time.AfterFunc(l.Duration/2, func() {
		if p.killEngine() {
			done.Store(true)
			out.note("the engine is killed")
			return
		}
		out.note("the engine is not ours to kill: all goes on without that")
	})
	return done.Load, func() { timer.Stop() }
}
