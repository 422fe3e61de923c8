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

// person is an active user with a verified address, and the origin of the product's pages.
type person struct {
	*systemtest.Tenant
	pool, id, path, email, origin string
}

// newPerson creates a user of a new pool.
func newPerson(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant, more fields) *person {
	t.Helper()
	p := &person{Tenant: tenant, pool: tenant.NewPool(t, nil), origin: product.BaseURL}
	p.email = systemtest.Address("ann")
	all := fields{"verifiable_addresses": []fields{{"address": p.email, "type": "email", "verified": true, "status": "active"}}}
	maps.Copy(all, more)
	p.id = tenant.NewUser(t, p.pool, "active", p.email, all)
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

func TestAPasskeyIsCreatedAndGiven(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	created := p.create(t, passkeytest.Authenticator{Flags: passkeytest.UserPresent | passkeytest.UserVerified |
		passkeytest.BackupEligible | passkeytest.BackedUp})
	passkey := p.complete(t, created)
	if flags := passkey["flags"].(map[string]any); flags["userVerified"] != true || flags["backupState"] != true {
		t.Errorf("the flags are %v", flags)
	}
	if len(p.passkeys(t)) != 0 {
		t.Error("the passkey is stored before it is given to the user")
	}
	p.give(t, 204, passkey)
	stored := p.passkeys(t)
	if len(stored) != 1 || stored[0].Type != "webauthn" || stored[0].State != "valid" || stored[0].Payload["public_key"] != "###" ||
		stored[0].Payload["credential_id"] != created["id"] || len(stored[0].Payload) != 2 {
		t.Fatalf("the user has %+v", stored)
	}
	if known := p.begin(t).PublicKey.Known; len(known) != 1 || known[0].ID != created["id"] || known[0].Type != "public-key" ||
		strings.Join(known[0].Transports, " ") != "internal hybrid" {
		t.Errorf("the next time %+v are left out", known)
	}
	if got := p.give(t, 409, passkey); !strings.Contains(string(got.Body), "/new_web_authn/id") {
		t.Errorf("the same passkey is refused with %s", got.Body)
	}
}

// Whoever answers a challenge may send bytes in any form that a browser or a client gives them.
func TestBytesOfAPasskeyMayBeInAnyForm(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	for name, write := range map[string]func([]byte) any{
		"base64url": func(b []byte) any { return base64.RawURLEncoding.EncodeToString(b) },
		"base64":    func(b []byte) any { return base64.StdEncoding.EncodeToString(b) },
		"numbers": func(b []byte) any {
			numbers := make([]int, len(b))
			for i := range b {
				numbers[i] = int(b[i])
			}
			return numbers
		},
	} {
		t.Run(name, func(t *testing.T) { // one after the other, since a new code kills the last one
			created := p.create(t, passkeytest.Authenticator{})
			rewrite(t, created, "rawId", write)
			response := created["response"].(map[string]any)
			rewrite(t, response, "clientDataJSON", write)
			rewrite(t, response, "attestationObject", write)
			passkey := p.complete(t, created)
			rewrite(t, passkey, "id", write)
			rewrite(t, passkey, "publicKey", write)
			p.give(t, 204, passkey)
		})
	}
}

// rewrite writes bytes in another form.
func rewrite(t *testing.T, in map[string]any, name string, write func([]byte) any) {
	t.Helper()
	text := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(in[name].(string))
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	in[name] = write(bytes)
}

// WebAuthn Level 3 §7.1: what a browser returns must answer what was asked for.
func TestWrongPasskeysAreRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	p, other := newPerson(t, product, tenant, nil), newPerson(t, product, tenant, nil)
	foreign := other.begin(t).PublicKey.Challenge
	const verified = passkeytest.UserPresent | passkeytest.UserVerified
	for name, a := range map[string]passkeytest.Authenticator{
		"of a page of another host":       {Origin: "https://evil.example"},
		"of another port":                 {Origin: "http://localhost:1"},
		"of a page in a foreign frame":    {Cross: true},
		"for another host":                {Host: "evil.example"},
		"of a sign-in":                    {Ceremony: "webauthn.get"},
		"for another user's challenge":    {Challenge: foreign},
		"for a challenge of nobody":       {Challenge: strings.Repeat("A", 48)},
		"for a short challenge":           {Challenge: "AAAA"},
		"without verification":            {Flags: passkeytest.UserPresent},
		"without presence":                {Flags: passkeytest.UserVerified},
		"backed up and not eligible":      {Flags: verified | passkeytest.BackedUp},
		"with an algorithm not asked for": {Algorithm: -35},
		"with a short id":                 {IDLength: 15},
		"with a long id":                  {IDLength: 1024},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := p.System.Must(t, 422, "POST", p.path+"/webauthn/create/complete", p.create(t, a))
			if !strings.Contains(string(got.Body), `"/response`) {
				t.Errorf("refused with %s", got.Body)
			}
		})
	}
	t.Run("too late", func(t *testing.T) {
		late := p.create(t, passkeytest.Authenticator{})
		product.Clock.Advance(5 * time.Minute)
		p.System.Must(t, 422, "POST", p.path+"/webauthn/create/complete", late)
	})
}

