package identity

import (
	"slices"
	"strings"
	"time"
)

// SuppressionReason is what the mail service reported about an address.
type SuppressionReason string

// The reasons.
const (
	SuppressedByBounce    SuppressionReason = "bounce"    // the mailbox permanently refuses mail
	SuppressedByComplaint SuppressionReason = "complaint" // its owner reported a mail as spam
)

// Suppression marks a mailbox to which nothing is sent, in any pool of any tenant, until an
// administrator clears the mark for one of its users.
type Suppression struct {
	Address   string            `json:"address"` // in the form that NormalizeMailbox returns
	Reported  string            `json:"-"`       // the address as it was reported, or "" if that is Address
	Reason    SuppressionReason `json:"reason"`
	CreatedAt Time              `json:"created_at,omitzero"` // of the last report; zero in marks of the first release
}

// NormalizeMailbox returns an address in the form that suppressions use. Addresses that differ only
// in upper and lower case are one mailbox, even where a pool tells them apart. Letters that only
// case folding treats as equal, such as ß and ss, are different mailboxes.
func NormalizeMailbox(address string) (string, error) {
	normalized, err := Pool{}.Normalize(TypeEmail, address)
	return strings.ToLower(normalized), err
}

// NewSuppression returns the mark of the mailbox of an address, which is as the mail service reports
// it. The error is that of NormalizeMailbox.
func NewSuppression(address string, reason SuppressionReason, now time.Time) (Suppression, error) {
	box, err := NormalizeMailbox(address)
	if err != nil {
		return Suppression{}, err
	}
	s := Suppression{Address: box, Reason: reason, CreatedAt: At(now)}
	if address = strings.TrimSpace(address); address != box {
		s.Reported = address
	}
	return s, nil
}

// Refusal returns the error for a mail to the mailbox, at the pointer of the address. It is for
// administrators, who can lift the suppression.
func (s Suppression) Refusal(pointer string) Invalid {
	reason := "gets no mail: earlier mails to it bounced"
	if s.Reason == SuppressedByComplaint {
		reason = "gets no mail: its owner reported an earlier mail as spam"
	}
	return InvalidField(pointer, Rule{
		Code: "suppressed", Params: Params{"why": string(s.Reason)},
		Reason: reason + "; DELETE the user's suppressions to allow mails again",
	})
}

// Mailboxes returns the mailboxes to which messages to u may go, each of them once. They are those
// of u's e-mail addresses and of the registrations that wait with u.
func (u User) Mailboxes(waiting []Registration, now time.Time) []string {
	var boxes []string
	for _, a := range u.mailable(waiting, now) {
		if box, err := NormalizeMailbox(a.Normalized); err == nil && !slices.Contains(boxes, box) {
			boxes = append(boxes, box)
		}
	}
	return boxes
}

// Spellings returns the forms in which mails to a mailbox of u may be addressed, each of them once:
// those of u's e-mail addresses and of the registrations that wait with u, as they are handed to the
// mail service. They differ in upper and lower case only.
func (u User) Spellings(box string, waiting []Registration, now time.Time) []string {
	var forms []string
	for _, a := range u.mailable(waiting, now) {
		to, err := ParseMailAddress(a.Normalized)
		if err == nil && to.Mailbox() == box && !slices.Contains(forms, to.String()) {
			forms = append(forms, to.String())
		}
	}
	return forms
}

// mailable returns the e-mail addresses of u and of the registrations that wait with u.
func (u User) mailable(waiting []Registration, now time.Time) []Address {
	addresses := u.CandidateAddresses()
	for _, r := range waiting {
		if r.CanComplete(u, now) {
			addresses = append(addresses, r.CandidateAddress())
		}
	}
	return slices.DeleteFunc(addresses, func(a Address) bool { return a.Type != TypeEmail })
}
