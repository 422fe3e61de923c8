package prove

import (
	"context"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
)

// AskCode asks for a mail with a code with which the user whom an identifier means in the pools signs in.
// It puts one message into the outbox, whoever that is (see identity.Chosen). If the identifier is an
// e-mail address, the mail goes there, if the address is the user's own; otherwise it goes to the user's
// own address. If there is no such user, or the pool does not let users sign in with mailed codes, the
// message is for somebody who does not exist, and the courier drops it, as it drops one for a user who is
// not active. Of the options, only the language and the share count.
//
// The caller first spends from the budgets of its source, always in the first pool: see Gate.Spend and
// MailboxOf of shared/submit. Errors: Invalid for what is no identifier, an address
// that cannot receive mail, or an unknown language.
func (p *Prover) AskCode(
	ctx context.Context, pools []identity.Pool, identifier string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	if err := identity.CheckMailable("/identifier", identifier); err != nil {
		return err
	}
	who, err := p.user(ctx, pools, identifier)
	if err != nil {
		return err
	}
	var to, asked string
	if identity.InferType(identifier) == identity.TypeEmail {
		to, err = who.pool.NormalizeAddress(identifier)
	}
	if to == "" || err != nil { // the courier finds the address
		to, asked = "", identity.MailboxDigest(identity.InferType(identifier), who.form)
	}
	isAllowed := who.User.ID != identity.NobodyID && who.pool.UsesMailedCodes()
	return p.ask(ctx, who.User, isAllowed, to, asked, o, reply)
}

// AskSecond asks for a mail with a code that is the second factor of a user, who has proved to be that
// user in another way before. It goes to the user's own address. If the pool has no mailed codes as a
// second factor, the courier drops the message: see AskCode. The caller first spends from the budgets of
// its source. Errors: Invalid for an unknown language.
func (p *Prover) AskSecond(
	ctx context.Context, pool identity.Pool, ref identity.UserRef, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	asked := identity.AddressDigest("user#" + ref.ID)
	return p.ask(ctx, ref, pool.UsesMailedCodesSecond(), "", asked, o, reply)
}

// ask puts a message for a user into the outbox, or one for a user who does not exist. To is the address
// in its normalized form, or "" for the user's own. Asked is the digest of what was asked for, if that is
// no address.
func (p *Prover) ask(
	ctx context.Context, ref identity.UserRef, isAllowed bool, to, asked string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	o = identity.MessageOptions{CodeType: identity.CodeTypeShort, Language: o.Language, Share: o.Share}
	o, err := o.Checked(func(string) bool { return false })
	if err != nil {
		return err
	}
	if !isAllowed {
		ref.ID = p.NewID()
	}
	about := identity.User{Tenant: ref.Tenant, Pool: ref.Pool, ID: ref.ID}
	address := identity.Address{Value: to, Normalized: to}
	m := identity.NewMessage(identity.MessageSignIn, about, address, o, p.maker())
	m.Asked, m.AskedBy = asked, identity.Request(m.Kind)
	return p.Outbox.Ask(ctx, m, reply)
}

// AskReset asks for a mail with a link with which the user who has an address, in the first of the pools in
// which somebody has it (see identity.Chosen), sets a new password. It makes the same calls whoever that is.
// If nobody has the address, or the pool leaves resets to administrators, the courier drops the message.
// The caller has checked the URL to return to in the options, and first spends from the budgets of its
// source. Errors: Invalid for what is no e-mail address.
func (p *Prover) AskReset(
	ctx context.Context, pools []identity.Pool, address string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	if identity.InferType(address) != identity.TypeEmail {
		return identity.InvalidField("/address", identity.WrongFormat("email", "must be an e-mail address"))
	}
	if err := identity.CheckMailable("/address", address); err != nil {
		return err
	}
	who, err := p.user(ctx, pools, address)
	if err != nil {
		return err
	}
	if who.User.ID == identity.NobodyID || !who.pool.AllowsSelfReset() {
		who.User.ID = p.NewID()
	}
	about := identity.User{Tenant: who.User.Tenant, Pool: who.User.Pool, ID: who.User.ID}
	to := identity.Address{Value: who.form, Normalized: who.form}
	m := identity.NewMessage(identity.MessageResetPassword, about, to, o, p.maker())
	m.AskedBy = identity.Request(m.Kind)
	return p.Outbox.Ask(ctx, m, reply)
}

// RedeemCode redeems a code from a mail that AskCode has asked for, and returns the user, without the hash
// of the password, and the user's pool. Request is the id of the form that was submitted: a repeat of the
// same request, such as a double click, gets the same answer. It is "" if the request must not be taken
// for a repeat. A short code costs a guess, whoever has the identifier. Errors: Invalid for what is no
// identifier, or without a code; InvalidCode for a code that is wrong, used or killed, for a user who is
// not active, and in a pool that does not let users sign in with mailed codes; ExpiredCode, only for the
// right code.
func (p *Prover) RedeemCode(
	ctx context.Context, pools []identity.Pool, identifier, code, request string,
) (identity.Pool, identity.User, error) {
	if code == "" {
		return identity.Pool{}, identity.User{}, errNoCode()
	}
	who, err := p.user(ctx, pools, identifier)
	if err != nil {
		return identity.Pool{}, identity.User{}, err
	}
	proof := onetime.Proof{User: who.User.ID, Code: code, Request: requestOf("sign-in", request)}
	proof.Box = identity.NobodyRef(who.pool.Tenant, who.form)
	u, err := p.redeem(ctx, who.pool, who.pool.UsesMailedCodes(), proof)
	return who.pool, u, err
}

// RedeemSecond redeems a code from a mail that AskSecond has asked for, and returns the user. A repeat of a
// request that has redeemed a code with RedeemCode is none of RedeemSecond, so that one code does not
// count as two factors. Errors: as for RedeemCode, but that there is no identifier.
func (p *Prover) RedeemSecond(
	ctx context.Context, pool identity.Pool, ref identity.UserRef, code, request string,
) (identity.User, error) {
	if code == "" {
		return identity.User{}, errNoCode()
	}
	proof := onetime.Proof{User: ref.ID, Code: code, Request: requestOf("second", request)}
	proof.Box = identity.NobodyRef(pool.Tenant, "user#"+ref.ID)
	return p.redeem(ctx, pool, pool.UsesMailedCodesSecond(), proof)
}

// redeem redeems the code of a proof. If the pool does not allow it, the proof is that of nobody.
func (p *Prover) redeem(
	ctx context.Context, pool identity.Pool, isAllowed bool, proof onetime.Proof,
) (identity.User, error) {
	if !isAllowed {
		proof.User = identity.NobodyID
	}
	return p.Codes.SignIn(ctx, pool, proof)
}

// requestOf returns what tells a request apart from those that ask for something else, or "" without one.
func requestOf(kind, request string) string {
	if request == "" {
		return ""
	}
	return kind + "#" + request
}
