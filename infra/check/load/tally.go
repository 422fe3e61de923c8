package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// tally counts calls by their kind. It is safe for concurrent use.
type tally struct {
	mu    sync.Mutex
	kinds map[kind]*count
}

type count struct {
	calls, answered, right int
	again, failed          map[string]int // by status, or noAnswer
	took                   []time.Duration
}

const noAnswer = "no answer"

func newTally() *tally {
	t := &tally{kinds: map[kind]*count{}}
	for _, k := range kinds() {
		t.kinds[k] = &count{again: map[string]int{}, failed: map[string]int{}}
	}
	return t
}

// countStart counts the start of a call.
func (t *tally) countStart(k kind) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kinds[k].calls++
}

// countRetry counts an answer, or a missing answer, after which the caller tries again.
func (t *tally) countRetry(k kind, answer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kinds[k].again[answer]++
}

// countEnd counts the final answer of a call. took is the time since the caller was due.
func (t *tally) countEnd(k kind, answer string, right bool, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.kinds[k]
	c.answered++
	c.took = append(c.took, took)
	if right {
		c.right++
	} else {
		c.failed[answer]++
	}
}

// sums has the totals of a tally.
type sums struct{ calls, answered, right, again, failed int }

func (t *tally) sums() sums {
	t.mu.Lock()
	defer t.mu.Unlock()
	var s sums
	for _, c := range t.kinds {
		s.calls, s.answered, s.right, s.failed = s.calls+c.calls, s.answered+c.answered,
			s.right+c.right, s.failed+c.answered-c.right
		for _, n := range c.again {
			s.again += n
		}
	}
	return s
}

// print prints a row for each kind.
func (t *tally) print(out io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "call\troute\tcalls\tas expected\tp50\tp99\ttried again\tfailed")
	for _, k := range kinds() {
		c := t.kinds[k]
		slices.Sort(c.took)
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n",
			k, k.operation(), c.calls, c.right, percentile(c.took, 50), percentile(c.took, 99),
			list(c.again), list(c.failed))
	}
	_ = table.Flush()
}

// percentile returns the smallest of the sorted times that is not exceeded by the given percentage
// of them, as text.
func percentile(sorted []time.Duration, percent int) string {
	if len(sorted) == 0 {
		return "-"
	}
	d := sorted[(len(sorted)*percent+99)/100-1]
	if d < 100*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}

func list(counts map[string]int) string {
	var all []string
	for _, answer := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%s ×%d", answer, counts[answer]))
	}
	return cmp.Or(strings.Join(all, ", "), "-")
}
