package courier

import (
	"fmt"
	"slices"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

// kind is a row of the table of messages: what the courier does with the messages of one kind. To
// add a kind of mail is to add a row.
type kind struct {
	name identity.MessageKind

	// isBudgeted reports whether the message takes a place in a budget of its pool.
	isBudgeted bool

	// purpose is what the code in the mail is for; "" for a notice, which has no code.
	purpose identity.CodePurpose
	// page is the last part of the path of the page that the link with the code opens; "" if the product
	// has no such page, and the mail always has a code to copy.
	page string
	// receiver returns the address of the user that the message names; nil if the message may go to
	// any address.
	receiver func(d delivery) (identity.Address, error)

	// instead are the conditions under which the mail of another kind is sent. The first that holds
	// counts.
	instead []exception
	// texts are the texts of the mail. The first whose condition holds counts.
	texts []text

	// unless is the condition under which nothing is sent; nil for none.
	unless condition
	// prepare changes what is sent for a message; nil to leave it.
	prepare func(delivery) delivery
	send    sender
}

// condition reports whether something holds for a message that is about to be sent.
type condition func(d delivery) bool

// exception is the kind of the mail that is sent under a condition.
type exception struct {
	when condition
	kind identity.MessageKind
}

// text is the text of a mail under a condition, for each form that a code may have. The two are the
// same for a notice.
type text struct {
	when        condition
	short, link mail.Kind
}

// kinds returns the table of messages.
func kinds() []kind {
	return []kind{{
		name: identity.MessageActivation, isBudgeted: true,
		purpose: identity.PurposeActivation, page: identity.PageActivate,
		instead: []exception{
			{isForKnownUser, identity.MessageTaken},
			{isForInvitedElsewhere, identity.MessageTaken},
		},
		texts: []text{
			{isInvitation, mail.InvitationCode, mail.InvitationLink},
			{isAskedAgain, mail.ResendCode, mail.ResendLink},
			{always, mail.RegistrationCode, mail.RegistrationLink},
		},
		prepare: asInvitation, send: (*Service).sendCode,
	}, {
		name: identity.MessageTaken, isBudgeted: true,
		texts: []text{
			{isForOwner, mail.AddressTaken, mail.AddressTaken},
			{always, mail.IdentifierTaken, mail.IdentifierTaken},
		},
		send: (*Service).notifyTaken,
	}, {
		name: identity.MessageResetPassword, isBudgeted: true,
		purpose: identity.PurposeResetPassword, page: "reset",
		receiver: ownAddress,
		instead:  []exception{{isForNewUser, identity.MessageActivation}},
		texts:    []text{{always, mail.PasswordResetCode, mail.PasswordResetLink}},
		unless:   isForInactiveUser, send: (*Service).sendCode,
	}, {
		name: identity.MessageResetTOTP, isBudgeted: true,
		purpose: identity.PurposeResetTOTP, receiver: ownAddress,
		texts:  []text{{always, mail.TOTPResetCode, mail.TOTPResetCode}},
		unless: isForInactiveUser, send: (*Service).sendCode,
	}, {
		name: identity.MessageEnrollWebAuthn, isBudgeted: true,
		purpose: identity.PurposeEnrollWebAuthn, receiver: ownAddress,
		texts:  []text{{always, mail.KeyEnrollCode, mail.KeyEnrollCode}},
		unless: isForInactiveUser, send: (*Service).sendCode,
	}, {
		name: identity.MessageChallenge, isBudgeted: true,
		purpose: identity.PurposeChallenge, receiver: ownAddress,
		texts:  []text{{always, mail.ChallengeCode, mail.ChallengeCode}},
		unless: isForInactiveUser, send: (*Service).sendCode,
	}, {
		name: identity.MessageSignIn, isBudgeted: true,
		purpose: identity.PurposeAuthentication, receiver: ownAddress,
		texts:  []text{{always, mail.SignInCode, mail.SignInCode}},
		unless: isForInactiveUser, send: (*Service).sendCode,
	}, {
		name: identity.MessageVerifyAddress, isBudgeted: true,
		purpose: identity.PurposeVerifyAddress, page: "verify", receiver: unverifiedAddress,
		texts:  []text{{always, mail.AddressCode, mail.AddressLink}},
		unless: isForDeletedUser, send: (*Service).sendCode,
	}, {
		name:  identity.MessageWelcome,
		texts: []text{{always, mail.Welcome, mail.Welcome}},
		send:  (*Service).welcome,
	}, {
		name:  identity.MessagePasswordSet,
		texts: []text{{always, mail.PasswordSet, mail.PasswordSet}},
		send:  (*Service).notifyPassword,
	}, {
		name:  identity.MessageTOTPSet,
		texts: []text{{always, mail.TOTPSet, mail.TOTPSet}},
		send:  (*Service).notifyChange,
	}, {
		name:  identity.MessageKeyAdded,
		texts: []text{{always, mail.KeyAdded, mail.KeyAdded}},
		send:  (*Service).notifyChange,
	}, {
		name:  identity.MessageKeyRemoved,
		texts: []text{{always, mail.KeyRemoved, mail.KeyRemoved}},
		send:  (*Service).notifyChange,
	}, {
		name:  identity.MessageAddressAdded,
		texts: []text{{always, mail.AddressAdded, mail.AddressAdded}},
		send:  (*Service).notifyChange,
	}, {
		name:  identity.MessageAddressRemoved,
		texts: []text{{always, mail.AddressRemoved, mail.AddressRemoved}},
		send:  (*Service).notifyChange,
	}}
}

// kindOf returns the row of a kind. It fails for a kind of a later release, whose courier will send
// the message.
func kindOf(name identity.MessageKind) (kind, error) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, fmt.Errorf("no messages of the kind %q are known", name)
	}
	return all[i], nil
}

