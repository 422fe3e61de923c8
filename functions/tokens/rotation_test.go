package tokens_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"identitypools/functions/tokens"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
)

// quiet is an option for a product that nothing calls but the test.
func quiet(c *system.Config) { c.Quiet = true }

// withNewSecret is an option for a process with a new signing secret.
func withNewSecret(c *system.Config) { c.Environment["TOKEN_SECRET"] = systemtest.Secret() }

// requestToken returns a token for the client "rotated" of the tenant acme.
func requestToken(t *testing.T, product *systemtest.Product) string {
	t.Helper()
	return ask(t, product, "/acme/admin/oauth2/token", grant, "rotated", "secret").Text(t, "access_token")
}

func listPools(t *testing.T, product *systemtest.Product, token string) int {
	t.Helper()
	client := systemtest.Client{Token: token}
	return client.Call(t, "GET", product.BaseURL+"/api/identity/acme/admin/pools", nil).Status
}

func keyOf(t *testing.T, token string) string {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}

func servedKeys(t *testing.T, product *systemtest.Product) []string {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(get(t, product.BaseURL+"/acme/admin/.well-known/jwks.json").Body, &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.KeyID)
	}
	return ids
}

// The signing secret is changed while processes with the old one are still running. No token is ever
// refused by any of them.
func TestTheSigningSecretIsRotatedWithoutAnOutage(t *testing.T) {
	t.Parallel()
	before := systemtest.New(t, quiet)
	client := access.Client{Tenant: "acme", ID: "rotated", Caller: access.Admin, Scopes: []string{"identity_admin"}}
	if err := before.EnsureClient(t.Context(), client, "secret"); err != nil {
		t.Fatal(err)
	}
	accepted := func(when string, named map[string]string, by ...*systemtest.Product) {
		t.Helper()
		for name, token := range named {
			for i, product := range by {
				if status := listPools(t, product, token); status != 200 {
					t.Errorf("%s, the token %s is answered %d by product %d", when, name, status, i)
				}
			}
		}
	}
	old := requestToken(t, before)
	accepted("before", map[string]string{"of the old secret": old}, before)
	if keys := servedKeys(t, before); !slices.Equal(keys, []string{keyOf(t, old)}) {
		t.Errorf("before, the keys are %v", keys)
	}
	stranger := systemtest.New(t) // its tokens name a key that is not published
	strange := stranger.NewTenant(t).Admin.Token
	if status := listPools(t, before, strange); status != 401 {
		t.Errorf("a stranger's token is answered %d", status)
	}

	after := before.Again(t, quiet, withNewSecret)
	accepted("when the new one starts", map[string]string{"of the old secret": old}, after)
	fresh := requestToken(t, after)
	accepted("at once", map[string]string{"of the old secret": old, "of the new one": fresh}, after, before)
	late := requestToken(t, before)
	accepted("meanwhile", map[string]string{"of the old secret": late, "of the new one": fresh}, before, after)

	both := []string{keyOf(t, fresh), keyOf(t, old)}
	before.Clock.Advance(time.Second)
	for _, product := range []*systemtest.Product{before, after} {
		if keys := servedKeys(t, product); !slices.Equal(keys, both) {
			t.Errorf("the keys are %v, want %v", keys, both)
		}
	}

	before.Clock.Advance(tokens.Lifetime - time.Minute) // the old processes have ended
	last := requestToken(t, after)
	accepted("in the end", map[string]string{"of the old secret": late, "of the new one": fresh, "just issued": last}, after)
	if keyOf(t, last) != keyOf(t, fresh) {
		t.Error("the new secret has two keys")
	}
}

// A process that outlives many rotations still signs tokens, so its key is published again when it is not
// in the set any more.
func TestAnOldProcessKeepsItsKeyPublished(t *testing.T) {
	t.Parallel()
	product := withClient(t)
	processes := make([]*tokens.Service, 5)
	for i := range processes {
		issuer, err := access.NewIssuer([]byte(fmt.Sprintf("the seed of process %d", i) + strings.Repeat(".", 32))[:32], product.Clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		processes[i] = &tokens.Service{Clients: product.Table.Clients, Keys: product.Table.Keys, Issuer: issuer, Now: product.Clock.Now}
	}
	issue := func(process *tokens.Service) string {
		token, err := process.Issue(t.Context(), tokens.Grant{Tenant: "acme", Caller: access.System, ClientID: oddID, Secret: oddSecret})
		if err != nil {
			t.Fatal(err)
		}
		return token.AccessToken
	}
	for _, process := range processes {
		issue(process)
	}
	product.Clock.Advance(time.Second)
	if _, err := access.NewVerifier(product.Table.Keys.Get, product.Clock.Now).Verify(t.Context(), issue(processes[0])); err != nil {
		t.Errorf("the token of the oldest process: %v", err)
	}
}
