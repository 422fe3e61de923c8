package identity

import (
	"time"
)

// MessageKind says for what reason a message was requested. What is sent depends on the state of
// the user when it is sent.
type MessageKind string

// The kinds of messages.
const (
	MessageActivation MessageKind = "activation" // a code, or a notice if the user is not new
	MessageTaken      MessageKind = "taken"      // a notice that somebody else wanted to use the address

	// Messages with a code that is for the purpose of the same name.
	MessageResetPassword  = MessageKind(PurposeResetPassword)
	MessageResetTOTP      = MessageKind(PurposeResetTOTP)
	MessageEnrollWebAuthn = MessageKind(PurposeEnrollWebAuthn)
	MessageChallenge      = MessageKind(PurposeChallenge)
	MessageVerifyAddress  = MessageKind(PurposeVerifyAddress)

	// MessageSignIn is a message with a code with which a person signs in. Its code is for
	// PurposeAuthentication.
	MessageSignIn MessageKind = "sign_in"

	// MessageWelcome tells somebody that the account is active. It takes the place of the notices that
	// follow: they are about changes of an account (NIST SP 800-63B-4 §4.6), and what somebody gave to
	// be activated with is none.
	MessageWelcome MessageKind = "welcome"

	// Notices to the user that something was changed.
	MessagePasswordSet    MessageKind = "password_set"    // a password was set or changed
	MessageTOTPSet        MessageKind = "totp_set"        // an authenticator app was set or replaced
	MessageKeyAdded       MessageKind = "key_added"       // a passkey was added
	MessageKeyRemoved     MessageKind = "key_removed"     // a passkey was removed
	MessageAddressAdded   MessageKind = "address_added"   // an address was added as a verified one, or proved
	MessageAddressRemoved MessageKind = "address_removed" // a verified address was removed
)

// Request is the kind of the request that caused a message. Within a pool, requests of one kind for
// one mailbox are counted together.
type Request string

// The kinds of requests.
const (
	ResendRequest       Request = ""       // to resend the message for an address or a name
	TicketRequest       Request = "ticket" // to resend the message of a ticket's registration
	RegistrationRequest Request = "own"    // to register with an address as the identifier
	NameRequest         Request = "name"   // to register with another identifier and an address
)

// CodeType is the form in which a message contains a code.
type CodeType string

// The forms of the published API.
const (
	CodeTypeLink  CodeType = "link"
	CodeTypeShort CodeType = "code"
)

// Mode selects the wording of an activation message.
type Mode string

// The wordings of the published API.
const (
	ModeRegistration Mode = "registration"
	ModeInvitation   Mode = "invitation"
)

// MessageLifetime is how long a message waits while the mail service refuses it. After that it is
// dropped.
const MessageLifetime = 24 * time.Hour

// Message is an entry of the outbox. It is written in the same transaction as the change that
// causes it, and deleted when the courier has sent it. It contains no secret.
type Message struct {
	ID                string      `json:"id"`
	Kind              MessageKind `json:"kind"`
	Tenant            string      `json:"tenant"`
	Pool              string      `json:"pool"`
	User              string      `json:"user"`
	Registration      string      `json:"registration,omitempty"`
	Address           string      `json:"address"` // as it was given, or the only one of the user
	Normalized        string      `json:"normalized"`
	CodeType          CodeType    `json:"code_type,omitempty"`
	Mode              Mode        `json:"mode,omitempty"`
	PostActivationURL string      `json:"post_activation_url,omitempty"`
	Language          string      `json:"language,omitempty"` // the requested one

	// Named says that the caller named the user. The message may then go to an address that is not
	// verified.
	Named bool `json:"named,omitzero"`
	// Again says that the receiver requested the message once more.
	Again bool `json:"again,omitzero"`
	// IsResent says that the message is not the first one of a registration. Its code alone
	// completes no registration.
	IsResent bool `json:"resent,omitzero"`
	// Asked is the digest of what the message was requested for. If it is empty, that is Normalized.
	Asked string `json:"asked,omitempty"`
	// AskedBy is the kind of the request that caused the message.
	AskedBy Request `json:"asked_by,omitempty"`
	// Paid says that the message has a place in the budget of mails already, and is tried again.
	Paid bool `json:"paid,omitzero"`
	// Counted says that the limits were applied before, for a caller who is told of them.
	Counted bool `json:"counted,omitempty"`
	// Share is the share of the pool's budget of mails that the message may use.
	Share Share `json:"share,omitempty"`
	// Budget and Due are set if the message was delayed. Budget names the budget in which the
	// message has a place, and Due is when the message is sent.
	Budget    string `json:"budget,omitempty"`
	Due       Time   `json:"due,omitzero"`
	CreatedAt Time   `json:"created_at"`
}

