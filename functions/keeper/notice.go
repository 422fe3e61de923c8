package keeper

import (
	"context"

	"identitypools/shared/identity"
)

// sesEvent is an event of SES as EventBridge passes it on, as far as it is read.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type sesEvent struct {
	Source string `json:"source"`
	Detail struct {
		Type   string `json:"eventType"`
		Bounce struct {
			Type       string      `json:"bounceType"`
			SubType    string      `json:"bounceSubType"`
			Recipients []recipient `json:"bouncedRecipients"`
		} `json:"bounce"`
		Complaint struct {
			SubType    string      `json:"complaintSubType"`
			Recipients []recipient `json:"complainedRecipients"`
		} `json:"complaint"`
	} `json:"detail"`
}

type recipient struct {
	Address string `json:"emailAddress"`
}

// isUntried reports whether an event says, by its subtype, that SES has not tried to send the mail,
// because its recipient is on a list of SES's own: that of the account, or the global one.
func (e sesEvent) isUntried() bool {
	const account, global = "OnAccountSuppressionList", "Suppressed"
	bounce, complaint := e.Detail.Bounce.SubType, e.Detail.Complaint.SubType
	return bounce == account || bounce == global || complaint == account
}

// suppress marks the addresses in an event that bounced permanently or whose owners complained. No
// further mail is sent to them. A mail that SES has not tried to send marks nothing: it shows nothing
// new of the address, and may be older than an administrator's decision to clear the address.
func (s *Service) suppress(ctx context.Context, e sesEvent) error {
	reason, recipients := identity.SuppressionReason(""), []recipient(nil)
	switch {
	case e.isUntried():
		s.Log.Warn("SES has not tried to send a mail, because the address is on a list of its own")
	case e.Detail.Type == "Bounce" && e.Detail.Bounce.Type == "Permanent":
		reason, recipients = identity.SuppressedByBounce, e.Detail.Bounce.Recipients
	case e.Detail.Type == "Complaint":
		reason, recipients = identity.SuppressedByComplaint, e.Detail.Complaint.Recipients
	}
	for _, r := range recipients {
		mark, err := identity.NewSuppression(r.Address, reason, s.Now())
		if err != nil {
			s.Log.Warn("notice of SES names no address")
			continue
		}
		if err := s.Suppressions.Put(ctx, mark); err != nil {
			return err
		}
	}
	return nil
}
