package codes_test

import (
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

func TestGeneratingCodes(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email, verified := systemtest.Address("gil"), systemtest.Address("gil")
	id := tenant.NewUser(t, pool, "new", email, nil)
	active := tenant.NewUser(t, pool, "active", systemtest.Address("hal"), fields{"verifiable_addresses": []fields{
		{"address": verified, "type": "email", "verified": true, "status": "active"},
	}})
	for _, c := range []struct {
		name, path string
		body       any
		status     int
	}{
		{"for a user", "/users/" + id + "/code/generate", fields{"type": "activation"}, 201},
		{"for a user, with the address", "/users/" + id + "/code/generate", fields{"type": "activation", "address": email}, 201},
		{"for a user found by identifier", "/user/code/generate", fields{"type": "activation", "identifier": strings.ToUpper(email)}, 201},
		{"for a user found by id", "/user/code/generate", fields{"type": "activation", "userID": id}, 201},
		{"for a challenge, found by verified address", "/user/code/generate", fields{"type": "challenge", "address": verified}, 201},
		{"of which only the id is told", "/users/" + id + "/activation/generate", nil, 201},
		{"for an active user", "/users/" + active + "/code/generate", fields{"type": "activation"}, 422},
		{"for nobody", "/user/code/generate", fields{"type": "activation"}, 422},
		{"for an unknown identifier", "/user/code/generate", fields{"type": "activation", "identifier": "nobody@example.com"}, 404},
		{"for an unknown user", "/users/nobody/code/generate", fields{"type": "activation"}, 404},
		{"for an id that is too long", "/user/code/generate", fields{
			"type": "activation", "userID": strings.Repeat("a", 2000),
		}, 422},
		{"of an unknown type", "/users/" + id + "/code/generate", fields{"type": "magic"}, 422},
		{"for a foreign address", "/users/" + id + "/code/generate", fields{"type": "activation", "address": verified}, 422},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := tenant.System.Must(t, c.status, "POST", "/pools/"+pool+c.path, c.body)
			if strings.HasSuffix(c.path, "/activation/generate") && got.Text(t, "code_id") == "" {
				t.Errorf("no id: %s", got.Body)
			}
		})
	}
}

// A code that verifies an address is bound to it, however long it is.
func TestACodeForALongAddress(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	long := systemtest.Address(strings.Repeat("a", 40))
	id := tenant.NewUser(t, pool, "active", systemtest.Address("eve"), fields{"verifiable_addresses": []fields{{"address": long, "type": "email"}}})
	tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+id+"/code/generate", fields{"type": "verify_address", "address": long})
}
