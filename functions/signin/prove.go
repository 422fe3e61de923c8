package signin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
	"identitypools/shared/prove"
	"identitypools/shared/submit"
	"identitypools/shared/table"
)

// visit is one request of a browser for a page of an errand.
type visit struct {
	place
	errand errand
	http   *http.Request
	source string // a pseudonym of where the request comes from
	lang   string
	// browser is the name of the browser, which is a new one if the browser has none yet.
	browser string
}

// form identifies the forms of the visit's errand in the visit's browser, for what recognizes a double click.
func (v visit) form() string { return "errand#" + v.errand.ID + "#" + mark(v.browser) }

// next is what follows from a proof: the next page with a sealed step, or the end of the sign-in.
type next struct {
	page string // the last part of the path of the next page; "" at the end
	step string
	done finished
}

// finished is the end of a sign-in.
type finished struct {
	to      *answer // nil if no application has asked
	cookies []*http.Cookie
}

// pageClient is the name under which the pages are a client that passes passwords on: see prove.Proof.
const pageClient = "sign-in"

// errWrong is the error for a proof that proves nothing, whatever the reason.
var errWrong = identity.WrongPassword{}

// Password proves a person with an identifier and a password. It spends a sign-in of the source. Errors:
// WrongPassword, whatever is wrong; Limited.
func (s *Service) Password(ctx context.Context, v visit, identifier, password string, remember bool) (next, error) {
	if len(v.pools) == 0 {
		return next{}, errWrong
	}
	first := v.pools[0]
	if err := s.Budgets.Spend(ctx, first.Tenant, first.ID, first.Limits.SignInBudget(v.source), s.Now()); err != nil {
		return next{}, err
	}
	verdict, err := s.Prover.Password(ctx, v.pools, prove.Proof{
		Identifier: identifier, Password: password, Client: pageClient, Device: v.browser, IsSignIn: true,
	})
	if errors.As(err, new(identity.Invalid)) { // nobody can have the identifier
		return next{}, errWrong
	}
	if err != nil {
		return next{}, err
	}
	isRight := verdict.Outcome == prove.Correct
	if !isRight && verdict.Outcome != prove.Expired {
		return next{}, errWrong
	}
	n := step{Identifier: identifier, Remember: remember, Proved: &proved{
		Pool: verdict.Pool.ID, User: verdict.ID, AMR: []string{oidc.AMRPassword}, ACR: oidc.ACROne,
		MustChange: !isRight || verdict.State == identity.StateMustBeChanged,
	}}
	n.Proved.Epoch = verdict.Epoch
	return s.proceed(ctx, v, verdict.Pool, verdict.User, n)
}

// AskCode has a code mailed to the person who has an identifier, if their pool allows it, and returns the
// page for the code. It spends a submission of the source. Errors: Invalid; Limited.
func (s *Service) AskCode(
	ctx context.Context, v visit, identifier, solution string, again, remember bool,
) (next, error) {
	if len(v.pools) == 0 {
		return next{}, errWrong
	}
	first := v.pools[0]
	if err := s.Gate.Spend(ctx, first, v.source, submit.MailboxOf(first, identifier)); err != nil {
		return next{}, err
	}
	o := identity.MessageOptions{Language: v.lang}
	var err error
	if o.Share, err = s.Gate.SolvedBy(first, solution, nil)(ctx); err != nil {
		return next{}, err
	}
	if err := s.Prover.AskCode(ctx, v.pools, identifier, o, once.Reply[once.None]{}); err != nil {
		return next{}, err
	}
	return s.goOn(v, "code", step{Identifier: identifier, SentAt: identity.At(s.Now()), Again: again, Remember: remember})
}

