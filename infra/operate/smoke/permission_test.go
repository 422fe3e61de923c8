package main_test

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"identitypools/infra/deploy/plan"
	"identitypools/infra/local/system"
	"identitypools/shared/table"
)

// uses records which permissions the functions use: the actions of each grant, and the kinds of keys.
type uses struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (u *uses) watch(c plan.Call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, s := range c.Steps {
		u.seen[actionOf(c.Function, s.Action, s.Index)] = true
		u.seen[kindOf(c.Function, table.KindOf(s.Partition))] = true
	}
}

func actionOf(function, action string, index bool) string {
	if index {
		action += " of the index"
	}
	return function + " " + action
}

func kindOf(function string, kind table.Kind) string { return fmt.Sprintf("%s %s", function, kind) }

// unused returns the permissions of the plan that were not used, in the order of the plan.
func (u *uses) unused() (found []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	add := func(permission string) {
		if !u.seen[permission] && !slices.Contains(found, permission) {
			found = append(found, permission)
		}
	}
	for _, f := range plan.Functions() {
		if f.Mails {
			add(actionOf(f.Name, "ses:SendEmail", false))
		}
		for _, g := range f.Grants {
			for _, action := range g.Actions {
				add(actionOf(f.Name, action, g.Index))
			}
			for _, kind := range g.Kinds {
				add(kindOf(f.Name, kind))
			}
		}
	}
	return found
}

// The checks make the functions use every permission in the plan, except those that are named here.
// So a role in AWS that lacks a permission is noticed.
func TestTheChecksUseThePermissions(t *testing.T) {
	t.Parallel()
	front, used := newFront(t), &uses{seen: map[string]bool{}}
	o := newOperator(t, func(c *system.Config) { c.Environment["PUBLIC_URL"], c.Watch = front.URL, used.watch })
	o.patience = testPatience
	front.serve(t, o)
	if got := o.check(t.Context(), io.Discard, o.flags(t, front.URL)...); got.status != 0 {
		t.Fatalf("it ends with %d and\n%s", got.status, got.out)
	}
	o.product.AwaitEmptyOutbox(t)
	// The keeper looks into the index, and releases messages, when its clock ticks, every five minutes.
	want := []string{"keeper dynamodb:Query of the index", "keeper LATER", "keeper MESSAGE"}
	if unused := used.unused(); !slices.Equal(unused, want) {
		t.Errorf("nothing uses\n%q, want\n%q", unused, want)
	}
}
