package prove

import (
	"context"

	"identitypools/shared/identity"
)

// Present is the present password of a user, which was given to be changed, and was right.
type Present struct {
	prover   *Prover
	given    given
	compared string // the hash with which the password was compared last
	isStale  bool
}

// Present verifies the present password of a user who wants to change it. It counts a wrong one together
// with those of Password. A password that must be changed, or that has expired, can be changed, and is not
// used up. If it cannot be changed, Present returns nil and why. Errors: Limited; Unavailable.
func (p *Prover) Present(
	ctx context.Context, pool identity.Pool, id, password string,
) (*Present, Outcome, error) {
	g, err := p.give(ctx, []identity.Pool{pool}, Proof{UserID: id, Password: password})
	if err != nil {
		return nil, "", err
	}
	outcome := p.judge(g).Outcome
	if !mayChange(outcome) {
		return nil, outcome, p.wrong(ctx, g.attempt, g.trace())
	}
	return &Present{prover: p, given: g, compared: g.stored.User.PasswordHash}, outcome, p.right(ctx, g.attempt)
}

// mayChange reports whether a present password with the outcome may be changed.
func mayChange(o Outcome) bool { return o == Correct || o == Expired }

// User returns the user with the hashes of the passwords, for a change of the user on the condition that
// it is still the same. The first call returns the user whose password was compared. A further one, after
// the user has changed, reads the user anew and judges the password as it is now. It is not safe for
// concurrent use. Errors: WrongPassword.
func (n *Present) User(ctx context.Context) (u identity.User, err error) {
	p, g := n.prover, &n.given
	if n.isStale {
		if g.attempt, err = p.look(ctx, g.claimed); err != nil {
			return u, err
		}
		if g.stored.User.PasswordHash != n.compared { // it may be the same password, hashed anew
			n.compared = g.stored.User.PasswordHash
			if g.result, err = p.compare(ctx, g.stored.User, g.proof.Password); err != nil {
				return u, err
			}
		}
		if !mayChange(p.judge(*g).Outcome) {
			return u, identity.WrongPassword{}
		}
	}
	n.isStale = true
	return g.stored.User, nil
}