// UserRef names the user that the message is about.
func (m Message) UserRef() UserRef { return UserRef{Tenant: m.Tenant, Pool: m.Pool, ID: m.User} }

// MailboxRef names the mailbox to which the message goes.
func (m Message) MailboxRef() MailboxRef { return NewMailboxRef(m.Tenant, TypeEmail, m.Normalized) }

// AskedRef names what the message was requested for, which the caller knows. It is a mailbox, or a
// user name in the form of a mailbox.
func (m Message) AskedRef() MailboxRef {
	if m.Asked == "" {
		return m.MailboxRef()
	}
	return MailboxRef{Tenant: m.Tenant, Digest: m.Asked}
}

// MailClass returns the class of mails in which the message is counted. HasCode says whether the
// message has a code or is a notice.
func (m Message) MailClass(hasCode bool) MailClass {
	switch {
	case m.Share == ShareNone:
		return MailsOfAdministrators
	case hasCode && m.Share == ShareBackEnd && m.Kind != MessageActivation:
		return MailsOfBackEnds
	case hasCode:
		return MailsOfPublic
	}
	return MailsOfNotices
}

// MessageOptions are the query parameters of a request for an activation message, and the share of
// the budget that its caller has.
type MessageOptions struct {
	CodeType          CodeType
	Mode              Mode
	PostActivationURL string
	Language          string // of the message; "" if the caller does not say
	Share             Share  // of the pool's budget of mails; no parameter
}

// MaxReturnURL is the largest number of bytes of a post-activation URL. It is a part of a link in a mail
// and of the cookie of the pages, which have to fit into what every browser accepts.
const MaxReturnURL = 1000

// Checked returns the options with the defaults of the published API, which are link and
// registration. MayReturnTo reports whether a post-activation URL is allowed. The error is Invalid.
func (o MessageOptions) Checked(mayReturnTo func(url string) bool) (MessageOptions, error) {
	var v Violations
	o.CodeType, o.Mode = firstNonEmpty(CodeTypeLink, o.CodeType), firstNonEmpty(ModeRegistration, o.Mode)
	if o.CodeType != CodeTypeLink && o.CodeType != CodeTypeShort {
		v.Add("code_type_in_message", NotOneOf("link", "code"))
	}
	if o.Mode != ModeRegistration && o.Mode != ModeInvitation {
		v.Add("mode", NotOneOf("registration", "invitation"))
	}
	if o.PostActivationURL != "" && !mayReturnTo(o.PostActivationURL) {
		v.Add("post_activation_url", WrongFormat("https-url", "must be an https URL whose origin this deployment allows"))
	}
	if len(o.PostActivationURL) > MaxReturnURL {
		v.Add("post_activation_url", TooLong(MaxReturnURL, "bytes"))
	}
	if o.Language != "" {
		checkLanguage(&v, "lang", o.Language)
	}
	return o, v.Err()
}

// Notices returns the notices of a kind to all addresses that the user had before a change and that can
// receive mail (NIST SP 800-63B-4 §4.6). There may be none.
func Notices(kind MessageKind, before User, m Maker) []Message {
	own, err := MailAddresses(before.OwnAddresses())
	if err != nil {
		return nil // mail can be sent to none of them
	}
	var notices []Message
	for _, a := range own {
		to := Address{Value: a.Normalized, Normalized: a.Normalized}
		notices = append(notices, NewMessage(kind, before, to, MessageOptions{}, m))
	}
	return notices
}

// NewMessage returns a message to an address with the given options.
func NewMessage(kind MessageKind, u User, address Address, o MessageOptions, m Maker) Message {
	return Message{
		ID: m.NewID(), Kind: kind, Tenant: u.Tenant, Pool: u.Pool, User: u.ID,
		Address: address.Value, Normalized: address.Normalized,
		CodeType: o.CodeType, Mode: o.Mode, PostActivationURL: o.PostActivationURL,
		Language: o.Language, Share: o.Share,
		CreatedAt: At(m.Now),
	}
}
