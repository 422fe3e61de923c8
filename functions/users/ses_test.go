package users_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// Whoever clears an address takes it off SES's list too, in each spelling that SES may have, and also if
// the address has no suppression, since others in the account may have caused a bounce.
func TestAnAddressIsTakenOffSESsList(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, c := range []struct {
		name     string
		settings fields // of the pool
		listed   func(email string) string
		reported bool // whether the courier has learnt of it
	}{
		{"as it is mailed to", nil, strings.ToLower, true},
		{"without a suppression", nil, strings.ToLower, false},
		{
			"as it is mailed to where case is told apart",
			fields{"identifier_case_insensitive": false},
			func(email string) string { return email }, false,
		},
		{"as another pool mails to it", nil, strings.ToUpper, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool, email := tenant.NewPool(t, c.settings), systemtest.Address("Ann")
			path := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "new", email, nil) + "/suppressions"
			listed, stranger := c.listed(email), systemtest.Address("stranger")
			product.ListInSES(t, stranger)
			product.ListInSES(t, listed)
			if c.reported {
				reportSuppression(t, product, "bounce", listed)
			}
			for range 2 {
				tenant.Admin.Must(t, 204, "DELETE", path, nil)
			}
			if product.IsListedInSES(t, listed) {
				t.Errorf("SES still sends nothing to %s", listed)
			}
			if !product.IsListedInSES(t, stranger) {
				t.Error("SES sends to a stranger again")
			}
		})
	}
}

// While SES does not do what it should, the suppression stays, the answer says so, and no log names the
// address. A repeat completes it.
func TestAddressesAreClearedWithSESOrNotAtAll(t *testing.T) {
	t.Parallel()
	ses, log := systemtest.NewMailProxy(t), &systemtest.Log{}
	product := systemtest.New(t, ses.Option, log.Option, systemtest.WithoutPauses)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	path := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "new", email, nil) + "/suppressions"
	product.ListInSES(t, email)
	reportSuppression(t, product, "bounce", email)
	for _, c := range []struct {
		name   string
		fault  systemtest.MailFault
		status int
	}{
		{"there is no answer", systemtest.HangUp, 503},
		{"it fails", systemtest.RefuseWith(500, "InternalFailure", "no "+email), 503},
		{"there are too many calls", systemtest.RefuseWith(429, "TooManyRequestsException", "no "+email), 503},
		{"it is denied", systemtest.RefuseWith(403, "AccessDeniedException", "no "+email), 500},
	} {
		ses.SetFault(c.fault)
		if got := tenant.Admin.Call(t, "DELETE", path, nil); got.Status != c.status {
			t.Errorf("where %s: answered %d %s, want %d", c.name, got.Status, got.Body, c.status)
		}
		ses.ClearFault()
		if got := listSuppressed(t, tenant.Admin, path); !slices.Equal(got, []string{email + " bounce"}) {
			t.Errorf("where %s: suppressed: %q", c.name, got)
		}
	}
	if text := log.String(); !strings.Contains(text, "SES's list") || strings.Contains(text, email) ||
		strings.Contains(text, strings.ReplaceAll(email, "@", "%40")) {
		t.Errorf("the log does not say what is wrong, or names the address:\n%s", text)
	}
	left := 4 // more than the SDK's own tries
	ses.SetFault(func(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
		if left--; left < 0 {
			inbox.ServeHTTP(w, r)
			return
		}
		w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
		w.WriteHeader(http.StatusTooManyRequests)
		_ = json.NewEncoder(w).Encode(fields{"message": "slow down"})
	})
	tenant.Admin.Must(t, 204, "DELETE", path, nil)
	if got := listSuppressed(t, tenant.Admin, path); len(got) > 0 || product.IsListedInSES(t, email) {
		t.Errorf("suppressed: %q; in SES: %v", got, product.IsListedInSES(t, email))
	}
}
