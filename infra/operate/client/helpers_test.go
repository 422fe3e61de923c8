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
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// TestMain runs the command instead of the tests if a test started this binary for that.
func TestMain(m *testing.M) {
	if os.Getenv("AS_CLIENT") != "" {
		os.Exit(client.Run(context.Background(), os.Args[1:], client.Process{
			Open: client.Open, Now: time.Now, Rand: rand.Reader, Out: os.Stdout, Err: os.Stderr,
		}))
	}
	os.Exit(parttest.Main(m))
}

// An operator runs the command for the table of a product.
type operator struct {
	product *systemtest.Product
	tenant  string
}

func newOperator(t *testing.T, options ...func(*system.Config)) operator {
	t.Helper()
	options = append(options, func(c *system.Config) { c.Quiet = true })
	return operator{systemtest.New(t, options...), "t-" + systemtest.Unique()}
}

type result struct {
	status   int
	out, err string
}

// runForTenant runs a command for the operator's tenant.
func (o operator) runForTenant(t *testing.T, command string, flags ...string) result {
	t.Helper()
	return o.run(t, append([]string{command, "--tenant", o.tenant}, flags...)...)
}

func (o operator) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	open := func(context.Context, client.TableLocation) (*table.Table, error) {
		return table.Open(o.product.DB, o.product.TableName, o.product.Clock.Now, retry.Random()), nil
	}
	status := client.Run(t.Context(), args, client.Process{
		Open: open, Now: o.product.Clock.Now, Rand: rand.Reader, Out: &out, Err: &err,
	})
	return result{status, out.String(), err.String()}
}

// A printedClient is a client in the JSON output.
type printedClient struct {
	Tenant, ID, Tree, Name, Secret string
	Scopes                         []string
	Secrets                        int
	CreatedAt                      time.Time `json:"created_at"`
}

// mustRun runs a command that must succeed, and returns the client that it prints.
func (o operator) mustRun(t *testing.T, command string, flags ...string) printedClient {
	t.Helper()
	got := o.runForTenant(t, command, append(flags, "--output", "json")...)
	var s printedClient
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

// mustFail runs a command that must fail with a sentence that contains want.
func (o operator) mustFail(t *testing.T, want, command string, flags ...string) {
	t.Helper()
	got := o.runForTenant(t, command, flags...)
	if got.status != 1 || got.out != "" || !strings.Contains(got.err, want) ||
		strings.Count(got.err, "\n") != 1 {
		t.Errorf("%s %v ends with %d, %q and %q, want a sentence with %q",
			command, flags, got.status, got.out, got.err, want)
	}
}

// requestToken requests a token from the product, and returns the status and the token's scope.
func (o operator) requestToken(t *testing.T, c printedClient, secret string) (status int, scope any) {
	t.Helper()
	target := o.product.BaseURL + "/" + o.tenant + "/" + c.Tree + "/oauth2/token"
	form := strings.NewReader("grant_type=client_credentials")
	r, err := http.NewRequestWithContext(t.Context(), "POST", target, form)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(c.ID, secret)
	got := systemtest.Send(t, r)
	return got.Status, got.Fields(t)["scope"]
}

// checkSecrets checks for each secret whether it gets a token.
func (o operator) checkSecrets(t *testing.T, c printedClient, secrets map[string]bool) {
	t.Helper()
	for secret, good := range secrets {
		want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[good]
		if status, _ := o.requestToken(t, c, secret); status != want {
			t.Errorf("a secret is answered %d, want %d", status, want)
		}
	}
}
