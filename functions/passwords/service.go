// Package passwords is the function with which back ends verify, change and reset the passwords of users,
// and with which administrators let them be reset.
package passwords

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"time"

	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/password"
	"identitypools/shared/retry"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Service has the use cases on passwords.
type Service struct {
	Pools     table.Pools
	Users     table.Users
	Failures  table.Failures
	Passwords *password.Hasher
	Mails     *askcode.Asker
	Codes     *usecode.User
	Retry     retry.Policy
	Log       *slog.Logger
	Now       func() time.Time
	NewID     func() string
}

// Proof is a password that somebody gives for a user. The user is named by UserID, or else by
// Identifier.
type Proof struct {
	Identifier, UserID, Password string
	Client                       string // the API client that passes the password on
	Device                       string // the client's name for the device that the password comes from; "" for none
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

// Verdict is the result of Verify.
type Verdict struct {
	User    string                   // the id of the user
	State   identity.CredentialState // the state of the password before the call
	Outcome Outcome
}

// Verify verifies a password. It makes the same calls to the table and computes the same hash whoever
// the user is. It stores the attempt before it compares the password, and counts failures for unknown
// users as for known ones. A password that must be changed is accepted once and must then be reset.
// Errors: NotFound for the pool; Invalid; Limited; Unavailable.
func (s *Service) Verify(ctx context.Context, tenant, pool string, proof Proof) (Verdict, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return Verdict{}, err
	}
	who, err := s.find(ctx, p, proof)
	if err != nil {
		return Verdict{}, err
	}
	a, err := s.start(ctx, who)
	if err != nil {
		return Verdict{}, err
	}
	u := a.account.User
	result, err := s.compare(ctx, u, proof.Password)
	if err != nil {
		return Verdict{}, err
	}
	verdict := s.judge(u, result)
	if verdict.Outcome != Correct {
		return verdict, s.wrong(ctx, a, hex.EncodeToString(result.Trace[:]))
	}
	if err := s.right(ctx, a); err != nil {
		return Verdict{}, err
	}
	return s.settle(ctx, a, proof.Password, result, verdict)
}

// find returns the user whom a proof names and the subject for which failures are counted. If nobody
// has the identifier, failures are counted for the form of it that all spellings of an e-mail address
// have in common, since those of a user are counted whatever the spelling.
func (s *Service) find(ctx context.Context, p identity.Pool, proof Proof) (claimed, error) {
	who := claimed{user: identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: proof.UserID}}
	name := "user#" + proof.UserID
	if proof.UserID == "" {
		forms, err := p.LookupForms(proof.Identifier)
		if err != nil {
			return who, identity.InvalidField("/identifier", err.Error())
		}
		owner, err := s.Users.Claimant(ctx, p.Tenant, p.ID, forms)
		switch {
		case errors.As(err, new(identity.NotFound)):
			who.user.ID, name = identity.Nobody, "identifier#"+digest(forms[len(forms)-1])
		case err != nil:
			return who, err
		default:
			who.user, name = owner, "user#"+owner.ID
		}
	}
	who.subject = identity.FailuresRef{Tenant: p.Tenant, Pool: p.ID, Subject: name}
	if proof.Device != "" {
		who.subject.Device = digest(name, proof.Client, proof.Device)
	}
	return who, nil
}

// digest returns a digest of what must not be stored itself: an identifier that nobody has, which may
// be a password that somebody has typed there by mistake; and the name of a device, so that the table
// does not tell who shares one. With the client in it, a name of a device counts for that client only.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// compare compares a password with the user's hash. If there is none, it does the same work.
func (s *Service) compare(ctx context.Context, u identity.User, given string) (password.Result, error) {
	if u.PasswordHash == "" {
		return s.Passwords.VerifyDummy(ctx, given)
	}
	return s.Passwords.Verify(ctx, u.PasswordHash, given)
}

// judge returns the verdict on a password that was compared.
func (s *Service) judge(u identity.User, result password.Result) Verdict {
	credential, has := u.Password()
	verdict := Verdict{User: u.ID, State: credential.State, Outcome: Incorrect}
	switch {
	case u.ID == "":
		verdict.Outcome = NotFound
	case !has:
		verdict.Outcome = NoPassword
	case !result.OK, u.Status != identity.StatusActive, credential.State == identity.StateMustBeReset:
	case !credential.ExpiresAt.IsZero() && !s.Now().Before(credential.ExpiresAt.Time):
		verdict.Outcome = Expired
	default:
		verdict.Outcome = Correct
	}
	return verdict
}

// settle stores what follows from the right password of an attempt: a password that must be changed
// is used up, and a weak hash is renewed. If the user has changed since the attempt read it, a
// password that must be changed is judged again, as it is now. So of several right proofs that are
// given at once one uses it up, and the others get the verdict on a password that is used up.
func (s *Service) settle(
	ctx context.Context, a attempt, given string, result password.Result, verdict Verdict,
) (Verdict, error) {
	compared, renewed := a.account.User.PasswordHash, ""
	if result.Renew {
		var err error
		if renewed, err = s.Passwords.Hash(ctx, given); err != nil {
			return verdict, err
		}
	}
	isStale := false
	err := s.Retry.Do(ctx, func() (err error) {
		if isStale {
			if a, err = s.look(ctx, a.claimed, true); err != nil {
				return err
			}
			if verdict = s.judge(a.account.User, result); a.account.User.PasswordHash != compared {
				verdict.Outcome = Incorrect
			}
			if verdict.Outcome != Correct {
				return nil
			}
		}
		isStale = true
		next := a.account.User
		isUsedUp := next.UsePassword(s.Now())
		if !isUsedUp && renewed == "" {
			return nil
		}
		next.PasswordHash = renewed
		_, err = s.Users.Replace(ctx, a.account.User, next, once.Reply[identity.User]{})
		if errors.As(err, new(identity.PreconditionFailed)) && !isUsedUp {
			s.Log.Info("hash was not renewed: the user has changed meanwhile", "pool", a.user.Pool)
			return nil
		}
		return err
	})
	return verdict, err
}