// The parts of a response are refused where they are wrong, and no response is a fault of the product.
func TestMalformedPasskeysAreRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	created := p.create(t, passkeytest.Authenticator{})
	object := created["response"].(map[string]any)["attestationObject"].(string)
	for _, c := range []struct {
		name    string
		change  func(all, response map[string]any)
		pointer string
	}{
		{"without rawId", func(all, _ map[string]any) { delete(all, "rawId") }, "/rawId"},
		{"with another id", func(all, _ map[string]any) { all["id"] = "AAAA" }, "/id"},
		{"of another type", func(all, _ map[string]any) { all["type"] = "password" }, "/type"},
		{"without an attestation", func(_, r map[string]any) { delete(r, "attestationObject") }, "/response/attestationObject"},
		{"without data of the client", func(_, r map[string]any) { r["clientDataJSON"] = nil }, "/response/clientDataJSON"},
		{"with data that is no base64", func(_, r map[string]any) { r["clientDataJSON"] = "%" }, "/response/clientDataJSON"},
		{"with data that is no text", func(_, r map[string]any) { r["clientDataJSON"] = 1 }, "/response/clientDataJSON"},
		{"with large numbers", func(_, r map[string]any) { r["clientDataJSON"] = []int{256} }, "/response/clientDataJSON"},
		{"with data that is no JSON", func(_, r map[string]any) { r["clientDataJSON"] = "AAAA" }, "/response"},
		{"with half an attestation", func(_, r map[string]any) { r["attestationObject"] = object[:len(object)/8*4] }, "/response"},
		{"with an empty map", func(_, r map[string]any) { r["attestationObject"] = "oA" }, "/response"},
		{"with an endless list", func(_, r map[string]any) { r["attestationObject"] = "m3________8" }, "/response"},
		{"with a foreign member", func(all, _ map[string]any) { all["more"] = 1 }, "/more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all, response := maps.Clone(created), maps.Clone(created["response"].(map[string]any))
			all["response"] = response
			c.change(all, response)
			got := p.System.Must(t, 422, "POST", p.path+"/webauthn/create/complete", all)
			if !strings.Contains(string(got.Body), `"`+c.pointer+`"`) {
				t.Errorf("refused with %s, want %s", got.Body, c.pointer)
			}
		})
	}
}

