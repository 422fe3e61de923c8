package users_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// A user can be found by an address once it is proved, even if the address is also an identifier.
// A caller who asks for the owner of an address gets only a user who has proved it.
func TestAnAddressFindsNobodyBeforeItIsProved(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, proved := range []bool{false, true} {
		email := systemtest.Address("ann")
		id := tenant.NewUser(t, pool, "active", email, fields{"verifiable_addresses": []fields{
			{"address": email, "type": "email", "verified": proved, "status": "active"},
		}})
		status := map[bool]int{false: 404, true: 200}[proved]
		tenant.System.Must(t, status, "POST", "/pools/"+pool+"/users/by_key", fields{"address": email})
		if found := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{
			"identifier": email,
		}).Text(t, "id"); found != id {
			t.Errorf("the identifier finds %s", found)
		}
	}
}

// Whatever identifier is accepted finds its user, as it was given and as answers show it: by key, for
// a password, for a code, and in a filtered list.
func TestAnyIdentifierFindsItsUser(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, folds := range []bool{true, false} {
		pool := tenant.NewPool(t, fields{"identifier_case_insensitive": folds})
		for i, value := range []string{
			"ANN@CORP.LOCAL", "Bob@Example.COM", "@Ann", "ann@", "a@b@C", "CORP\\Ann", " Eve@Example.Com ",
			"Ann@B\u00dcCHER.example",
			"ａｎｎ＠wide.EXAMPLE", "jo@ex\u00adample.com", "+1555010\uff10", "5550100", "Ann Smith", "urn:Example:x@Y",
			"stra\u00dfe@Stra\u00dfe.example",
			"x@" + strings.Repeat("D", 100) + ".LOCAL", "\u212a@Example.org",
		} {
			for _, kind := range []string{"email", "mobile", "external"} {
				t.Run(fmt.Sprintf("%t %s %q", folds, kind, value), func(t *testing.T) {
					user := fields{
						"id": fmt.Sprintf("%s-%d", kind, i), "status": "active",
						"identifiers": []fields{{"identifier": value, "type": kind}},
						"verifiable_addresses": []fields{
							{"address": systemtest.Address("x"), "type": "email", "verified": true},
						},
						"credentials": []fields{{"type": "password", "password": systemtest.Password}},
					}
					made := tenant.Admin.Call(t, "POST", "/pools/"+pool+"/users", user)
					if made.Status == 422 && strings.Contains(string(made.Body), "/identifiers/0/identifier") {
						return
					}
					id := made.Text(t, "id")
					shown := made.Fields(t)["identifiers"].([]any)[0].(fields)["identifier"].(string)
					for _, name := range slices.Compact([]string{value, shown}) {
						checkFinds(t, tenant, pool, name, id)
					}
					tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool+"/users/"+id, nil)
				})
			}
		}
	}
}

// checkFinds fails the test unless a name finds the user with the given id.
func checkFinds(t *testing.T, tenant *systemtest.Tenant, pool, name, id string) {
	t.Helper()
	in := "/pools/" + pool
	for what, found := range map[string]systemtest.Response{
		"by key": tenant.System.Must(t, 200, "POST", in+"/users/by_key", fields{"identifier": name}),
		"password": tenant.System.Must(
			t, 200, "POST", in+"/user/password/verify", fields{"identifier": name, "password": systemtest.Password},
		),
	} {
		if !strings.Contains(string(found.Body), id) {
			t.Errorf("%s: %q finds %s", what, name, found.Body)
		}
	}
	tenant.System.Must(t, 201, "POST", in+"/user/code/generate", fields{"type": "reset_password", "identifier": name})
	filter := url.QueryEscape(fmt.Sprintf(`{"user_key":%q}`, name))
	if list := tenant.Admin.Must(
		t, 200, "GET", in+"/users?query="+filter, nil,
	); !strings.Contains(string(list.Body), `"`+id+`"`) {
		t.Errorf("filter: %q finds %s", name, list.Body)
	}
}

// Two users may have identifiers of which one is the other in another spelling. Each is found by the
// normalized form of their own, and what is written exactly like a user name finds that user, also if
// a stranger has registered the e-mail address.
func TestASpellingBelongsToTheUserName(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"identifier_case_insensitive": false})
	find := func(name string) string {
		t.Helper()
		return tenant.System.Must(
			t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{"identifier": name},
		).Text(t, "id")
	}
	stranger := register(t, tenant, pool, "ANN@corp.local")
	ann := tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", fields{
		"status": "active", "identifiers": []fields{{"identifier": "ANN@CORP.LOCAL", "type": "uid"}},
	}).Text(t, "id")
	for name, want := range map[string]string{
		"ANN@CORP.LOCAL": ann, " ANN@CORP.LOCAL ": ann, "ANN@corp.local": stranger, "ANN@Corp.Local": stranger,
	} {
		if got := find(name); got != want {
			t.Errorf("%q finds %s, want %s", name, got, want)
		}
	}
	// a registration of the same text waits with the user whom the text finds
	if got := register(t, tenant, pool, "ANN@CORP.LOCAL"); got != ann {
		t.Errorf("the user name is registered for %s, want its owner %s", got, ann)
	}
	if got := find("ANN@CORP.LOCAL"); got != ann {
		t.Errorf("after a registration, it finds %s", got)
	}
}
