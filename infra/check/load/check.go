package main

import (
	"fmt"
	"strings"
)

// Observed is what is there after a load: what people were told, and what is stored and was mailed.
type Observed struct {
	People []Person
	Users  []User
	Owners map[string]string // the id of the user that an address leads to
	Mails  []Mail
	Outbox []string // the keys of messages that wait to be sent
	Killed bool     // the engine was, and mails may have been sent again
}

// User is a stored user.
type User struct {
	ID, Address string
	Active      bool
}

// Result is what a check came to. All is well where there are no findings.
type Result struct {
	Accepted, Stored, Mailed int // registrations that were; Mailed counts addresses that a code was sent to
	Activated, Active        int
	StoredUnclear            int // of those that are stored, where nobody was told whether they are
	ActiveUnclear            int
	Repeated                 int // mails beyond the one of each message
	Findings                 []Finding
}

// Finding is something that must not be, with the addresses or messages at which it is.
type Finding struct {
	What string
	At   []string
}

// String is the finding as it is reported: how often, and the first examples.
func (f Finding) String() string {
	examples := f.At
	if len(examples) > 5 {
		examples = append(examples[:5:5], "…")
	}
	return fmt.Sprintf("%d × %s: %s", len(f.At), f.What, strings.Join(examples, ", "))
}

// trace is what an address has left.
type trace struct {
	person  Person // of a stranger: one who was refused
	users   []User
	codes   int    // mails with one
	last    string // the code of the last
	notices int    // mails that a password was set
	others  int    // mails
}

// Check compares what was accepted with what is stored and what was mailed, for each address.
func Check(o Observed) Result {
	var r Result
	traces, order := tracesOf(o)
	for _, address := range order {
		t := traces[address]
		t.count(&r)
		for _, wrong := range t.faults(o.Owners[address], o.Killed) {
			r.find(wrong, address)
		}
	}
	for _, message := range o.Outbox {
		r.find("left in the outbox", message)
	}
	return r
}

func tracesOf(o Observed) (traces map[string]*trace, order []string) {
	traces = map[string]*trace{}
	of := func(address string) *trace {
		t, known := traces[address]
		if !known {
			t = &trace{person: Person{Registered: Refused}}
			traces[address], order = t, append(order, address)
		}
		return t
	}
	for _, p := range o.People {
		of(p.Address).person = p
	}
	for _, u := range o.Users {
		t := of(u.Address)
		t.users = append(t.users, u)
	}
	for _, m := range o.Mails {
		t := of(m.To)
		switch {
		case m.Code != "":
			t.codes, t.last = t.codes+1, m.Code
		case m.PasswordSet:
			t.notices++
		default:
			t.others++
		}
	}
	return traces, order
}

func (t *trace) stored() bool { return len(t.users) > 0 }
func (t *trace) active() bool { return t.stored() && t.users[0].Active }
func (t *trace) mails() int   { return t.codes + t.notices + t.others }

// repeated is how many mails there are beyond one of each message.
func (t *trace) repeated() int { return max(t.codes-1, 0) + max(t.notices-1, 0) + t.others }

func (t *trace) count(r *Result) {
	for _, c := range []struct {
		number *int
		counts bool
	}{
		{&r.Accepted, t.person.Registered == Done},
		{&r.Stored, t.stored()},
		{&r.Mailed, t.codes > 0},
		{&r.Activated, t.person.Activated == Done},
		{&r.Active, t.active()},
		{&r.StoredUnclear, t.stored() && t.person.Registered == Unclear},
		{&r.ActiveUnclear, t.active() && t.person.Activated == Unclear},
	} {
		if c.counts {
			*c.number++
		}
	}
	r.Repeated += t.repeated()
}

// faults are what must not be. A change and its message are stored together, so whatever is stored was mailed, and nothing else.
func (t *trace) faults(owner string, killed bool) (all []string) {
	p := t.person
	for _, rule := range []struct {
		fault string
		is    bool
	}{
		{"accepted, but not stored", p.Registered == Done && !t.stored()},
		{"stored, but never accepted", p.Registered <= Refused && t.stored()},
		{"stored more than once", len(t.users) > 1},
		{"stored, but the address does not lead to the user", t.stored() && owner != t.users[0].ID},
		{"an address that leads to no user", !t.stored() && owner != ""},
		{"stored, but no code was mailed", t.stored() && t.codes == 0},
		{"mailed, but not stored", !t.stored() && t.mails() > 0},
		{"activated, but not active", p.Activated == Done && !t.active()},
		{"active, but never activated", p.Activated <= Refused && t.active()},
		{"active with a password, but no notice of it was mailed", t.active() && p.HasPassword && t.notices == 0},
		{"a notice of a password that was not set", t.notices > 0 && !(t.active() && p.HasPassword)},
		{"mailed more than once", !killed && t.repeated() > 0},
		{"the right code was refused", p.RefusedCode != "" && p.RefusedCode == t.last},
	} {
		if rule.is {
			all = append(all, rule.fault)
		}
	}
	return all
}

func (r *Result) find(what, at string) {
	for i := range r.Findings {
		if r.Findings[i].What == what {
			r.Findings[i].At = append(r.Findings[i].At, at)
			return
		}
	}
	r.Findings = append(r.Findings, Finding{what, []string{at}})
}
