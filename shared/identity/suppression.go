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

// Mailboxes returns the mailboxes to which messages to u may go, each of them once. They are those
// of u's e-mail addresses and of the registrations that wait with u.
func (u User) Mailboxes(waiting []Registration, now time.Time) []string {
	var boxes []string
	addresses := u.CandidateAddresses()
	for _, r := range waiting {
		if r.CanComplete(u, now) {
			addresses = append(addresses, r.CandidateAddress())
		}
	}
	for _, a := range addresses {
		if box, err := NormalizeMailbox(a.Normalized); a.Type == TypeEmail && err == nil && !slices.Contains(boxes, box) {
			boxes = append(boxes, box)
		}
	}
	return boxes
}
