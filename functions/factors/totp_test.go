package factors_test

import (
	"encoding/base32"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/otp"
)

// Secrets of authenticator apps, as a server would make them.
const (
	firstSecret  = "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"
	secondSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// shown returns the code that an app with a secret shows at a time.
func shown(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	bytes, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return otp.TOTP(bytes, at)
}

// newTOTPUser creates a user who has an authenticator app with the first secret.
func newTOTPUser(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant) *person {
	t.Helper()
	return newPerson(t, product, tenant, fields{"credentials": []fields{{"type": "totp", "totp_secret": firstSecret}}})
}

// change asks to change the secret, with a code.
func (p *person) change(t *testing.T, status int, code, secret string, headers ...string) systemtest.Response {
	t.Helper()
	return p.System.Must(t, status, "POST", p.path+"/totp/change", fields{"totp": code, "new_totp_secret": secret}, headers...)
}

func TestTheSecretOfAnAppIsChanged(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	p := newTOTPUser(t, product, product.NewTenant(t))
	before := p.credentials(t, "totp")
	if len(before) != 1 || before[0].State != "valid" || before[0].Payload["totp_secret"] != "###" || len(before[0].Payload) != 1 {
		t.Fatalf("the user has %+v", before)
	}
	p.change(t, 204, shown(t, firstSecret, product.Clock.Now()), secondSecret)
	if after := p.credentials(t, "totp"); len(after) != 1 || after[0].ID == before[0].ID {
		t.Errorf("then the user has %+v", after)
	}
	product.Clock.Advance(30 * time.Second)
	p.change(t, 422, shown(t, firstSecret, product.Clock.Now()), firstSecret)
	code := shown(t, secondSecret, product.Clock.Now())
	p.change(t, 204, " "+code[:3]+" "+code[3:], strings.ToLower(firstSecret))
}

// An app whose clock is half a minute wrong is as good; one that is a minute wrong is not.
func TestTheClockOfAnAppMayBeHalfAMinuteWrong(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	tenant := product.NewTenant(t)
	for wrong, status := range map[time.Duration]int{
		-time.Minute: 422, -30 * time.Second: 204, 30 * time.Second: 204, time.Minute: 422,
	} {
		p := newTOTPUser(t, product, tenant)
		p.change(t, status, shown(t, firstSecret, product.Clock.Now().Add(wrong)), secondSecret)
	}
}

// The code of a time step is good once (RFC 6238 §5.2), also if the new secret is the old one, and
// whoever else comes at the same time.
func TestATimeStepCountsOnce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	p := newTOTPUser(t, product, product.NewTenant(t))
	p.System.Must(t, 200, "GET", "/pools/"+p.pool, nil)
	code := shown(t, firstSecret, product.Clock.Now())
	var (
		calls   sync.WaitGroup
		changed atomic.Int64
	)
	for range 20 {
		calls.Go(func() {
			got := p.System.Call(t, "POST", p.path+"/totp/change", fields{"totp": code, "new_totp_secret": firstSecret})
			switch got.Status {
			case 204:
				changed.Add(1)
			case 422:
			default:
				t.Errorf("answered %d %s", got.Status, got.Body)
			}
		})
	}
	calls.Wait()
	if changed.Load() != 1 {
		t.Errorf("one code has changed the secret %d times", changed.Load())
	}
	product.Clock.Advance(25 * time.Hour) // the guesses are used up
	p.RenewTokens(t)
	p.change(t, 204, shown(t, firstSecret, product.Clock.Now().Add(30*time.Second)), firstSecret)
	p.change(t, 422, shown(t, firstSecret, product.Clock.Now()), firstSecret) // of an earlier step
}

// A step that was used stays used when a code that was mailed sets the same secret again.
func TestAResetForgetsNoTimeStep(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	p := newTOTPUser(t, product, product.NewTenant(t))
	code := shown(t, firstSecret, product.Clock.Now())
	p.change(t, 204, code, secondSecret)
	p.reset(t, 204, firstSecret)
	p.change(t, 422, code, secondSecret)
}

