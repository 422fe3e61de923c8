package keeper

import (
	"context"

	"identitypools/shared/identity"
)

// sesEvent is an event of SES as EventBridge passes it on, as far as it is read.
type sesEvent struct {
	Source string `json:"source"`
	Detail struct {
		Type   string `json:"eventType"`
		Bounce struct {
			Type       string      `json:"bounceType"`
			Recipients []recipient `json:"bouncedRecipients"`
		} `json:"bounce"`
		Complaint struct {
			Recipients []recipient `json:"complainedRecipients"`
		} `json:"complaint"`
	} `json:"detail"`
}

type recipient struct {
	Address string `json:"emailAddress"`
}

// suppress marks the addresses in an event that bounced permanently or whose owners complained. No
// further mail is sent to them.
func (s *Service) suppress(ctx context.Context, e sesEvent) error {
	reason, recipients := identity.SuppressionReason(""), []recipient(nil)
	switch {
	case e.Detail.Type == "Bounce" && e.Detail.Bounce.Type == "Permanent":
		reason, recipients = identity.SuppressedByBounce, e.Detail.Bounce.Recipients
	case e.Detail.Type == "Complaint":
		reason, recipients = identity.SuppressedByComplaint, e.Detail.Complaint.Recipients
	}
	for _, r := range recipients {
		box, err := identity.NormalizeMailbox(r.Address)
		if err != nil {
			s.Log.Warn("notice of SES names no address")
			continue
		}
		if err := s.Suppressions.Put(ctx, identity.Suppression{Address: box, Reason: reason, CreatedAt: identity.At(s.Now())}); err != nil {
			return err
		}
	}
	return nil
}
