package identity

import "time"

// MessageKind is why a message was asked for. What is sent is decided when it is sent, by the user's state then.
type MessageKind string

// The kinds of messages.
const (
	MessageActivation  MessageKind = "activation"   // a code for a new user; for any other a notice that the address is taken
	MessageTaken       MessageKind = "taken"        // a notice to the owner of an address that somebody else wanted to use
	MessagePasswordSet MessageKind = "password_set" // a notice that a password was set or changed
)

// Request is what asks for a message. Those of one kind for one mailbox are counted together, in each pool.
type Request string

// The kinds of requests.
const (
	ResendRequest       Request = ""       // for the message of whoever has an address or a name
	TicketRequest       Request = "ticket" // for the message of a ticket's registration
	RegistrationRequest Request = "own"    // of an address as the identifier
	NameRequest         Request = "name"   // of another identifier, which comes with the address
)

// CodeType is the form in which a message carries a code.
type CodeType string

// The forms of the published API.
const (
	CodeTypeLink  CodeType = "link"
	CodeTypeShort CodeType = "code"
)

// Mode is the wording of an activation message.
type Mode string

// The wordings of the published API.
const (
	ModeRegistration Mode = "registration"
	ModeInvitation   Mode = "invitation"
)

// MessageLifetime is how long a message may wait for a mail service that refuses; then it is dropped.
const MessageLifetime = 24 * time.Hour

// Message is an entry of the outbox: written in the same transaction as the change that asks for it, sent by the courier,
// gone when sent. It holds no secret.
type Message struct {
	ID                string      `json:"id"`
	Kind              MessageKind `json:"kind"`
	Tenant            string      `json:"tenant"`
	Pool              string      `json:"pool"`
	User              string      `json:"user"`
	Registration      string      `json:"registration,omitempty"`
	Address           string      `json:"address"` // as given, or the only one of the user
	Normalized        string      `json:"normalized"`
	CodeType          CodeType    `json:"code_type,omitempty"`
	Mode              Mode        `json:"mode,omitempty"`
	PostActivationURL string      `json:"post_activation_url,omitempty"`
	Language          string      `json:"language,omitempty"` // that was asked for
	Again             bool        `json:"again,omitzero"`     // its receiver asked for it anew
	IsResent          bool        `json:"resent,omitzero"`    // it is not the first message of a registration: its code alone completes none
	Asked             string      `json:"asked,omitempty"`    // the digest of what it was asked for, else Normalized is
	AskedBy           Request     `json:"asked_by,omitempty"` // what asked for it
	Paid              bool        `json:"paid,omitzero"`      // it has a place in the budget of mails, and is tried again
	Counted           bool        `json:"counted,omitempty"`  // the limits were already applied, for a caller that is told of them
	Share             Share       `json:"share,omitempty"`    // of the pool's budget of mails
	Budget            string      `json:"budget,omitempty"`   // Budget.Of in which it has a place at Due, where it was delayed
	Due               Time        `json:"due,omitzero"`       // when it is sent, where it was delayed
	CreatedAt         Time        `json:"created_at"`
}

// UserRef names the user that the message is about.
func (m Message) UserRef() UserRef { return UserRef{Tenant: m.Tenant, Pool: m.Pool, ID: m.User} }

// MailboxRef names the mailbox that the message goes to.
func (m Message) MailboxRef() MailboxRef { return NewMailboxRef(m.Tenant, TypeEmail, m.Normalized) }

// AskedRef names what the message was asked for, which its asker knows: a mailbox, or a user name as if it were one.
func (m Message) AskedRef() MailboxRef {
	if m.Asked == "" {
		return m.MailboxRef()
	}
	return MailboxRef{Tenant: m.Tenant, Digest: m.Asked}
}

// MailClass is the class of mails that the message is counted in, with a code or as a notice.
func (m Message) MailClass(hasCode bool) MailClass {
	switch {
	case m.Share == ShareNone:
		return MailsOfAdministrators
	case hasCode:
		return MailsOfPublic
	}
	return MailsOfNotices
}

// MessageOptions are the query parameters of a request for an activation message, with what is known of who makes it.
type MessageOptions struct {
	CodeType          CodeType
	Mode              Mode
	PostActivationURL string
	Language          string // of the message; "" where the caller doesn't know
	Share             Share  // of the pool's budget of mails: not a parameter, but what is known of the caller
}

// Checked are the options with the published defaults, link and registration. mayReturnTo says whether a post-activation URL is allowed.
func (o MessageOptions) Checked(mayReturnTo func(url string) bool) (MessageOptions, error) {
	var v Violations
	o.CodeType, o.Mode = set(CodeTypeLink, o.CodeType), set(ModeRegistration, o.Mode)
	if o.CodeType != CodeTypeLink && o.CodeType != CodeTypeShort {
		v.Add("code_type_in_message", "must be link or code")
	}
	if o.Mode != ModeRegistration && o.Mode != ModeInvitation {
		v.Add("mode", "must be registration or invitation")
	}
	if o.PostActivationURL != "" && !mayReturnTo(o.PostActivationURL) {
		v.Add("post_activation_url", "must be an https URL whose origin this deployment allows")
	}
	if o.Language != "" {
		checkLanguage(&v, "lang", o.Language)
	}
	return o, v.Err()
}

// NewMessage is a message to address with the options.
func NewMessage(kind MessageKind, u User, address Address, o MessageOptions, m Maker) Message {
	return Message{
		ID: m.NewID(), Kind: kind, Tenant: u.Tenant, Pool: u.Pool, User: u.ID, Address: address.Value, Normalized: address.Normalized,
		CodeType: o.CodeType, Mode: o.Mode, PostActivationURL: o.PostActivationURL, Language: o.Language, Share: o.Share,
		CreatedAt: At(m.Now),
	}
}
