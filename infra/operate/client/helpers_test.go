package main_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	client "identitypools/infra/operate/client"
	"identitypools/shared/table"
)

// TestMain is the command itself where a test starts this binary so.
func TestMain(m *testing.M) {
	if os.Getenv("AS_CLIENT") != "" {
		os.Exit(client.Run(context.Background(), os.Args[1:], client.Process{Open: client.Open, Now: time.Now, Rand: rand.Reader, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(parttest.Main(m))
}

// operator calls the command for the table of a product.
type operator struct {
	product *systemtest.Product
	tenant  string
}

func newOperator(t *testing.T, options ...func(*system.Config)) operator {
	t.Helper()
	options = append(options, func(c *system.Config) { c.NoCourier = true })
	return operator{systemtest.New(t, options...), "t-" + systemtest.Unique()}
}

type result struct {
	status   int
	out, err string
}

// call runs a command for the operator's tenant.
func (o operator) call(t *testing.T, command string, flags ...string) result {
	t.Helper()
	return o.run(t, append([]string{command, "--tenant", o.tenant}, flags...)...)
}

func (o operator) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	open := func(context.Context, client.Place) (*table.Table, error) {
		return table.OpenWhole(o.product.DB, o.product.TableName, o.product.Clock.Now), nil
	}
	status := client.Run(t.Context(), args, client.Process{Open: open, Now: o.product.Clock.Now, Rand: rand.Reader, Out: &out, Err: &err})
	return result{status, out.String(), err.String()}
}

// shown is a client as --output json has it.
type shown struct {
	Tenant, ID, Tree, Name, Secret string
	Scopes                         []string
	Secrets                        int
	CreatedAt                      time.Time `json:"created_at"`
}

// must is call where anything but success fails the test; it is the client that is printed.
func (o operator) must(t *testing.T, command string, flags ...string) shown {
	t.Helper()
	got := o.call(t, command, append(flags, "--output", "json")...)
	var s shown
	if got.status != 0 {
		t.Fatalf("%s %v ends with %d: %s", command, flags, got.status, got.err)
	}
	if err := json.Unmarshal([]byte(got.out), &s); err != nil {
		t.Fatalf("%s %v prints %q", command, flags, got.out)
	}
	if s.Secret != "" && strings.Contains(got.err, s.Secret) {
		t.Errorf("%s writes the secret where logs go", command)
	}
	return s
}

// refused is call where success, or a sentence without want, fails the test.
func (o operator) refused(t *testing.T, want, command string, flags ...string) {
	t.Helper()
	got := o.call(t, command, flags...)
	if got.status != 1 || got.out != "" || !strings.Contains(got.err, want) || strings.Count(got.err, "\n") != 1 {
		t.Errorf("%s %v ends with %d, %q and %q, want a sentence with %q", command, flags, got.status, got.out, got.err, want)
	}
}

// token asks the product for a token, and for its scope.
func (o operator) token(t *testing.T, c shown, secret string) (status int, scope any) {
	t.Helper()
	target := o.product.BaseURL + "/" + o.tenant + "/" + c.Tree + "/oauth2/token"
	r, err := http.NewRequestWithContext(t.Context(), "POST", target, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(c.ID, secret)
	got := systemtest.Send(t, r)
	return got.Status, got.Fields(t)["scope"]
}

// proves fails the test unless each secret gets a token, or is refused, as it says.
func (o operator) proves(t *testing.T, c shown, secrets map[string]bool) {
	t.Helper()
	for secret, good := range secrets {
		want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[good]
		if status, _ := o.token(t, c, secret); status != want {
			t.Errorf("a secret is answered %d, want %d", status, want)
		}
	}
}
