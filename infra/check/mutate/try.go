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

// try removes each protection, in atOnce copies of the project's folder at the same time, and
// prints the results. Its error names the protections whose removal no test notices and those that
// could not be tried. If a test fails without any change, nothing is tried and that is the error.
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
	if err := eachIn(trees, whole(all), func(t tree, tests Tests) error {
		return passes(ctx, t, tests)
	}); err != nil {
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

// eachIn calls work for all values, each with a tree that no other call uses. It returns the first
// error of work. After an error it starts no more calls.
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

// whole returns all tests that the protections name. Those of the same packages are combined.
func whole(all []Protection) (tests []Tests) {
	for _, p := range all {
		i := slices.IndexFunc(tests, func(other Tests) bool {
			return other.Module == p.Module && slices.Equal(other.Packages, p.Packages)
		})
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

// passes returns nil if the tests pass while no protection is removed. Only then is a failure
// meaningful.
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

// errSurvived is the result if the tests pass although a protection is removed.
var errSurvived = errors.New("no test holds it")

// outcome is the result of the removal of a protection.
type outcome struct {
	killers []string
	err     error // errSurvived, or the reason why it could not be tried
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
	out  io.Writer
	mu   sync.Mutex
	held int
	// survived has the sentences of protections whose removal no test notices, and rest those of
	// protections that could not be tried.
	survived, rest []string
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