// At most 20 guesses a day are compared, a right one among them. 20 at once count like 20 in a row.
func TestGuessesAtAnAppAreLimited(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	tenant := product.NewTenant(t)
	p, other := newTOTPUser(t, product, tenant), newTOTPUser(t, product, tenant)
	now := func() time.Time { return product.Clock.Now() }
	p.change(t, 204, shown(t, firstSecret, now()), firstSecret)
	wrong := systemtest.WrongCode(shown(t, firstSecret, now()))
	var calls sync.WaitGroup
	for range 19 {
		calls.Go(func() {
			got := p.System.Call(t, "POST", p.path+"/totp/change", fields{"totp": wrong, "new_totp_secret": firstSecret})
			if got.Status != 422 || !strings.Contains(string(got.Body), "invalid_code") {
				t.Errorf("a wrong code is answered %d %s", got.Status, got.Body)
			}
		})
	}
	calls.Wait()
	product.Clock.Advance(30 * time.Second)
	p.change(t, 422, shown(t, firstSecret, now()), firstSecret) // no guess is left
	other.change(t, 204, shown(t, firstSecret, now()), firstSecret)
	product.Clock.Advance(24 * time.Hour)
	p.RenewTokens(t)
	p.change(t, 204, shown(t, firstSecret, now()), firstSecret)
}

// What is wrong otherwise is answered before a guess is spent.
func TestChangesOfASecretThatAreRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	tenant := product.NewTenant(t)
	p := newTOTPUser(t, product, tenant)
	code := shown(t, firstSecret, product.Clock.Now())
	for name, wrong := range map[string]string{
		"none": "", "short": strings.Repeat("A", 24), "long": strings.Repeat("A", 104), "no base32": strings.Repeat("1", 32),
		"half a letter": firstSecret + "A", "a line break": firstSecret[:16] + "\n" + firstSecret[16:], "endless": strings.Repeat("A ", 101),
	} {
		got := p.change(t, 422, code, wrong)
		if !strings.Contains(string(got.Body), `"/new_totp_secret"`) || wrong != "" && strings.Contains(string(got.Body), wrong) {
			t.Errorf("a secret that is %s is refused with %s", name, got.Body)
		}
	}
	if got := p.change(t, 422, "", secondSecret); !strings.Contains(string(got.Body), `"/totp"`) {
		t.Errorf("no code is refused with %s", got.Body)
	}
	p.change(t, 412, code, secondSecret, "If-Match", `"1"`)
	if spent := product.Stored(t, "MAILBOX#"+tenant.ID+"#totp."); len(spent) != 0 {
		t.Errorf("guesses are spent: %v", spent)
	}
	without := newPerson(t, product, tenant, nil)
	if got := without.change(t, 422, code, secondSecret); !strings.Contains(string(got.Body), `"/totp"`) {
		t.Errorf("without an app: %s", got.Body)
	}
	p.Admin.Must(t, 200, "PUT", p.path, fields{"status": "inactive"})
	if got := p.change(t, 422, code, secondSecret); !strings.Contains(string(got.Body), `"/status"`) {
		t.Errorf("while the user is inactive: %s", got.Body)
	}
	p.System.Must(t, 404, "POST", "/pools/"+p.pool+"/users/nobody/totp/change", fields{"totp": code, "new_totp_secret": secondSecret})
}

// Neither the secret nor the code is stored in a form that somebody who reads the table can use.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	p := newTOTPUser(t, product, tenant)
	bytes, _ := base32.StdEncoding.DecodeString(firstSecret)
	for _, it := range product.Stored(t, "USERS#"+tenant.ID) {
		for name, text := range it {
			if strings.Contains(text, firstSecret) || strings.Contains(text, string(bytes)) {
				t.Errorf("the attribute %s has the secret", name)
			}
		}
	}
	if len(product.Stored(t, "USERS#"+tenant.ID+"#"+p.pool)) != 1 {
		t.Error("the user was not looked at")
	}
}

// The same code is another guess in another time step, also under one idempotency key.
func TestARepeatedGuessAtAnAppIsCounted(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	product.Clock.Stop()
	p := newTOTPUser(t, product, product.NewTenant(t))
	now := product.Clock.Now()
	later := shown(t, firstSecret, now.Add(25*30*time.Second))
	for range 20 {
		p.change(t, 422, later, firstSecret, "Idempotency-Key", "a-key-of-more-than-32-characters-for-all")
	}
	product.Clock.Advance(25 * 30 * time.Second)
	p.change(t, 422, later, firstSecret, "Idempotency-Key", "a-key-of-more-than-32-characters-for-all")
}
