package main_test

import (
	"reflect"
	"slices"
	"testing"

	load "identitypools/infra/check/load"
)

// The test data has an address for each way that can end well.
const (
	fresh    = "fresh@example.com"    // registered
	plain    = "plain@example.com"    // registered and activated
	secret   = "secret@example.com"   // registered and activated with a password
	refused  = "refused@example.com"  // tried to register and was refused
	unclear  = "unclear@example.com"  // got no answer, and is stored
	missing  = "missing@example.com"  // got no answer, and is not stored
	stranger = "stranger@example.com" // never registered
)

// observed returns the state after a load in which nothing was lost.
func observed() load.Observed {
	o := load.Observed{
		People: []load.Person{
			{Address: fresh, Registered: load.Done},
			{Address: plain, Registered: load.Done, Activated: load.Done},
			{Address: secret, Registered: load.Done, Activated: load.Done, HasPassword: true},
			{Address: refused, Registered: load.Refused},
			{Address: unclear, Registered: load.Unclear, Activated: load.Unclear},
			{Address: missing, Registered: load.Unclear},
		},
		Users: []load.User{
			{"1", fresh, false}, {"2", plain, true}, {"3", secret, true}, {"4", unclear, true},
		},
		Owners: map[string]string{
			fresh: "1", plain: "2", secret: "3", unclear: "4",
			refused: "", missing: "",
		},
	}
	for _, u := range o.Users {
		o.Mails = append(o.Mails, load.Mail{To: u.Address, Code: "12345" + u.ID})
	}
	o.Mails = append(o.Mails, load.Mail{To: secret, Welcome: true})
	return o
}

func TestACheckCounts(t *testing.T) {
	t.Parallel()
	want := load.Result{
		Accepted: 3, Stored: 4, Mailed: 4, Activated: 2, Active: 3, StoredUnclear: 1,
		ActiveUnclear: 1,
	}
	if got := load.Check(observed()); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestACheckFindsWhatWasLost(t *testing.T) {
	t.Parallel()
	without := func(address string) func(*load.Observed) {
		return func(o *load.Observed) {
			o.Users = slices.DeleteFunc(o.Users, func(u load.User) bool { return u.Address == address })
		}
	}
	mails := func(more ...load.Mail) func(*load.Observed) {
		return func(o *load.Observed) { o.Mails = append(o.Mails, more...) }
	}
	for name, test := range map[string]struct {
		change func(*load.Observed)
		want   []load.Finding
	}{
		"a user who was deleted": {without(fresh), []load.Finding{
			{"accepted, but not stored", []string{fresh}},
			{"an address that leads to no user", []string{fresh}},
			{"mailed, but not stored", []string{fresh}},
		}},
		"an active user who was deleted": {without(plain), []load.Finding{
			{"accepted, but not stored", []string{plain}},
			{"an address that leads to no user", []string{plain}},
			{"mailed, but not stored", []string{plain}},
			{"activated, but not active", []string{plain}},
		}},
		"an address that leads nowhere": {
			func(o *load.Observed) { delete(o.Owners, plain) },
			[]load.Finding{{"stored, but the address does not lead to the user", []string{plain}}},
		},
		"an address that leads to another": {
			func(o *load.Observed) { o.Owners[plain] = "1" },
			[]load.Finding{{"stored, but the address does not lead to the user", []string{plain}}},
		},
		"a second user of an address": {
			func(o *load.Observed) { o.Users = append(o.Users, load.User{"5", fresh, false}) },
			[]load.Finding{{"stored more than once", []string{fresh}}},
		},
		"a user who was refused": {
			func(o *load.Observed) { o.People[0].Registered = load.Refused },
			[]load.Finding{{"stored, but never accepted", []string{fresh}}},
		},
		"two mails that are missing": {
			func(o *load.Observed) { o.Mails = o.Mails[2:] },
			[]load.Finding{{"stored, but no code was mailed", []string{fresh, plain}}},
		},
		"a welcome that is missing": {
			func(o *load.Observed) { o.Mails = o.Mails[:4] },
			[]load.Finding{{"active with a password, but no welcome was mailed", []string{secret}}},
		},
		"a welcome too many": {
			mails(load.Mail{To: plain, Welcome: true}),
			[]load.Finding{{"a welcome to somebody without an active account", []string{plain}}},
		},
		"a mail to a stranger": {mails(load.Mail{To: stranger}), []load.Finding{
			{"mailed, but not stored", []string{stranger}},
			{"mailed more than once", []string{stranger}},
		}},
		"a mail that came twice": {
			mails(load.Mail{To: fresh, Code: "1"}),
			[]load.Finding{{"mailed more than once", []string{fresh}}},
		},
		"an activation that was undone": {
			func(o *load.Observed) { o.Users[1].Active = false },
			[]load.Finding{{"activated, but not active", []string{plain}}},
		},
		"a user whom nobody activated": {
			func(o *load.Observed) { o.Users[0].Active = true },
			[]load.Finding{{"active, but never activated", []string{fresh}}},
		},
		"a right code that was refused": {
			func(o *load.Observed) {
				o.People[0].Activated, o.People[0].RefusedCode = load.Refused, "123451"
			},
			[]load.Finding{{"the right code was refused", []string{fresh}}},
		},
		"messages that wait": {
			func(o *load.Observed) { o.Outbox = []string{"1", "2"} },
			[]load.Finding{{"left in the outbox", []string{"1", "2"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := observed()
			test.change(&o)
			if got := load.Check(o).Findings; !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %v\nwant %v", got, test.want)
			}
		})
	}
}

// The outbox sends at least once: after a kill a mail may be sent again. Its code replaces that of
// the mail before.
func TestAKillMayRepeatMails(t *testing.T) {
	t.Parallel()
	o := observed()
	o.Killed = true
	o.People[0].Activated, o.People[0].RefusedCode = load.Refused, "123451" // replaced by the second
	o.Mails = append(o.Mails, load.Mail{To: fresh, Code: "654321"},
		load.Mail{To: secret, Welcome: true}, load.Mail{To: plain})
	if got := load.Check(o); len(got.Findings) > 0 || got.Repeated != 3 {
		t.Errorf("%d mails came again, and it finds %v", got.Repeated, got.Findings)
	}
}

func TestAFindingIsReportedWithExamples(t *testing.T) {
	t.Parallel()
	for want, at := range map[string][]string{
		"2 × lost: a, b":                 {"a", "b"},
		"7 × lost: a, b, c, d, e, …":     {"a", "b", "c", "d", "e", "f", "g"},
		"5 × lost: 1, 2, 3, 4, 5":        {"1", "2", "3", "4", "5"},
		"1 × lost: somebody@example.com": {"somebody@example.com"},
	} {
		if got := (load.Finding{What: "lost", At: at}).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