// Code proves a person with a mailed code. It spends a guess of the source. Errors: InvalidCode;
// ExpiredCode; Limited.
func (s *Service) Code(ctx context.Context, v visit, n step, code string) (next, error) {
	if len(v.pools) == 0 {
		return next{}, identity.InvalidCode{}
	}
	if err := s.guess(ctx, v, v.pools[0]); err != nil {
		return next{}, err
	}
	p, u, err := s.Prover.RedeemCode(ctx, v.pools, n.Identifier, code, v.form())
	if err != nil {
		return next{}, err
	}
	n.Proved = &proved{Pool: p.ID, User: u.ID, Epoch: u.CodesEpoch(), AMR: []string{oidc.AMROTP}, ACR: oidc.ACROne}
	return s.proceed(ctx, v, p, u, n)
}

// guess spends a guess of the source at codes of a pool. Errors: Limited.
func (s *Service) guess(ctx context.Context, v visit, p identity.Pool) error {
	return s.Budgets.Spend(ctx, p.Tenant, p.ID, p.Limits.GuessBudget(v.source), s.Now())
}

// proceed returns what follows when a proof of a user was right: a second factor, then a new password in
// place of one that must be changed, then the end. The second factor comes first, so that nobody replaces a
// password who has not proved everything that the pool asks for (ASVS 6.4.3).
func (s *Service) proceed(
	ctx context.Context, v visit, p identity.Pool, u identity.User, n step,
) (next, error) {
	if v.needsSecond(p, u, *n.Proved) {
		if ways := v.secondWays(p, u, n.Proved.AMR); !ways.app && ways.mail {
			o := identity.MessageOptions{Language: v.lang}
			if err := s.Prover.AskSecond(ctx, p, u.Ref(), o, once.Reply[once.None]{}); err != nil {
				return next{}, err
			}
			n.SentAt = identity.At(s.Now())
		}
		return s.goOn(v, "factor", n)
	}
	if n.Proved.MustChange {
		return s.goOn(v, "password", n)
	}
	return s.finish(ctx, v, u, n)
}

// needsSecond reports whether a user who has proved something must prove a second factor: because the pool
// asks for one, or because the application does and the user has an app that makes a difference.
func (v visit) needsSecond(p identity.Pool, u identity.User, so proved) bool {
	isWanted := wantsTwo(v.errand.Request) && canTwo(u) && slices.Contains(so.AMR, oidc.AMRPassword)
	return !so.Two && (len(p.SecondMechanisms) > 0 || isWanted)
}

// ways are the second factors that a user can prove.
type ways struct{ app, mail bool }

// secondWays returns the second factors of a user of a pool who has proved something. A mailed code adds
// nothing to a mailed code. An authenticator app counts also where only the application asks for it.
func (v visit) secondWays(p identity.Pool, u identity.User, amr []string) ways {
	asksForApp := slices.Contains(p.SecondMechanisms, identity.MechanismTOTP) || wantsTwo(v.errand.Request)
	return ways{
		app:  asksForApp && canTwo(u),
		mail: p.UsesMailedCodesSecond() && !slices.Contains(amr, oidc.AMROTP),
	}
}

// returning returns the user who has proved something in a step, as the user is now. Errors: errLost if
// the user has changed since, or is somebody else's.
func (s *Service) returning(ctx context.Context, v visit, n step) (identity.Pool, identity.User, error) {
	if n.Proved == nil || n.Browser != mark(v.browser) {
		return identity.Pool{}, identity.User{}, errLost
	}
	p, ok := v.pool(n.Proved.Pool)
	if !ok {
		return p, identity.User{}, errLost
	}
	u, err := s.Users.Get(ctx, identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: n.Proved.User})
	switch {
	case errors.As(err, new(identity.NotFound)):
		return p, u, errLost
	case err != nil:
		return p, u, err
	case u.Status != identity.StatusActive, u.CodesEpoch() != n.Proved.Epoch:
		return p, u, errLost
	}
	return p, u, nil
}

// errLost is the error for a step that cannot be continued. The person starts again.
var errLost = errors.New("the step cannot be continued")

