package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

// registry records the people who have registered and what is known about them. It is safe for
// concurrent use.
type registry struct {
	pools []string

	mu        sync.Mutex
	people    []*Person
	byAddress map[string]*Person
	// ready are the people who have a ticket and a code, and will come back to activate.
	ready []*Person
	// targets are people who never activate. Others guess their codes.
	targets []*Person
	// users are the users that administrators have read.
	users []user
}

// user identifies a stored user.
type user struct{ pool, id string }

// targetEvery is the number of people of whom one is a target.
const targetEvery = 4

func newRegistry(pools []string) *registry {
	return &registry{pools: pools, byAddress: map[string]*Person{}}
}

// add adds a person who is about to register from a source address.
func (r *registry) add(source int, hasPassword bool) *Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.people)
	p := &Person{
		Address: fmt.Sprintf("load-%06d@example.com", n), Pool: r.pools[n%len(r.pools)],
		HasPassword: hasPassword, number: n, source: source,
	}
	r.people = append(r.people, p)
	r.byAddress[p.Address] = p
	return p
}

// recordRegistration records the outcome of a registration.
func (r *registry) recordRegistration(p *Person, o Outcome, ticket string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Registered, p.ticket = o, ticket
	r.enqueue(p)
}

// recordMail records the code of a mail to a person.
func (r *registry) recordMail(address, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, known := r.byAddress[strings.ToLower(address)]
	if !known || code == "" || p.code == code {
		return
	}
	p.code = code
	r.allowRetry(p)
	r.enqueue(p)
}

// recordActivation records the outcome of an activation.
func (r *registry) recordActivation(p *Person, presented string, o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Activated, p.RefusedCode = max(p.Activated, o), ""
	if o == Refused {
		p.RefusedCode = presented
	}
	r.allowRetry(p)
	r.enqueue(p)
}

// allowRetry lets a person activate again if their code was refused because another mail had
// replaced it.
func (r *registry) allowRetry(p *Person) {
	if p.RefusedCode != "" && p.RefusedCode != p.code {
		p.queued = false
	}
}

// enqueue adds a person who has a ticket and a code to the people who activate or to the targets.
func (r *registry) enqueue(p *Person) {
	switch {
	case p.queued || p.ticket == "" || p.code == "":
		return
	case p.number%targetEvery == targetEvery-1:
		r.targets = append(r.targets, p)
	default:
		r.ready = append(r.ready, p)
	}
	p.queued = true
}

// proof is a person's ticket together with a code.
type proof struct {
	person       *Person
	pool         string
	ticket, code string
}

// nextActivation removes the person who has waited longest from the people who activate. The second
// result is false if there is nobody.
func (r *registry) nextActivation() (_ proof, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ready) == 0 {
		return proof{}, false
	}
	p := r.ready[0]
	r.ready = r.ready[1:]
	return proof{p, p.Pool, p.ticket, p.code}, true
}

// wrongGuess returns the ticket of a target with a wrong code.
func (r *registry) wrongGuess(random *rand.Rand) (_ proof, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.targets) == 0 {
		return proof{}, false
	}
	p := r.targets[random.IntN(len(r.targets))]
	wrong := []byte(p.code)
	wrong[0] = '0' + (wrong[0]-'0'+1)%10
	return proof{p, p.Pool, p.ticket, string(wrong)}, true
}

// recordUser records a user that an administrator has read.
func (r *registry) recordUser(u user) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users = append(r.users, u)
}

// randomUser returns one of the users that administrators have read.
func (r *registry) randomUser(random *rand.Rand) (_ user, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.users) == 0 {
		return user{}, false
	}
	return r.users[random.IntN(len(r.users))], true
}

// snapshot returns copies of all people.
func (r *registry) snapshot() []Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Person, len(r.people))
	for i, p := range r.people {
		all[i] = *p
	}
	return all
}