// textOf returns the text of a message with its code in a form.
func (k kind) textOf(d delivery, form identity.CodeType) mail.Kind {
	i := slices.IndexFunc(k.texts, func(t text) bool { return t.when(d) })
	if form == identity.CodeTypeShort {
		return k.texts[i].short
	}
	return k.texts[i].link
}

// always is the condition of the last text of each kind.
func always(delivery) bool { return true }

// ownAddress returns the address that a message names, if it belongs to the user alone, or if it is any
// address of a user whom the caller has named. If the message names none, it is the one that addressOf has
// found. The error is NotFound otherwise: a stranger asked for it.
func ownAddress(d delivery) (identity.Address, error) {
	if d.message.Named {
		return addressIn(d.user.CandidateAddresses(), d)
	}
	return addressIn(d.user.OwnAddresses(), d)
}

// unverifiedAddress returns the address that a message names, if the user has it and it is not verified.
func unverifiedAddress(d delivery) (identity.Address, error) {
	return addressIn(d.user.UsableAddresses(identity.PurposeVerifyAddress), d)
}

func addressIn(addresses []identity.Address, d delivery) (identity.Address, error) {
	i := slices.IndexFunc(addresses, func(a identity.Address) bool { return a.Normalized == d.to.Normalized })
	if i < 0 {
		return identity.Address{}, identity.NotFound{Thing: "address for message", ID: d.message.ID}
	}
	return addresses[i], nil
}

func isForDeletedUser(d delivery) bool { return d.user.Status == identity.StatusDeleted }

func isForNewUser(d delivery) bool { return d.user.Status == identity.StatusNew }

func isForInactiveUser(d delivery) bool { return d.user.Status != identity.StatusActive }

// isForKnownUser reports whether the user is not new, and so is not to be activated.
func isForKnownUser(d delivery) bool { return d.user.Status != identity.StatusNew }

// isForInvitedElsewhere reports whether a registration has asked for the mail, no registration may
// complete the user, and the address is not the user's. Who gave that address is told that the
// identifier is taken.
func isForInvitedElsewhere(d delivery) bool {
	return d.isForInvited() && !slices.ContainsFunc(d.user.CandidateAddresses(), func(a identity.Address) bool {
		return a.Normalized == d.to.Normalized
	})
}

func isInvitation(d delivery) bool { return d.message.Mode == identity.ModeInvitation }

// isAskedAgain reports whether the receiver knows that there is an account, and has asked for a mail.
func isAskedAgain(d delivery) bool {
	return d.message.Again || d.message.Kind == identity.MessageResetPassword
}

// isForOwner reports whether the mail goes to an address that is the user's alone.
func isForOwner(d delivery) bool {
	own, err := d.user.OwnMailAddress(d.to.Normalized)
	return err == nil && own == d.to.Normalized
}
