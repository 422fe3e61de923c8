package factors_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/passkeytest"
	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

// person is an active user with the path of it, and the origin of the product's pages.
type person struct {
	*systemtest.Tenant
	pool, id, path, origin string
}

// newPerson creates a user of a new pool.
func newPerson(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant, more fields) *person {
	t.Helper()
	p := &person{Tenant: tenant, pool: tenant.NewPool(t, nil), origin: product.BaseURL}
	p.id = tenant.NewUser(t, p.pool, "active", systemtest.Address("ann"), more)
	p.path = "/pools/" + p.pool + "/users/" + p.id
	return p
}

// begin asks for the options for a new passkey.
func (p *person) begin(t *testing.T) passkeytest.Options {
	t.Helper()
	return passkeytest.Read(t, p.System.Must(t, 200, "POST", p.path+"/webauthn/create/begin", nil).Body)
}

// create lets an authenticator create a passkey, on a page of the product.
func (p *person) create(t *testing.T, a passkeytest.Authenticator) map[string]any {
	t.Helper()
	if a.Origin == "" {
		a.Origin = p.origin
	}
	return a.Create(t, p.begin(t))
}

// complete returns the passkey that a browser created, as the product answers it.
func (p *person) complete(t *testing.T, created any) map[string]any {
	t.Helper()
	var answer struct{ Credentials []map[string]any }
	body := p.System.Must(t, 200, "POST", p.path+"/webauthn/create/complete", created).Body
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Credentials) != 1 {
		t.Fatalf("the answer is %s, %v", body, err)
	}
	return answer.Credentials[0]
}

func TestTheOptionsForAPasskey(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	o := p.begin(t).PublicKey
	if o.RP.ID != "localhost" || o.RP.Name == "" || !strings.HasPrefix(o.User.Name, "ann-") || o.User.DisplayName != o.User.Name {
		t.Errorf("the passkey would be of %+v for %+v", o.RP, o.User)
	}
	if o.Selection.ResidentKey != "required" || !o.Selection.RequireResidentKey || o.Selection.UserVerification != "required" ||
		o.Attestation != "none" || o.Timeout != 300_000 {
		t.Errorf("the options ask for %+v, attestation %s within %d ms", o.Selection, o.Attestation, o.Timeout)
	}
	if len(o.Keys) != 3 || o.Keys[0].Alg != -8 || o.Keys[1].Alg != -7 || o.Keys[2].Alg != -257 || o.Keys[0].Type != "public-key" {
		t.Errorf("the algorithms are %+v", o.Keys)
	}
	for name, text := range map[string]string{"challenge": o.Challenge, "handle": o.User.ID} {
		standard, err := base64.StdEncoding.DecodeString(text)
		url, err2 := base64.RawURLEncoding.DecodeString(text)
		if err != nil || err2 != nil || string(standard) != string(url) || len(url) < 16 || len(url) > 64 {
			t.Errorf("the %s is %q: %v, %v", name, text, err, err2)
		}
	}
	if again := p.begin(t).PublicKey; again.Challenge == o.Challenge || again.User.ID != o.User.ID {
		t.Errorf("the second time the challenge is %q and the handle %q", again.Challenge, again.User.ID)
	}
}

func TestAPasskeyIsCreated(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	created := p.create(t, passkeytest.Authenticator{})
	passkey := p.complete(t, created)
	if id := passkey["id"].(string); strings.TrimRight(id, "=") != strings.NewReplacer("-", "+", "_", "/").Replace(created["rawId"].(string)) {
		t.Errorf("the passkey is %v, created was %v", passkey, created)
	}
	_ = time.Second
	_ = maps.Keys[map[string]any]
}
