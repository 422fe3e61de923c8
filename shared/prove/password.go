package prove

import (
	"context"
	"encoding/hex"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/password"
)

// Proof is a password that somebody gives for a user. The user is named by UserID, or else by
// Identifier. Only a proof for one pool may have a UserID.
type Proof struct {
	Identifier, UserID, Password string
	Client                       string // the API client, or the page, that passes the password on
	Device                       string // the client's name for the device that the password comes from; "" for none
	// IsSignIn says that the person is there, and can choose a new password at once. A password that must
	// be changed is then not used up, and one that has expired does not count as wrong. It must be one of a
	// pool whose users sign in with passwords.
	IsSignIn bool
}

// Outcome is the result of the verification of a password, as the published API names it.
type Outcome string

// The outcomes.
const (
	Correct    Outcome = "password_correct"
	Incorrect  Outcome = "password_incorrect"
	Expired    Outcome = "password_expired"
	NoPassword Outcome = "no_password"
	NotFound   Outcome = "user_not_found"
)

// Verdict is the result of a proof with a password. What it says of a wrong one must not be told to
// strangers, except that the outcome is not Correct.
type Verdict struct {
	Outcome Outcome
	// Pool is the pool of the user, or the first one if there is no such user.
	Pool identity.Pool
	// ID is the id of the user whom the proof names, or "" if there is none.
	ID string
	// State is the state of the password before the call. If it is identity.StateMustBeChanged in a
	// sign-in, the person has to choose a new password before anything else.
	State identity.CredentialState
	// Epoch is the epoch of the user with the password that was compared (see identity.User.CodesEpoch). Another
	// password starts another one.
	Epoch string
	// User is the user as the proof left it, without the hash of the password. It is the zero value unless
	// the outcome is Correct, or is Expired in a sign-in.
	User identity.User
}

// given is a password that was compared.
type given struct {
	attempt
	proof  Proof
	result password.Result
}

// Password verifies a password for the user whom a proof names in the pools (see identity.Chosen), which
// are at most MaxPools of one tenant. It makes the same calls to the table and computes the same hash
// whoever the user is. It stores the attempt before it compares the password, and counts failures for
// unknown users as for known ones. A password that must be changed is accepted once and must then be
// reset, unless the proof is that of a sign-in. Errors: Invalid; Limited; Unavailable.
func (p *Prover) Password(ctx context.Context, pools []identity.Pool, proof Proof) (Verdict, error) {
	g, err := p.give(ctx, pools, proof)
	if err != nil {
		return Verdict{}, err
	}
	verdict := p.judge(g)
	mayBeChanged := proof.IsSignIn && verdict.Outcome == Expired
	if verdict.Outcome != Correct && !mayBeChanged {
		return verdict, p.wrong(ctx, g.attempt, g.trace())
	}
	if err := p.right(ctx, g.attempt); err != nil {
		return Verdict{}, err
	}
	if mayBeChanged {
		verdict.User = g.stored.User
		verdict.User.PasswordHash, verdict.User.EarlierHashes = "", nil
		return verdict, nil
	}
	return p.settle(ctx, g, verdict)
}

// give starts an attempt and compares its password.
func (p *Prover) give(ctx context.Context, pools []identity.Pool, proof Proof) (given, error) {
	a, err := p.account(ctx, pools, proof)
	if err == nil {
		a, err = p.start(ctx, a)
	}
	if err != nil {
		return given{}, err
	}
	result, err := p.compare(ctx, a.stored.User, proof.Password)
	return given{a, proof, result}, err
}

// compare compares a password with the user's hash. If there is none, it does the same work.
func (p *Prover) compare(ctx context.Context, u identity.User, given string) (password.Result, error) {
	if u.PasswordHash == "" {
		return p.Passwords.VerifyDummy(ctx, given)
	}
	return p.Passwords.Verify(ctx, u.PasswordHash, given)
}

// trace recognizes a repeat of the password: see identity.Failures.
func (g given) trace() string { return hex.EncodeToString(g.result.Trace[:]) }

// judge returns the verdict on a password that was compared, without the user.
func (p *Prover) judge(g given) Verdict {
	u := g.stored.User
	credential, has := u.Password()
	verdict := Verdict{Outcome: Incorrect, Pool: g.pool, ID: u.ID, State: credential.State, Epoch: u.CodesEpoch()}
	switch {
	case u.ID == "":
		verdict.Outcome = NotFound
	case !has:
		verdict.Outcome = NoPassword
	case !g.result.OK, u.Status != identity.StatusActive, credential.State == identity.StateMustBeReset:
	case g.proof.IsSignIn && !g.pool.UsesPasswords():
	case !credential.ExpiresAt.IsZero() && !p.Now().Before(credential.ExpiresAt.Time):
		verdict.Outcome = Expired
	default:
		verdict.Outcome = Correct
	}
	return verdict
}

// settle stores what follows from a right password: a password that must be changed is used up, and a
// weak hash is renewed. If the user has changed since the attempt read it, a password that must be
// changed is judged again, as it is now. So of several right proofs that are given at once one uses it
// up, and the others get the verdict on a password that is used up.
func (p *Prover) settle(ctx context.Context, g given, verdict Verdict) (Verdict, error) {
	compared, renewed := g.stored.User.PasswordHash, ""
	if g.result.Renew {
		var err error
		if renewed, err = p.Passwords.Hash(ctx, g.proof.Password); err != nil {
			return verdict, err
		}
	}
	isStale := false
	err := p.Retry.Do(ctx, func() (err error) {
		if isStale {
			if g.attempt, err = p.look(ctx, g.claimed); err != nil {
				return err
			}
			if verdict = p.judge(g); g.stored.User.PasswordHash != compared {
				verdict.Outcome = Incorrect
			}
			if verdict.Outcome != Correct {
				return nil
			}
		}
		isStale = true
		next := g.stored.User
		isUsedUp := !g.proof.IsSignIn && next.UsePassword(p.Now())
		verdict.User = next
		if !isUsedUp && renewed == "" {
			return nil
		}
		next.PasswordHash = renewed
		stored, err := p.Users.Replace(ctx, g.stored.User, next, once.Reply[identity.User]{})
		switch {
		case err == nil:
			verdict.User = stored
		case errors.As(err, new(identity.PreconditionFailed)) && !isUsedUp:
			p.Log.Info("hash was not renewed: the user has changed meanwhile", "pool", g.User.Pool)
			return nil
		}
		return err
	})
	if err != nil || verdict.Outcome != Correct {
		verdict.User = identity.User{}
	}
	verdict.User.PasswordHash, verdict.User.EarlierHashes = "", nil
	return verdict, err
}
