package identity

import (
	"slices"
	"strings"
	"time"
)

// SuppressionReason is what the mail service told of an address.
type SuppressionReason string

// The reasons.
const (
	SuppressedByBounce    SuppressionReason = "bounce"    // the mailbox does not take mail, and never will
	SuppressedByComplaint SuppressionReason = "complaint" // its owner reported a mail as spam
)

// Suppression marks a mailbox to which nothing more is sent, in any pool of any tenant, until an administrator of one of its users
// clears it.
type Suppression struct {
	Address   string            `json:"address"` // as Mailbox has it
	Reason    SuppressionReason `json:"reason"`
	CreatedAt Time              `json:"created_at,omitzero"` // when the mail service last told of it; zero in marks of the first release
}

// Mailbox is an address as suppressions have it: whatever a pool tells apart, upper and lower case
// are one mailbox. Letters that case folding takes for others, such as ß for ss, are different
// mailboxes.
func Mailbox(address string) (string, error) {
	normalized, err := Pool{}.Normalize(TypeEmail, address)
	return strings.ToLower(normalized), err
}

// Mailboxes are where messages to u may go, each once: its e-mail addresses, and those of the registrations that wait with it.
func (u User) Mailboxes(waiting []Registration, now time.Time) []string {
	var boxes []string
	addresses := u.CandidateAddresses()
	for _, r := range waiting {
		if r.Belongs(u, now) {
			addresses = append(addresses, r.CandidateAddress())
		}
	}
	for _, a := range addresses {
		if box, err := Mailbox(a.Normalized); a.Type == TypeEmail && err == nil && !slices.Contains(boxes, box) {
			boxes = append(boxes, box)
		}
	}
	return boxes
}
