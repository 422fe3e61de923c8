package courier_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// A message that was asked for before a change killed the user's codes makes no code any more.
func TestAMessageFromBeforeAChangeMakesNoCode(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path := "/pools/" + pool
	for name, change := range map[string]func(id string){
		"the status": func(id string) {
			for _, status := range []string{"inactive", "active"} {
				tenant.Admin.Must(t, 200, "PUT", path+"/users/"+id, fields{"status": status})
			}
		},
		"the password": func(id string) {
			code := tenant.System.Must(t, 201, "POST", path+"/users/"+id+"/code/generate", fields{"type": "reset_password"}).Text(t, "code")
			tenant.System.Must(t, 204, "POST", path+"/user/password/reset/confirm", fields{"userID": id, "code": code, "new_password": systemtest.Password})
		},
		"nothing": nil,
	} {
		email := systemtest.Address("ann")
		id := tenant.NewUser(t, pool, "active", email, fields{"verifiable_addresses": []fields{
			{"address": email, "type": "email", "verified": true, "status": "active"},
		}})
		tenant.System.Must(t, 204, "POST", path+"/user/otp/request", fields{"address": email})
		if change != nil {
			change(id)
		}
		product.DeliverAll(t)
		isMailed := false
		for _, mail := range product.Inbox.Mails(t, email) {
			isMailed = isMailed || strings.Contains(mail.Subject, "one-time code")
		}
		if isMailed != (change == nil) {
			t.Errorf("after a change of %s a code is mailed: %t", name, isMailed)
		}
	}
}

// Strangers may use up the guesses at short codes of a mailbox. A mail of a kind that has no page then has a
// code that nobody can guess.
func TestACodeForAGuessedMailboxIsLong(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path, email := "/pools/"+pool, systemtest.Address("ann")
	id := tenant.NewUser(t, pool, "active", email, nil)
	ask := func() parttest.Mail {
		t.Helper()
		product.Clock.Advance(2 * time.Minute)
		tenant.System.Must(t, 204, "POST", path+"/user/otp/request", fields{"address": email})
		return newest(t, product, email)
	}
	code := systemtest.WrongCode(systemtest.CodeIn(t, ask()))
	for range identity.CodeTries {
		tenant.System.Must(t, 422, "POST", path+"/user/otp/verify", fields{"code": code, "userID": id})
	}
	for _, line := range strings.Fields(ask().Text) {
		if len(line) > 60 && !strings.Contains(line, "://") {
			tenant.System.Must(t, 200, "POST", path+"/user/otp/verify", fields{"code": line})
			return
		}
	}
	t.Error("the mail has no long code")
}
