package users

import (
	"context"
	"slices"

	"identitypools/shared/identity"
)

// Suppressed returns the suppressions of the user's addresses, and of the addresses of
// registrations that wait with the user. The error is NotFound if there is no such pool or user.
func (s *Service) Suppressed(ctx context.Context, ref identity.UserRef) ([]identity.Suppression, error) {
	mail, err := s.mailOf(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.Suppressions.Find(ctx, mail.boxes)
}

// ClearSuppressions deletes all suppressions that Suppressed returns, and takes all addresses whose
// suppressions it returns off SES's own list, whether or not they have a suppression: SES's list also
// has addresses that bounced for others in the AWS account. It deletes no others, because suppressions
// are those of the whole deployment, and no administrator is responsible for all of it.
//
// It can safely be repeated, so no answer is stored for a request with an idempotency key. A suppression
// is deleted after its address has left SES's list, so that it is shown until mails can arrive again.
// The error is NotFound if there is no such pool or user, or Unavailable.
func (s *Service) ClearSuppressions(ctx context.Context, ref identity.UserRef) error {
	mail, err := s.mailOf(ctx, ref)
	if err != nil {
		return err
	}
	marks, err := s.Suppressions.Find(ctx, mail.boxes)
	if err != nil {
		return err
	}
	// First what has a suppression, so that a repeat need not do it again.
	for _, mark := range marks {
		if err := s.SES.Remove(ctx, mail.spellings(mark.Address, mark.Reported)); err != nil {
			return err
		}
		if err := s.Suppressions.Delete(ctx, mark.Address); err != nil {
			return err
		}
	}
	for _, box := range mail.boxes {
		if slices.ContainsFunc(marks, func(m identity.Suppression) bool { return m.Address == box }) {
			continue
		}
		if err := s.SES.Remove(ctx, mail.spellings(box, "")); err != nil {
			return err
		}
	}
	return nil
}

// userMail is where mails to a user may go.
type userMail struct {
	boxes []string // as Mailboxes of the user returns them
	of    func(box string) []string
}

// mailOf returns where mails to a user may go. The error is NotFound if there is no such pool or user.
func (s *Service) mailOf(ctx context.Context, ref identity.UserRef) (userMail, error) {
	u, err := s.Read(ctx, ref, identity.Match{})
	if err != nil {
		return userMail{}, err
	}
	waiting, err := s.Registrations.List(ctx, ref)
	if err != nil {
		return userMail{}, err
	}
	now := s.Now()
	return userMail{
		boxes: u.Mailboxes(waiting, now),
		of:    func(box string) []string { return u.Spellings(box, waiting, now) },
	}, nil
}

// spellings returns the spellings of a mailbox in which SES may have it on its list: those in which
// mails to the user are addressed, and the reported one, which may come from another pool, unless that
// is "". If SES sends nothing to the mailbox, there is none.
func (m userMail) spellings(box, reported string) []string {
	forms := m.of(box)
	if len(forms) == 0 {
		return nil
	}
	for _, other := range []string{box, reported} {
		if other != "" && !slices.Contains(forms, other) {
			forms = append(forms, other)
		}
	}
	return forms
}
