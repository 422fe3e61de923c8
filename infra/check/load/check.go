package main

import (
	"fmt"
	"strings"
)

// Observed is the state after a load: what people were told, and what was stored and mailed.
type Observed struct {
	People []Person
	Users  []User
	// Owners has the id of the user that a lookup of an address finds.
	Owners map[string]string
	Mails  []Mail
	// Outbox has the keys of the messages that were not sent.
	Outbox []string
	// Killed is whether the engine was killed, so that mails may have been sent again.
	Killed bool
}

// User is a stored user.
type User struct {
	ID, Address string
	Active      bool
}

// Result is the result of a check. Without findings all is well.
type Result struct {
	// Accepted, Stored and Mailed count registrations. Mailed counts the addresses that a code was
	// sent to.
	Accepted, Stored, Mailed int
	Activated, Active        int
	// StoredUnclear and ActiveUnclear count what was stored although nobody was told so.
	StoredUnclear int
	ActiveUnclear int
	// Repeated counts mails beyond the first of each message.
	Repeated int
	Findings []Finding
}

// Finding is an error in the state, with the addresses or messages that have it.
type Finding struct {
	What string
	At   []string
}

// String returns the finding for the report: the number of cases and the first examples.
func (f Finding) String() string {
	examples := f.At
	if len(examples) > 5 {
		examples = append(examples[:5:5], "…")
	}
	return fmt.Sprintf("%d × %s: %s", len(f.At), f.What, strings.Join(examples, ", "))
}

// trace is what is known about an address after the load.
type trace struct {
	// A stranger, who did not register, is a person whose registration was refused.
	person Person
	users  []User
	// codes is the number of mails with a code.
	codes int
	// last is the code of the last of them.
	last string
	// welcomes is the number of mails that tell that the account is active.
	welcomes int
	// others is the number of other mails.
	others int
}

// Check compares, for each address, what was accepted with what was stored and mailed.
func Check(o Observed) Result {
	var r Result
	traces, order := tracesOf(o)
	for _, address := range order {
		t := traces[address]
		t.count(&r)
		for _, wrong := range t.faults(o.Owners[address], o.Killed) {
			r.addFinding(wrong, address)
		}
	}
	for _, message := range o.Outbox {
		r.addFinding("left in the outbox", message)
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
		case m.Welcome:
			t.welcomes++
		default:
			t.others++
		}
	}
	return traces, order
}

func (t *trace) stored() bool { return len(t.users) > 0 }
func (t *trace) active() bool { return t.stored() && t.users[0].Active }
func (t *trace) mails() int   { return t.codes + t.welcomes + t.others }

// repeated returns the number of mails beyond the first of each message.
func (t *trace) repeated() int { return max(t.codes-1, 0) + max(t.welcomes-1, 0) + t.others }

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

// faults returns what is wrong with an address. A change and its message are stored together, so
// mails must have been sent for everything that was stored, and for nothing else.
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
		{
			"active with a password, but no welcome was mailed",
			t.active() && p.HasPassword && t.welcomes == 0,
		},
		{"a welcome to somebody without an active account", t.welcomes > 0 && !(t.active() && p.HasPassword)},
		{"mailed more than once", !killed && t.repeated() > 0},
		{"the right code was refused", p.RefusedCode != "" && p.RefusedCode == t.last},
	} {
		if rule.is {
			all = append(all, rule.fault)
		}
	}
	return all
}

func (r *Result) addFinding(what, at string) {
	for i := range r.Findings {
		if r.Findings[i].What == what {
			r.Findings[i].At = append(r.Findings[i].At, at)
			return
		}
	}
	r.Findings = append(r.Findings, Finding{what, []string{at}})
}
