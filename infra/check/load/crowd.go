package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

// crowd is everybody who has come, and what is known of them. It is safe for concurrent use.
type crowd struct {
	pools []string

	mu        sync.Mutex
	people    []*Person
	byAddress map[string]*Person
	ready     []*Person // have ticket and code, and come back to activate
	targets   []*Person // never activate: others guess their codes
	users     []user    // that administrators have seen
}

// user names a stored user.
type user struct{ pool, id string }

// targetEvery is of how many people one is a target.
const targetEvery = 4

func newCrowd(pools []string) *crowd {
	return &crowd{pools: pools, byAddress: map[string]*Person{}}
}

// newcomer is a person who is about to register from a source address.
func (c *crowd) newcomer(source int, hasPassword bool) *Person {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.people)
	p := &Person{Address: fmt.Sprintf("load-%06d@example.com", n), Pool: c.pools[n%len(c.pools)], HasPassword: hasPassword, number: n, source: source}
	c.people = append(c.people, p)
	c.byAddress[p.Address] = p
	return p
}

// registered keeps how a registration ended.
func (c *crowd) registered(p *Person, o Outcome, ticket string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.Registered, p.ticket = o, ticket
	c.queue(p)
}

// mailed hands a person the code of a mail.
func (c *crowd) mailed(address, code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, known := c.byAddress[strings.ToLower(address)]
	if !known || code == "" || p.code == code {
		return
	}
	p.code = code
	c.again(p)
	c.queue(p)
}

// activated keeps how an activation ended.
func (c *crowd) activated(p *Person, presented string, o Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.Activated, p.RefusedCode = max(p.Activated, o), ""
	if o == Refused {
		p.RefusedCode = presented
	}
	c.again(p)
	c.queue(p)
}

// again lets a person activate again whose code was refused, and replaced by another on its way.
func (c *crowd) again(p *Person) {
	if p.RefusedCode != "" && p.RefusedCode != p.code {
		p.queued = false
	}
}

func (c *crowd) queue(p *Person) {
	switch {
	case p.queued || p.ticket == "" || p.code == "":
		return
	case p.number%targetEvery == targetEvery-1:
		c.targets = append(c.targets, p)
	default:
		c.ready = append(c.ready, p)
	}
	p.queued = true
}

// proof is a person's ticket with a code, as one presents it.
type proof struct {
	person       *Person
	pool         string
	ticket, code string
}

// activating takes out who has waited longest; ok is whether anybody has.
func (c *crowd) activating() (_ proof, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ready) == 0 {
		return proof{}, false
	}
	p := c.ready[0]
	c.ready = c.ready[1:]
	return proof{p, p.Pool, p.ticket, p.code}, true
}

// guessed is a target, with a code that is not the target's.
func (c *crowd) guessed(random *rand.Rand) (_ proof, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.targets) == 0 {
		return proof{}, false
	}
	p := c.targets[random.IntN(len(c.targets))]
	wrong := []byte(p.code)
	wrong[0] = '0' + (wrong[0]-'0'+1)%10
	return proof{p, p.Pool, p.ticket, string(wrong)}, true
}

// seen keeps a user that an administrator has read of.
func (c *crowd) seen(u user) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users = append(c.users, u)
}

// known is one of the users that were seen.
func (c *crowd) known(random *rand.Rand) (_ user, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.users) == 0 {
		return user{}, false
	}
	return c.users[random.IntN(len(c.users))], true
}

// remembered are all people, for whom nothing happens any more.
func (c *crowd) remembered() []Person {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Person, len(c.people))
	for i, p := range c.people {
		all[i] = *p
	}
	return all
}
