package passwords_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// A mail that was asked for before all codes of its user were killed is not sent, because its code would
// bring to life what the change has killed.
func TestAMailFromBeforeAChangeIsNotSent(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, func(c *system.Config) { c.Quiet = true })
	tenant := product.NewTenant(t)
	o := owner{Tenant: tenant, product: product, pool: "/pools/" + tenant.NewPool(t, nil)}
	for name, change := range map[string]func(o owner){
		"of the password": func(o owner) {
			o.System.Must(t, 204, "POST", o.pool+"/users/"+o.id+"/change-password",
				fields{"old_password": systemtest.Password, "new_password": second})
		},
		"of the status": func(o owner) {
			for _, status := range []string{"inactive", "active"} {
				o.Admin.Must(t, 200, "PUT", o.pool+"/users/"+o.id, fields{"status": status})
			}
		},
		"of nothing": func(owner) {},
	} {
		o.email = systemtest.Address("late")
		o.id = o.newUser(t, "active", o.email)
		o.System.Must(t, 204, "POST", o.pool+"/user/password/reset/request", fields{"address": o.email})
		product.Clock.Advance(time.Second)
		change(o)
		product.DeliverAll(t)
		isSent := false
		for _, m := range product.Inbox.Mails(t, o.email) {
			isSent = isSent || m.Subject == "Choose a new password for Partners"
		}
		if isSent != (name == "of nothing") {
			t.Errorf("after a change %s the mail is sent: %t", name, isSent)
		}
	}
}

// A back end may make a code for a user who is not active. Nobody gets a password with it.
func TestOnlyActiveUsersResetTheirPassword(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	for _, status := range []string{"new", "inactive", "deleted"} {
		id := o.newUser(t, status, systemtest.Address(status))
		made := o.System.Must(t, 201, "POST", o.pool+"/users/"+id+"/code/generate", fields{"type": "reset_password"})
		o.System.Must(t, 401, "POST", o.pool+"/user/password/reset/confirm",
			fields{"code": made.Text(t, "extended_code"), "new_password": second})
	}
}
