package systemtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// BrokenInvariants says which invariants of the table don't hold for a tenant, in words; none is the only good answer. proved are the ids of the
// users who may be active: an administrator made them so, or somebody has presented a right code for them.
func (p *Product) BrokenInvariants(tb testing.TB, tenant string, proved map[string]bool) []string {
	tb.Helper()
	s := stored{tb: tb, users: map[string]storedUser{}, claims: map[string]string{}, waiting: map[string]bool{}, schemas: map[string]int{}}
	for _, it := range p.Items(tb) {
		s.read(tenant, it)
	}
	return slices.Concat(s.brokenUsers(proved), s.brokenClaims(), s.brokenMessages(), s.brokenSchemas())
}

// stored is what the table has of a tenant. Users are known by pool#id, claims by pool#name.
type stored struct {
	tb       testing.TB
	users    map[string]storedUser
	claims   map[string]string // to the claimant, as users are known
	messages []storedMessage
	pools    []storedPool
	schemas  map[string]int  // how many pools each is said to have
	waiting  map[string]bool // registrations, as user REG#id
}

type storedUser struct {
	Status      string
	Identifiers []struct{ Normalized string }
	Addresses   []struct {
		Normalized string
		Verified   bool
	}
	Credentials []struct{ Type string }
}

type storedMessage struct{ Kind, Tenant, Pool, User, Registration, Address string }

type storedPool struct {
	Payload  string `json:"payload_schema_id"`
	Metadata string `json:"metadata_schema_id"`
	Business string `json:"business_metadata_schema_id"`
}

func (s *stored) read(tenant string, it Item) {
	parts := strings.SplitN(it["pk"], "#", 4)
	if it.Kind() == "MESSAGE" {
		m := storedMessage{}
		if s.decode(it, &m); m.Tenant == tenant {
			s.messages = append(s.messages, m)
		}
		return
	}
	if len(parts) < 3 || parts[1] != tenant {
		return
	}
	switch it.Kind() {
	case "USERS":
		u := storedUser{}
		s.decode(it, &u)
		s.users[parts[2]+"#"+it["sk"]] = u
	case "CLAIM":
		s.claims[parts[2]+"#"+parts[3]] = parts[2] + "#" + it["claimant"]
	case "USER":
		s.waiting[parts[2]+"#"+parts[3]+" "+it["sk"]] = true
	case "POOL":
		if it["sk"] == "POOL" && it["deleted_at"] == "" {
			pool := storedPool{}
			s.decode(it, &pool)
			s.pools = append(s.pools, pool)
		}
	case "SCHEMA":
		s.schemas[parts[2]], _ = strconv.Atoi(it["refs"]) // absent is none
	}
}

func (s *stored) decode(it Item, into any) {
	s.tb.Helper()
	if err := json.Unmarshal([]byte(it["doc"]), into); err != nil {
		s.tb.Fatalf("the document of %s is %q: %v", it["pk"], it["doc"], err)
	}
}

// names are the identifiers and verified addresses of a user.
func (u storedUser) names() []string {
	var names []string
	for _, i := range u.Identifiers {
		names = append(names, i.Normalized)
	}
	for _, a := range u.Addresses {
		if a.Verified {
			names = append(names, a.Normalized)
		}
	}
	return names
}

// No user without its claims, one owner an identifier, no active user who never proved a code.
func (s *stored) brokenUsers(proved map[string]bool) (broken []string) {
	for user, u := range s.users {
		pool, id, _ := strings.Cut(user, "#")
		for _, name := range u.names() {
			if owner := s.claims[pool+"#"+name]; owner != user {
				broken = append(broken, fmt.Sprintf("%s of user %s is claimed for %q", name, user, owner))
			}
		}
		if u.Status == "active" && !proved[id] {
			broken = append(broken, fmt.Sprintf("user %s is active, and nobody has proved a code", user))
		}
	}
	return broken
}

// No claim without its user.
func (s *stored) brokenClaims() (broken []string) {
	for claim, user := range s.claims {
		_, name, _ := strings.Cut(claim, "#")
		if !slices.Contains(s.users[user].names(), name) {
			broken = append(broken, fmt.Sprintf("%s is claimed for user %s, whose it is not", claim, user))
		}
	}
	return broken
}

// No message without its change: its user is there, and the registration that it is for, or the password that it tells of.
func (s *stored) brokenMessages() (broken []string) {
	for _, m := range s.messages {
		user := m.Pool + "#" + m.User
		u, ok := s.users[user]
		waits := s.waiting[user+" REG#"+m.Registration]
		switch {
		case !ok:
			broken = append(broken, fmt.Sprintf("message %+v has no user", m))
		case m.Registration != "" && u.Status == "new" && !waits:
			broken = append(broken, fmt.Sprintf("message %+v has no registration", m))
		case m.Kind == "password_set" && len(u.Credentials) == 0:
			broken = append(broken, fmt.Sprintf("message %+v tells of no password", m))
		}
	}
	return broken
}

// A schema knows how many pools use it.
func (s *stored) brokenSchemas() (broken []string) {
	for id, refs := range s.schemas {
		n := 0
		for _, pool := range s.pools {
			if id == pool.Payload || id == pool.Metadata || id == pool.Business {
				n++
			}
		}
		if n != refs {
			broken = append(broken, fmt.Sprintf("%d pools use schema %s, and it is counted for %d", n, id, refs))
		}
	}
	return broken
}
