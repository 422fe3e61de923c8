package users_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// reportSuppression delivers a report of SES to the courier: that an address bounced permanently,
// or that its owner complained.
func reportSuppression(tb testing.TB, product *systemtest.Product, reason, address string) {
	tb.Helper()
	to := []fields{{"emailAddress": address}}
	detail := map[string]fields{
		"bounce":    {"eventType": "Bounce", "bounce": fields{"bounceType": "Permanent", "bouncedRecipients": to}},
		"complaint": {"eventType": "Complaint", "complaint": fields{"complainedRecipients": to}},
	}[reason]
	event, err := json.Marshal(fields{"source": "aws.ses", "detail": detail})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := product.Keeper.Handle(tb.Context(), event); err != nil {
		tb.Fatal(err)
	}
}

// listSuppressed returns a user's suppressions in the form "address reason".
func listSuppressed(tb testing.TB, c *systemtest.Client, path string) []string {
	tb.Helper()
	var answer struct {
		Suppressions []struct {
			Address, Reason string
			CreatedAt       time.Time `json:"created_at"`
		}
	}
	got := c.Must(tb, 200, "GET", path, nil)
	if err := json.Unmarshal(got.Body, &answer); err != nil || answer.Suppressions == nil {
		tb.Fatalf("answered %s: %v", got.Body, err)
	}
	list := []string{}
	for _, s := range answer.Suppressions {
		list = append(list, s.Address+" "+s.Reason)
		if s.CreatedAt.IsZero() {
			tb.Errorf("it does not say since when: %s", got.Body)
		}
	}
	return list
}

// "Bounces and complaints mark the address, and nothing more is sent to it until an administrator clears it."
func TestAnAdministratorClearsAnAddress(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("Ann")
	user := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "new", email, nil)
	ask := func(client *systemtest.Client) {
		t.Helper()
		product.Clock.Advance(2 * time.Minute)
		client.Must(t, 204, "POST", user+"/activation/send?code_type_in_message=code", nil)
		deadline := time.Now().Add(15 * time.Second)
		for len(product.Stored(t, "MESSAGE#")) > 0 {
			if time.Now().After(deadline) {
				t.Fatal("the message still waits")
			}
		}
	}
	product.ListInSES(t, strings.ToUpper(email))
	reportSuppression(t, product, "bounce", strings.ToUpper(email))
	for range 2 {
		refused := tenant.Admin.Must(t, 422, "POST", user+"/activation/send", nil)
		if body := string(refused.Body); !strings.Contains(body, `"/address"`) || !strings.Contains(body, "bounced") {
			t.Errorf("an administrator is told %s", body)
		}
		ask(tenant.System) // which is not told
		if mails := product.Inbox.Mails(t, email); len(mails) > 0 {
			t.Fatalf("%d mails to an address that bounced", len(mails))
		}
		product.Clock.Advance(400 * 24 * time.Hour) // suppressions do not expire
		tenant.RenewTokens(t)
	}
	for _, it := range product.Stored(t, "SUPPRESSED#") {
		if it["ttl"] != "" {
			t.Errorf("the mark goes by itself: %v", it)
		}
	}
	box := strings.ToLower(email)
	if got := listSuppressed(t, tenant.Admin, user+"/suppressions"); !slices.Equal(got, []string{box + " bounce"}) {
		t.Errorf("suppressed: %q", got)
	}
	for range 2 {
		tenant.Admin.Must(t, 204, "DELETE", user+"/suppressions", nil)
		if got := listSuppressed(t, tenant.Admin, user+"/suppressions"); len(got) > 0 {
			t.Errorf("still suppressed: %q", got)
		}
	}
	ask(tenant.Admin)
	tenant.System.Must(t, 201, "POST", user+"/activate", fields{"code": systemtest.CodeIn(t, product.Inbox.Await(t, email, 1)[0]), "password": systemtest.Password})
}

// Every operation with which an administrator asks for a mail says why none is sent. Those of back ends, who
// act for people who must not learn about others, don't.
func TestAnAdministratorIsToldOfASuppressedAddress(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email, second := tenant.NewPool(t, nil), systemtest.Address("ann"), systemtest.Address("second")
	user := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "active", email, fields{
		"verifiable_addresses": []fields{{"address": second, "type": "email"}},
		"credentials":          []fields{{"type": "password", "password": systemtest.Password}},
	})
	reportSuppression(t, product, "complaint", email)
	reportSuppression(t, product, "complaint", second)
	for path, address := range map[string]string{
		"/password/reset/request": email, "/otp/request": email, "/address/verification/request": second,
	} {
		got := tenant.Admin.Must(t, 422, "POST", user+path, fields{"address": address})
		if body := string(got.Body); !strings.Contains(body, `"/address"`) || !strings.Contains(body, "reported") {
			t.Errorf("%s is answered %s", path, body)
		}
	}
	for _, path := range []string{"/user/password/reset/request", "/user/otp/request"} {
		tenant.System.Must(t, 204, "POST", "/pools/"+pool+path, fields{"address": email})
	}
	tenant.System.Must(t, 204, "POST", user+"/address/verification/request", fields{"address": second})
}

// Suppressions are those of the whole deployment. An administrator can see and clear those of a user's
// own addresses and of the registrations that wait with the user, and no others.
func TestOnlyAUsersAddressesAreCleared(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	name, mail, second, waiting, stranger := "ann-"+systemtest.Unique(), systemtest.Address("mail"), systemtest.Address("second"), systemtest.Address("waiting"), systemtest.Address("stranger")
	user := "/pools/" + pool + "/users/" + tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", fields{
		"status": "new", "identifiers": []fields{{"identifier": name, "type": "uid"}, {"identifier": mail, "type": "email"}},
		"verifiable_addresses": []fields{{"address": second, "type": "email", "status": "active"}},
	}).Text(t, "id") + "/suppressions"
	tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{"identifier": name, "otp_address": waiting, "password": systemtest.Password})
	other := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "new", stranger, nil) + "/suppressions"
	for _, address := range []string{mail, second, waiting, stranger} {
		reportSuppression(t, product, "complaint", address)
	}
	want := []string{mail + " complaint", second + " complaint", waiting + " complaint"}
	if got := listSuppressed(t, tenant.Admin, user); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("suppressed: %q, want %q", got, want)
	}
	tenant.Admin.Must(t, 204, "DELETE", user, nil)
	if got := listSuppressed(t, tenant.Admin, user); len(got) > 0 {
		t.Errorf("still suppressed: %q", got)
	}
	if got := listSuppressed(t, tenant.Admin, other); !slices.Equal(got, []string{stranger + " complaint"}) {
		t.Errorf("another user's: %q", got)
	}
	if left := product.Stored(t, "SUPPRESSED#"); len(left) != 1 {
		t.Errorf("marks left: %v", left)
	}
}

func TestSuppressionsOfNobody(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	user := "/users/" + tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil) + "/suppressions"
	for _, method := range []string{"GET", "DELETE"} {
		tenant.Admin.Must(t, 404, method, "/pools/"+pool+"/users/nobody/suppressions", nil)
		tenant.Admin.Must(t, 404, method, "/pools/nowhere"+user, nil)
		product.NewTenant(t).Admin.Must(t, 404, method, "/pools/"+pool+user, nil)
		tenant.System.Must(t, 404, method, "/pools/"+pool+user, nil) // the system tree has no such route
		tenant.Public.Must(t, 404, method, "/pools/"+pool+user, nil)
	}
	if got := listSuppressed(t, tenant.Admin, "/pools/"+pool+user); len(got) > 0 {
		t.Errorf("suppressed: %q", got)
	}
}
