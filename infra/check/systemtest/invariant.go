package systemtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// BrokenInvariants returns a description of each invariant of the table that does not hold for a
// tenant. The result is empty if all hold. The keys of proved are the ids of the users who may be
// active, because an administrator has made them active or because somebody has presented a valid
// code of theirs.
func (p *Product) BrokenInvariants(tb testing.TB, tenant string, proved map[string]bool) []string {
	tb.Helper()
	s := stored{
		tb: tb, users: map[string]storedUser{}, claims: map[string]string{},
		waiting: map[string]bool{}, schemas: map[string]int{},
	}
	for _, it := range p.Items(tb) {
		s.read(tenant, it)
	}
	return slices.Concat(s.brokenUsers(proved), s.brokenClaims(), s.brokenMessages(), s.brokenSchemas())
}

// stored is what the table contains about a tenant. The keys of users have the form pool#id, those
// of claims pool#name.
type stored struct {
	tb    testing.TB
	users map[string]storedUser
	// The values of claims are keys of users.
	claims   map[string]string
	messages []storedMessage
	pools    []storedPool
	// The values of schemas are the stored numbers of pools that use them.
	schemas map[string]int
	// The keys of waiting are registrations, in the form "pool#user REG#id".
	waiting map[string]bool
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
		s.schemas[parts[2]], _ = strconv.Atoi(it["refs"]) // zero if the attribute is absent
	}
}

func (s *stored) decode(it Item, into any) {
	s.tb.Helper()
	if err := json.Unmarshal([]byte(it["doc"]), into); err != nil {
		s.tb.Fatalf("the document of %s is %q: %v", it["pk"], it["doc"], err)
	}
}

// names returns the identifiers and the verified addresses of a user.
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

// brokenUsers checks that each user owns the claims of all its names, and that every active user is
// in proved.
func (s *stored) brokenUsers(proved map[string]bool) (broken []string) {
	for user, u := range s.users {
		pool, id, _ := strings.Cut(user, "#")
		for _, name := range u.names() {
			if owner := s.claims[pool+"#"+name]; owner != user {
				broken = append(broken, fmt.Sprintf("%s of user %s is claimed for %q", name, user, owner))
			}
		}
		if u.Status == "active" && !proved[id] {
			broken = append(broken, fmt.Sprintf("user %s is active, and nobody has presented a code", user))
		}
	}
	return broken
}

// brokenClaims checks that the user of each claim exists and has the claimed name.
func (s *stored) brokenClaims() (broken []string) {
	for claim, user := range s.claims {
		_, name, _ := strings.Cut(claim, "#")
		if !slices.Contains(s.users[user].names(), name) {
			broken = append(broken,
				fmt.Sprintf("user %s owns the claim of %s without having that name", user, claim))
		}
	}
	return broken
}

// brokenMessages checks that each message is about something that exists: its user, and the
// registration or the credential that it announces.
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
		case (m.Kind == "password_set" || m.Kind == "welcome") && len(u.Credentials) == 0:
			broken = append(broken, fmt.Sprintf("message %+v announces a credential that does not exist", m))
		}
	}
	return broken
}

// brokenSchemas checks the number of pools that is stored with each schema.
func (s *stored) brokenSchemas() (broken []string) {
	for id, refs := range s.schemas {
		n := 0
		for _, pool := range s.pools {
			if id == pool.Payload || id == pool.Metadata || id == pool.Business {
				n++
			}
		}
		if n != refs {
			broken = append(broken,
				fmt.Sprintf("%d pools use schema %s, and the stored number is %d", n, id, refs))
		}
	}
	return broken
}
