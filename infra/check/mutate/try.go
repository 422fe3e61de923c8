package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// try takes each protection out, in atOnce copies of the project's folder at the same time, and
// prints what became of it. Errors: one that names the protections that no test holds and those
// that could not be tried; that of tests which fail with all protections in place, for then nothing
// is tried.
func try(ctx context.Context, root string, all []Protection, atOnce int, out io.Writer) error {
	started := time.Now()
	atOnce = min(atOnce, len(all))
	trees := make(chan tree, atOnce)
	for range atOnce {
		t, err := copyOf(root)
		if err != nil {
			return err
		}
		defer t.remove()
		trees <- t
	}
	if err := eachIn(trees, whole(all), func(t tree, tests Tests) error { return passes(ctx, t, tests) }); err != nil {
		return err
	}
	tally := tally{out: out}
	_ = eachIn(trees, all, func(t tree, p Protection) error {
		tally.add(p, t.tryWithout(ctx, p))
		return nil
	})
	_, _ = fmt.Fprintf(out, "\n%d of %d protections are held by their tests, in %s\n", tally.held,
		len(all), time.Since(started).Round(time.Second))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return tally.err()
}

// eachIn does work on all of what there is, each in a tree of its own. It is the first error of
// work, after which nothing more is begun.
func eachIn[T any](trees chan tree, all []T, work func(tree, T) error) error {
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	for _, each := range all {
		t := <-trees
		mu.Lock()
		failed := first
		mu.Unlock()
		if failed != nil {
			trees <- t
			break
		}
		wait.Go(func() {
			defer func() { trees <- t }()
			if err := work(t, each); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	wait.Wait()
	return first
}

// whole is all tests that the protections name, those of the same packages together.
func whole(all []Protection) (tests []Tests) {
	for _, p := range all {
		i := slices.IndexFunc(tests, func(other Tests) bool { return slices.Equal(other.Packages, p.Packages) })
		switch {
		case i < 0:
			tests = append(tests, p.Tests)
		case p.Pattern == "" || tests[i].Pattern == "":
			tests[i].Pattern = ""
		default:
			tests[i].Pattern += "|" + p.Pattern
		}
	}
	return tests
}

// passes is nil where the tests pass while nothing is taken out: only then does it mean anything when they fail.
func passes(ctx context.Context, t tree, tests Tests) error {
	r, err := t.goTest(ctx, tests)
	switch {
	case err != nil:
		return fmt.Errorf("before anything is taken out: %w", err)
	case len(r.failed) > 0:
		return fmt.Errorf("before anything is taken out, %s of %s fails", strings.Join(r.failed, ", "),
			strings.Join(tests.Packages, " "))
	}
	return nil
}

// errSurvived is a protection without which its tests pass.
var errSurvived = errors.New("no test holds it")

// outcome is what became of a protection that was taken out.
type outcome struct {
	killers []string
	err     error // errSurvived, or why it could not be tried
	took    time.Duration
}

func (t tree) tryWithout(ctx context.Context, p Protection) (o outcome) {
	started := time.Now()
	o.err = t.without(p, func() error {
		r, err := t.goTest(ctx, p.Tests)
		switch {
		case err != nil:
			return err
		case r.ran == 0:
			return fmt.Errorf("no test of %s is called %s", strings.Join(p.Packages, " "), p.Pattern)
		case len(r.failed) == 0:
			return errSurvived
		}
		o.killers = r.failed
		return nil
	})
	o.took = time.Since(started)
	return o
}

// tally prints and counts outcomes. It is safe for concurrent use.
type tally struct {
	out            io.Writer
	mu             sync.Mutex
	held           int
	survived, rest []string // sentences of those that no test holds, and that could not be tried
}

func (t *tally) add(p Protection, o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	word, more := "held", strings.Join(o.killers, ", ")
	switch {
	case o.err == nil:
		t.held++
	case errors.Is(o.err, errSurvived):
		word, more = "SURVIVED", p.place
		t.survived = append(t.survived, p.Sentence)
	default:
		word, more = "ERROR", o.err.Error()
		t.rest = append(t.rest, p.Sentence)
	}
	_, _ = fmt.Fprintf(t.out, "%-8s %3.0fs  %s  %s\n", word, o.took.Seconds(), p.Sentence, more)
}

func (t *tally) err() error {
	if len(t.survived)+len(t.rest) == 0 {
		return nil
	}
	return fmt.Errorf("%d not held, %d not tried:\n  %s", len(t.survived), len(t.rest),
		strings.Join(slices.Concat(t.survived, t.rest), "\n  "))
}
