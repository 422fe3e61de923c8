package main_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/gateway"
	"identitypools/infra/local/running"
	"identitypools/infra/local/system"
)

// The product of make run passes. What only AWS does is skipped, by name.
func TestTheLocalProduct(t *testing.T) {
	o := newOperator(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir(".local", 0o700); err != nil {
		t.Fatal(err)
	}
	described := running.Product{
		BaseURL: o.product.BaseURL, Tenant: o.tenant.ID, Clients: map[string]running.Client{},
	}
	for tree, c := range o.tenant.Trees() {
		described.Clients[tree] = running.Client{ID: c.ID, Secret: c.Secret}
	}
	if err := described.Write(filepath.Join(".local", "run.json")); err != nil {
		t.Fatal(err)
	}
	got := o.check(t.Context(), io.Discard, "-local")
	if got.status != 0 || len(got.lines("FAIL")) > 0 {
		t.Errorf("it ends with %d and\n%s%s", got.status, got.out, got.err)
	}
	checkLines(t, got.lines("skip"), []string{
		"mail to the recipient: no -recipient was given",
		"gateway: An origin that the deployment does not name gets no headers of CORS: a laptop accepts pages of every",
		"a mail is sent, and its bounce comes back: the local inbox takes every mail",
		"gateway: Requests above the rate of a route are answered 429: a laptop has no rates",
	})
	for _, route := range functions.Routes() {
		if !strings.Contains(got.out, "ok    "+route.Name+"\n") {
			t.Errorf("the route %s is not checked", route.Name)
		}
	}
	for _, fact := range gateway.Facts() {
		if fact.Ask.Function == "" && !strings.Contains(got.out, strings.TrimSuffix(fact.What, ".")) {
			t.Errorf("it says nothing about: %s", fact.What)
		}
	}
	o.checkNothingIsLeft(t)
}

// checkLines fails the test unless lines begin as wanted, in this order.
func checkLines(t *testing.T, lines, want []string) {
	t.Helper()
	if len(lines) != len(want) {
		t.Errorf("%d lines, want %d: %q", len(lines), len(want), lines)
		return
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("the line %q does not begin with %q", line, want[i])
		}
	}
}

// A deployment passes.
func TestADeployment(t *testing.T) {
	t.Parallel()
	const origin = "https://pages.example.org"
	front := newFront(t)
	o := newOperator(t, func(c *system.Config) {
		c.Environment["PUBLIC_URL"], c.Environment["SIGN_UP_ORIGINS"] = front.URL, origin
	})
	o.patience = testPatience
	front.serve(t, o)
	recipient := systemtest.Address("me")
	flags := o.flags(t, front.URL, "-origin", origin, "-recipient", recipient, "-public-rate", "5")
	got := o.check(t.Context(), io.Discard, flags...)
	if got.status != 0 || len(got.lines("FAIL"))+len(got.lines("skip")) > 0 {
		t.Errorf("it ends with %d and\n%s%s", got.status, got.out, got.err)
	}
	checkLines(t, got.lines("look"), []string{
		"mail to the recipient: A mail with a code should reach " + recipient + " within a minute.",
	})
	if mails := o.product.Inbox.Await(t, recipient, 1); systemtest.CodeIn(t, mails[0]) == "" {
		t.Error("the recipient got no code")
	}
	o.checkNothingIsLeft(t)
}