func TestPasskeysAreNamedAndDeleted(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), fields{"credentials": []fields{
		{"type": "webauthn", "webauthn_credentials": []fields{newPasskey("a"), newPasskey("b")}},
	}})
	stored := p.passkeys(t)
	if len(stored) != 2 {
		t.Fatalf("the user has %+v", stored)
	}
	path := p.path + "/webauthn/"
	own := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("b", 16)))
	p.System.Must(t, 204, "PUT", path+stored[0].ID+"/name", fields{"name": "My phone"})
	p.System.Must(t, 204, "PUT", path+own+"/name", fields{"name": strings.Repeat("ü", 64)})
	for name, wrong := range map[string]string{
		"empty": "", "blank": "  ", "long": strings.Repeat("x", 65), "two lines": "a\nb",
	} {
		got := p.System.Must(t, 422, "PUT", path+own+"/name", fields{"name": wrong})
		if !strings.Contains(string(got.Body), `"/name"`) {
			t.Errorf("a name that is %s is refused with %s", name, got.Body)
		}
	}
	if named := p.passkeys(t); named[0].Payload["name"] != "My phone" || named[1].Payload["name"] != strings.Repeat("ü", 64) {
		t.Errorf("the names are %+v", named)
	}
	for _, id := range []string{"nobody", p.id, "AAAA"} {
		p.System.Must(t, 404, "PUT", path+id+"/name", fields{"name": "x"})
		p.System.Must(t, 404, "DELETE", path+id, nil)
	}
	p.System.Must(t, 412, "DELETE", path+own, nil, "If-Match", `"1"`)
	p.System.Must(t, 204, "DELETE", path+own, nil)
	p.System.Must(t, 404, "DELETE", path+own, nil)
	if left := p.passkeys(t); len(left) != 1 || left[0].ID != stored[0].ID {
		t.Errorf("left are %+v", left)
	}
	p.System.Must(t, 204, "DELETE", path+stored[0].ID, nil)
}

// A passkey that comes through a back end is checked, since nothing proves that the product made it.
func TestAPasskeyThatIsGivenIsChecked(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	p := newPerson(t, product, product.NewTenant(t), nil)
	for pointer, change := range map[string]func(passkey, flags, authenticator fields){
		"/id":                         func(k, _, _ fields) { k["id"] = strings.Repeat("A", 20) },
		"/publicKey":                  func(k, _, _ fields) { k["publicKey"] = base64.StdEncoding.EncodeToString(make([]byte, 77)) },
		"/attestationType":            func(k, _, _ fields) { k["attestationType"] = strings.Repeat("x", 33) },
		"/transport":                  func(k, _, _ fields) { k["transport"] = strings.Split("abcdefghijk", "") },
		"/transport/0":                func(k, _, _ fields) { k["transport"] = []string{"a\nb"} },
		"/authenticator/AAGUID":       func(_, _, a fields) { a["AAGUID"] = "AAAA" },
		"/authenticator/attachment":   func(_, _, a fields) { a["attachment"] = "glued" },
		"/authenticator/cloneWarning": func(_, _, a fields) { a["cloneWarning"] = true },
		"/authenticator/signCount":    func(_, _, a fields) { a["signCount"] = -1 },
		"/flags/userPresent":          func(_, f, _ fields) { f["userPresent"] = false },
		"/flags/userVerified":         func(_, f, _ fields) { delete(f, "userVerified") },
		"/flags/backupState":          func(_, f, _ fields) { f["backupState"] = true },
	} {
		passkey := newPasskey("c")
		change(passkey, passkey["flags"].(fields), passkey["authenticator"].(fields))
		got := p.System.Must(t, 422, "POST", "/pools/"+p.pool+"/user/webauthn/add/complete",
			fields{"code": "123456", "userID": p.id, "new_web_authn": passkey})
		if !strings.Contains(string(got.Body), `"/new_web_authn`+pointer+`"`) {
			t.Errorf("refused with %s, want %s", got.Body, pointer)
		}
	}
}

// A user has at most 20 passkeys, however many are given at once.
func TestAUserHasTwentyPasskeys(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	var all []fields
	for i := range 19 {
		all = append(all, newPasskey(string(rune('A'+i))))
	}
	p := newPerson(t, product, product.NewTenant(t), fields{"credentials": []fields{{"type": "webauthn", "webauthn_credentials": all}}})
	got := p.System.Call(t, "POST", "/pools/"+p.pool+"/users", fields{"status": "active", "credentials": []fields{
		{"type": "webauthn", "webauthn_credentials": append(all, newPasskey("x"))},
		{"type": "webauthn", "webauthn_credentials": []fields{newPasskey("y")}},
	}})
	if got.Status != 422 || !strings.Contains(string(got.Body), "/credentials/1/webauthn_credentials/0") {
		t.Errorf("a user with 21 passkeys: %d %s", got.Status, got.Body)
	}
	p.give(t, 204, newPasskey("x"))
	p.give(t, 422, newPasskey("y"))
	if len(p.passkeys(t)) != 20 {
		t.Errorf("the user has %d passkeys", len(p.passkeys(t)))
	}
}
