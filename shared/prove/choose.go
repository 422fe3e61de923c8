package prove

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/table"
)

// MaxPools is how many pools a proof may be for. Two forms of an identifier in each, and three items of
// an account in each, are within what the table reads in one call.
const MaxPools = 20

// claimed is the user of a pool whom somebody claims to be. If the identifier is nobody's there, the user
// is identity.NobodyID.
type claimed struct {
	pool identity.Pool
	identity.AccountRef
	form string // of the identifier: the one that all spellings of an e-mail address have in common
}

// claim returns whom an identifier means in each of the pools, in their order, which it looks up in one
// call. It leaves out a pool that comes twice, and one in which nobody can have the identifier. If nobody
// has it, failures are counted for the form of it that all spellings of an e-mail address have in common,
// since those of a user are counted whatever the spelling. Errors: Invalid for what is no identifier in
// any of the pools.
func (p *Prover) claim(ctx context.Context, pools []identity.Pool, identifier string) ([]claimed, error) {
	var (
		all     []claimed
		names   []table.Name
		refused error
	)
	for i, pool := range pools {
		if slices.ContainsFunc(pools[:i], func(b identity.Pool) bool { return b.ID == pool.ID }) {
			continue
		}
		forms, err := pool.LookupForms(identifier)
		if err != nil {
			refused = err
			continue
		}
		names = append(names, table.Name{Tenant: pool.Tenant, Pool: pool.ID, Forms: forms})
		all = append(all, claimed{pool: pool, form: forms[len(forms)-1]})
	}
	switch {
	case len(pools) == 0 || len(all) > MaxPools:
		return nil, fmt.Errorf("a proof is for %d pools, and must be for 1 to %d", len(pools), MaxPools)
	case len(all) == 0:
		return nil, identity.InvalidField("/identifier", identity.RuleOf(refused))
	}
	owners, err := p.Users.Claimants(ctx, names)
	if err != nil {
		return nil, err
	}
	for i := range all {
		// What nobody has is counted under a name that is as long as that of a usual user.
		id, subject := identity.NobodyID, "identifier#"+digest(all[i].form)[:30]
		if owners[i] != "" {
			id, subject = owners[i], "user#"+owners[i]
		}
		all[i].name(id, subject)
	}
	return all, nil
}

// name sets the user and the subject for which failures are counted.
func (c *claimed) name(id, subject string) {
	c.User = identity.UserRef{Tenant: c.pool.Tenant, Pool: c.pool.ID, ID: id}
	c.Subject = identity.FailuresRef{Tenant: c.pool.Tenant, Pool: c.pool.ID, Subject: subject}
}

// digest returns a digest of what must not be stored itself: an identifier that nobody has, which may
// be a password that somebody has typed there by mistake; and the name of a device, so that the table
// does not tell who shares one. With the client in it, a name of a device counts for that client only.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// account returns the account whose password somebody gives, with what is stored of it: the one that
// identity.Chosen chooses. All accounts are read in one call. If the proof names the user by the id, it is
// that of the first pool.
func (p *Prover) account(ctx context.Context, pools []identity.Pool, proof Proof) (attempt, error) {
	var all []claimed
	if proof.UserID != "" {
		all = []claimed{{pool: pools[0]}}
		all[0].name(proof.UserID, "user#"+proof.UserID)
	} else {
		var err error
		if all, err = p.claim(ctx, pools, proof.Identifier); err != nil {
			return attempt{}, err
		}
	}
	refs := make([]identity.AccountRef, len(all))
	for i := range all {
		if proof.Device != "" {
			all[i].Subject.Device = digest(all[i].Subject.Subject, proof.Client, proof.Device)
		}
		refs[i] = all[i].AccountRef
	}
	accounts, err := p.Failures.Accounts(ctx, refs, false)
	if err != nil {
		return attempt{}, err
	}
	users := make([]identity.User, len(accounts))
	for i, a := range accounts {
		users[i] = a.User
	}
	i := chosen(all, users, proof.Identifier)
	return p.attempt(all[i], accounts[i]), nil
}

// user returns the user whom an identifier means: the one that identity.Chosen chooses. All users are read
// in one call, without the hashes of their passwords. There is nothing to choose in a single pool, so that
// no user is read, and no time tells how large the documents of one are.
func (p *Prover) user(ctx context.Context, pools []identity.Pool, identifier string) (claimed, error) {
	all, err := p.claim(ctx, pools, identifier)
	switch {
	case err != nil:
		return claimed{}, err
	case len(all) == 1:
		return all[0], nil
	}
	refs := make([]identity.UserRef, len(all))
	for i := range all {
		refs[i] = all[i].User
	}
	users, err := p.Users.Several(ctx, refs)
	if err != nil {
		return claimed{}, err
	}
	return all[chosen(all, users, identifier)], nil
}

// chosen returns the index of the user whom an identifier means: see identity.Chosen.
func chosen(all []claimed, users []identity.User, identifier string) int {
	isTaken := make([]bool, len(all))
	for i, c := range all {
		isTaken[i] = c.pool.PublicRegistration && identity.InferType(identifier) != identity.TypeEmail
	}
	return identity.Chosen(users, isTaken)
}