// Second proves a person who has proved something with a second factor: the code of an authenticator app,
// or a mailed one. Errors: errLost; InvalidCode; ExpiredCode; Limited.
func (s *Service) Second(ctx context.Context, v visit, n step, code string, byMail bool) (next, error) {
	p, u, err := s.returning(ctx, v, n)
	if err == nil && !v.needsSecond(p, u, *n.Proved) {
		err = errLost
	}
	if err != nil {
		return next{}, err
	}
	ways := v.secondWays(p, u, n.Proved.AMR)
	if err := s.guess(ctx, v, p); err != nil {
		return next{}, err
	}
	switch {
	case byMail && ways.mail:
		u, err = s.Prover.RedeemSecond(ctx, p, u.Ref(), code, v.form())
	case !byMail && ways.app:
		u, err = s.Prover.TOTP(ctx, p, u.Ref(), code)
	default:
		return next{}, identity.InvalidCode{}
	}
	if err != nil {
		return next{}, err
	}
	both := *n.Proved
	both.Two, both.AMR = true, append(slices.Clone(both.AMR), oidc.AMROTP, oidc.AMRMulti)
	if !byMail && slices.Contains(both.AMR, oidc.AMRPassword) {
		both.ACR = oidc.ACRTwo
	}
	n.Proved, n.SentAt, n.Again = &both, identity.Time{}, false
	return s.proceed(ctx, v, p, u, n)
}

// AskSecond has a code mailed as the second factor. Errors: errLost; InvalidCode if the user may not use
// one; Limited.
func (s *Service) AskSecond(ctx context.Context, v visit, n step) (next, error) {
	p, u, err := s.returning(ctx, v, n)
	if err != nil {
		return next{}, err
	}
	if !v.secondWays(p, u, n.Proved.AMR).mail {
		return next{}, identity.InvalidCode{}
	}
	if err := s.Gate.Spend(ctx, p, v.source, ""); err != nil {
		return next{}, err
	}
	if err := s.Prover.AskSecond(ctx, p, u.Ref(), identity.MessageOptions{Language: v.lang}, once.Reply[once.None]{}); err != nil {
		return next{}, err
	}
	n.Again, n.SentAt = !n.SentAt.IsZero(), identity.At(s.Now())
	return s.goOn(v, "factor", n)
}

// NewPassword gives a user who has proved a password that must be changed a new one. Errors: errLost;
// Invalid for a password that the pool does not accept.
func (s *Service) NewPassword(ctx context.Context, v visit, n step, password string) (next, error) {
	var (
		p identity.Pool
		u identity.User
	)
	err := s.Retry.Do(ctx, func() error {
		var err error
		if p, u, err = s.returning(ctx, v, n); err != nil {
			return err
		}
		credential, has := u.Password()
		if !n.Proved.MustChange || v.needsSecond(p, u, *n.Proved) || !has || !needsChange(credential, s.Now()) {
			return errLost
		}
		full, err := s.Users.GetWithHash(ctx, u.Ref())
		if err != nil {
			return err
		}
		hash, err := s.Prover.Passwords.HashNew(ctx, p, full, "/password", password)
		if err != nil {
			return err
		}
		changed := p.WithPassword(full, hash, s.maker())
		effects := table.Effects{Messages: identity.Notices(identity.MessagePasswordSet, full, s.maker())}
		u, err = s.Users.Change(ctx, full, changed, effects, once.Reply[identity.User]{})
		return err
	})
	if err != nil {
		return next{}, err
	}
	changed := *n.Proved
	changed.MustChange, changed.Epoch = false, u.CodesEpoch()
	n.Proved = &changed
	return s.proceed(ctx, v, p, u, n)
}

// needsChange reports whether a password must be changed before it can be used.
func needsChange(c identity.Credential, now time.Time) bool {
	return c.State == identity.StateMustBeChanged || !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt.Time)
}
