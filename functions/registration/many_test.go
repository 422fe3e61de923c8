package registration_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// The product reads at most ten registrations of a user. If a stranger has made more, none of them
// counts as the only one, and a message for which no address is named is not sent.
func TestManyRegistrationsDoNotHideTheOwners(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	name, mine := "ann-"+systemtest.Unique(), systemtest.Address("stranger")
	id := s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register", fields{
		"identifier": name, "otp_address": s.email, "password": ownersPassword,
	}).Text(t, "id")
	for range 150 {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
			"identifier": name, "otp_address": mine,
		})
	}
	s.product.AwaitEmptyOutbox(t)
	s.product.Clock.Advance(2 * time.Minute)
	before := len(s.product.Inbox.Mails(t, mine))
	got := s.tenant.Admin.Call(t, "POST", s.path()+"/users/"+id+"/activation/send", nil)
	s.product.AwaitEmptyOutbox(t)
	if after := len(s.product.Inbox.Mails(t, mine)); got.Status != 422 && after > before {
		t.Errorf(
			"two addresses wait, the administrator named none: %d, and the stranger gets the mail",
			got.Status,
		)
	}
	before = len(s.product.Inbox.Mails(t, mine))
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": name})
	s.product.AwaitEmptyOutbox(t)
	if len(s.product.Inbox.Mails(t, mine)) > before {
		t.Errorf("a public resend by the name goes to the stranger alone")
	}
}