// What is wrong with a deployment is said, with what to look at.
func TestWhatIsWrong(t *testing.T) {
	t.Parallel()
	const noBounce = "a mail is sent, and its bounce comes back: No bounce is known after 50ms."
	for name, c := range map[string]struct {
		option func(*system.Config)
		flags  []string
		want   []string // how the lines begin that report failures
		in     string   // a part of the first of them
	}{
		"a function lacks a permission": {
			option: systemtest.WithMiddleware(denyIndex),
			want: []string{
				"admin.listSchemas: It answers 50", "admin.listPools", "system.listSchemas", "system.listPools",
				"admin.listAuthorizationServers", "admin.listIDPsForIdentityPool", "admin.listClients",
				"client.userinfo", "public.preflight",
				"gateway: Every answer has the id", "gateway: A function gets the query", noBounce,
			},
			in: "in the log of the function schemas. If a call to AWS was denied there, compare its role",
		},
		"another address": {
			option: func(c *system.Config) { c.Environment["PUBLIC_URL"] = "https://id.example.com" },
			want: []string{
				"client.adminDiscovery", "client.adminMetadata", "client.systemDiscovery", "client.systemMetadata",
				"client.discovery", noBounce,
			},
			in: `"issuer":"https://id.example.com/`,
		},
		"an origin, a rate and bounces that AWS does not know": {
			flags: []string{"-public-rate", "5", "-origin", gateway.Origin},
			want: []string{
				"gateway: An origin that the deployment does not name gets no headers of CORS: " +
					`The header Access-Control-`, noBounce,
				"gateway: Requests above the rate of a route are answered 429: Of 50 requests at once none is refused: " +
					"the answers by status are map[200:50].",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var options []func(*system.Config)
			if c.option != nil {
				options = append(options, c.option)
			}
			o := newOperator(t, options...)
			got := o.check(t.Context(), io.Discard, o.flags(t, o.product.BaseURL, c.flags...)...)
			failed := got.lines("FAIL")
			checkLines(t, failed, c.want)
			if got.status != 1 || len(failed) == 0 || !strings.Contains(failed[0], c.in) {
				t.Errorf("it ends with %d and\n%s%s", got.status, got.out, got.err)
			}
			if !strings.Contains(got.out, "ok    nothing is left behind") {
				t.Errorf("it leaves something behind:\n%s", got.out)
			}
		})
	}
}

// denyIndex is a middleware that refuses to read the index, as IAM does.
func denyIndex(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("deny", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if q, ok := in.Parameters.(*dynamodb.QueryInput); ok && q.IndexName != nil {
			return middleware.InitializeOutput{}, middleware.Metadata{},
				&smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform: dynamodb:Query"}
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// If a client gets no token, nothing else is checked. If nothing can be made, the rest is skipped.
func TestAVitalStepThatFails(t *testing.T) {
	t.Parallel()
	o := newOperator(t, func(c *system.Config) { c.Quiet = true })
	secret := o.tenant.Admin.Secret
	o.tenant.Admin.Secret = "another"
	got := o.check(t.Context(), io.Discard, o.flags(t, o.product.BaseURL)...)
	checkLines(t, got.lines("FAIL"), []string{"client.adminToken: It answers 401"})
	checkLines(t, got.lines("skip"), []string{"7 further routes: they need what client.adminToken should have made"})
	if got.status != 1 || len(got.lines("ok")) > 0 {
		t.Errorf("it ends with %d and\n%s", got.status, got.out)
	}
	o.tenant.Admin.Secret = secret
	o.tenant.Admin.Must(t, 201, "POST", "/schemas",
		systemtest.Fields{"id": "smoke-" + o.run, "name": "s", "schema": systemtest.Fields{"type": "object"}})
	got = o.check(t.Context(), io.Discard, o.flags(t, o.product.BaseURL)...)
	checkLines(t, got.lines("FAIL"), []string{"admin.createSchema: It answers 409"})
	checkLines(t, got.lines("skip"), []string{"5 further routes: they need what admin.createSchema should have made"})
}

// Who stops the command leaves nothing behind.
func TestAStoppedRun(t *testing.T) {
	t.Parallel()
	o := newOperator(t, func(c *system.Config) { c.Quiet = true })
	ctx, stop := context.WithCancel(t.Context())
	got := o.check(ctx, stopAt{"admin.createUser", stop}, o.flags(t, o.product.BaseURL)...)
	if got.status != 1 || !strings.Contains(got.out, "FAIL  all checks: they were stopped before the end") ||
		!strings.Contains(got.out, "ok    nothing is left behind") || strings.Contains(got.out, "public.") {
		t.Errorf("it ends with %d and\n%s", got.status, got.out)
	}
	o.checkNothingIsLeft(t)
}

// stopAt stops a run at a line of its output.
type stopAt struct {
	text string
	stop func()
}

func (s stopAt) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(s.text)) {
		s.stop()
	}
	return len(line), nil
}
