package main_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/identity"
)

// A created client gets tokens with its scopes, for the tree that was named or that follows from
// the scopes.
func TestCreatedClientsGetTokens(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	for _, test := range []struct {
		flags       []string
		tree, scope string
	}{
		{[]string{"--tree", "admin"}, "admin", "identity_admin"},
		{[]string{"--tree", "system"}, "system", "identity identity_self_registration"},
		{[]string{"--tree", "system", "--scopes", "identity"}, "system", "identity"},
		{[]string{"--scopes", "identity_admin"}, "admin", "identity_admin"},
		{[]string{"--scopes", "identity_self_registration, identity,identity"}, "system", "identity identity_self_registration"},
		{[]string{"--tree", "admin", "--id", "chosen", "--name", "Büro, 2. Stock"}, "admin", "identity_admin"},
	} {
		t.Run(strings.Join(test.flags, " "), func(t *testing.T) {
			t.Parallel()
			c := o.mustRun(t, "create", test.flags...)
			if c.Tree != test.tree || strings.Join(c.Scopes, " ") != test.scope ||
				c.Tenant != o.tenant || c.Secrets != 1 {
				t.Errorf("it is %+v", c)
			}
			named := slices.Contains(test.flags, "--id")
			if named && (c.ID != "chosen" || c.Name != "Büro, 2. Stock") || !named && len(c.ID) != 36 {
				t.Errorf("its id is %q, its name %q", c.ID, c.Name)
			}
			if status, scope := o.requestToken(t, c, c.Secret); status != 200 || scope != test.scope {
				t.Errorf("its token request is answered %d, scope %v", status, scope)
			}
		})
	}
}

func TestClientsThatCannotBe(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.mustRun(t, "create", "--tree", "admin", "--id", "taken")
	for _, test := range []struct {
		want  string
		flags []string
	}{
		{"tree: must be admin or system, unless the scopes decide it", nil},
		{"tree: must be admin or system", []string{"--tree", "public"}},
		{"scopes: must be of one tree: identity_admin of the admin tree\n", []string{"--tree", "admin", "--scopes", "identity"}},
		{"identity and identity_self_registration of the system tree", []string{"--tree", "system", "--scopes", "identity,identity_admin"}},
		{"of the admin tree, or identity and", []string{"--scopes", "identity_admin,identity"}},
		{"of the admin tree, or identity and", []string{"--scopes", "openid"}},
		{"id: must be 1 to 128 characters", []string{"--tree", "admin", "--id", "a#b"}},
		{"name: must be one line", []string{"--tree", "admin", "--name", "a\nb"}},
		{"name: must be one line", []string{"--tree", "admin", "--name", strings.Repeat("x", 101)}},
		{"a client with this id exists", []string{"--tree", "system", "--id", "taken"}},
		{"tenant: must be 1 to 128 characters", []string{"--tree", "admin", "--tenant", "a b"}},
	} {
		t.Run(strings.Join(test.flags, " "), func(t *testing.T) {
			t.Parallel()
			o.mustFail(t, test.want, "create", test.flags...)
		})
	}
	if status, _ := o.requestToken(t, printedClient{ID: "taken", Tree: "system"}, ""); status != 401 {
		t.Errorf("the client that was there is now answered %d", status)
	}
}

// A secret is rotated without an outage: first both secrets work, then only the newer one.
func TestASecretIsRotated(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	c := o.mustRun(t, "create", "--tree", "admin", "--name", "Console")
	o.mustFail(t, "only one secret", "retire", "--id", c.ID)
	rotated := o.mustRun(t, "rotate", "--id", c.ID)
	if rotated.Secrets != 2 || rotated.Name != "Console" || !rotated.CreatedAt.Equal(c.CreatedAt) {
		t.Errorf("it is %+v", rotated)
	}
	o.checkSecrets(t, c, map[string]bool{c.Secret: true, rotated.Secret: true})
	o.mustFail(t, "retire the old one first", "rotate", "--id", c.ID)
	if left := o.mustRun(t, "retire", "--id", c.ID); left.Secrets != 1 || left.Secret != "" {
		t.Errorf("it is %+v", left)
	}
	o.checkSecrets(t, c, map[string]bool{c.Secret: false, rotated.Secret: true})
	again := o.mustRun(t, "rotate", "--id", c.ID)
	o.checkSecrets(t, c, map[string]bool{c.Secret: false, rotated.Secret: true, again.Secret: true})
	if listed := o.mustRun(t, "list"); listed.Secrets != 2 || listed.Name != "Console" {
		t.Errorf("the list has %+v", listed)
	}
}

func TestARevokedClientGetsNoTokens(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	c, other := o.mustRun(t, "create", "--tree", "system"), o.mustRun(t, "create", "--tree", "system")
	got := o.runForTenant(t, "revoke", "--id", c.ID)
	if got.status != 0 || !strings.Contains(got.out, "for at most an hour") {
		t.Errorf("it ends with %d, %q and %q", got.status, got.out, got.err)
	}
	o.checkSecrets(t, c, map[string]bool{c.Secret: false})
	o.checkSecrets(t, other, map[string]bool{other.Secret: true})
	if listed := o.mustRun(t, "list"); listed.ID != other.ID {
		t.Errorf("the list has %s", listed.ID)
	}
	for _, command := range []string{"revoke", "rotate", "retire"} {
		o.mustFail(t, `no client "`+c.ID+`"`, command, "--id", c.ID)
		o.mustFail(t, `no client "`+other.ID+`"`, command, "--id", other.ID, "--tenant", "another")
		o.mustFail(t, "id: must be 1 to 128 characters", command, "--id", "a/b")
	}
}

// A list is read in pages and is complete. It has each client once, in the order of the ids, and no
// clients of other tenants.
func TestListsGoOverPages(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	const many = 205 // more than two pages
	for i := range many {
		c := access.Client{Tenant: o.tenant, ID: fmt.Sprintf("c-%03d", i), Caller: access.System, Scopes: []string{"identity"}}
		if err := o.product.Table.Clients.Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.product.Table.Clients.Create(t.Context(), access.Client{Tenant: o.tenant + "x", ID: "foreign"}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(o.runForTenant(t, "list").out, "\n"), "\n")
	if len(lines) != many+1 || !strings.HasPrefix(lines[0], "ID ") {
		t.Fatalf("there are %d lines, the first is %q", len(lines), lines[0])
	}
	for i, line := range lines[1:] {
		if !strings.HasPrefix(line, fmt.Sprintf("c-%03d ", i)) {
			t.Errorf("line %d is %q", i, line)
		}
	}
	page, more, err := o.product.Table.Clients.List(t.Context(), o.tenant, "c-003", 2)
	if err != nil || !more || len(page) != 2 || page[0].ID != "c-004" || page[1].ID != "c-005" {
		t.Errorf("a page after c-003 is %+v, more %t, error %v", page, more, err)
	}
	rest, more, err := o.product.Table.Clients.List(t.Context(), o.tenant, "c-199", 10)
	if err != nil || more || len(rest) != 5 {
		t.Errorf("the last page has %d, more %t, error %v", len(rest), more, err)
	}
}

// If several operators rotate a secret at the same time, one of them succeeds and the others get an
// error. The client then has one new secret, which is that of the successful rotation.
func TestTwoRotationsAtOnceAreOne(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	c := o.mustRun(t, "create", "--tree", "admin")
	old, err := o.product.Table.Clients.Get(t.Context(), o.tenant, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	secrets, errs := make([]string, 4), make([]error, 4)
	var group sync.WaitGroup
	for i := range secrets {
		group.Go(func() { // each has read the client before any of them writes
			secret, hashed, err := access.NewSecret(rand.Reader)
			if err != nil {
				t.Error(err)
			}
			rotated, err := old.WithSecret(hashed)
			if err != nil {
				t.Error(err)
			}
			secrets[i], errs[i] = secret, o.product.Table.Clients.Replace(t.Context(), old, rotated)
		})
	}
	group.Wait()
	won := map[string]bool{c.Secret: true}
	wins := 0
	for i, err := range errs {
		won[secrets[i]] = err == nil
		if err == nil {
			wins++
		} else if !errors.As(err, new(identity.PreconditionFailed)) {
			t.Errorf("a rotation ends with %v", err)
		}
	}
	if wins != 1 {
		t.Errorf("%d rotations win", wins)
	}
	o.checkSecrets(t, c, won)
}

// Another operator changes the client after the command has read it and before it writes.
func TestACommandThatComesTooLate(t *testing.T) {
	t.Parallel()
	var between atomic.Pointer[func()]
	o := newOperator(t, systemtest.WithMiddleware(func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("between", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			if _, writes := in.Parameters.(*dynamodb.PutItemInput); writes {
				if act := between.Swap(nil); act != nil {
					(*act)()
				}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}))
	c := o.mustRun(t, "create", "--tree", "admin")
	var faster printedClient
	before := func(act func()) { between.Store(&act) }
	before(func() { faster = o.mustRun(t, "rotate", "--id", c.ID) })
	o.mustFail(t, "somebody else changed the client at the same time", "rotate", "--id", c.ID)
	o.checkSecrets(t, c, map[string]bool{c.Secret: true, faster.Secret: true})
	before(func() { o.mustRun(t, "retire", "--id", c.ID) })
	// The same change made twice at once leads to the result that both want.
	if left := o.mustRun(t, "retire", "--id", c.ID); left.Secrets != 1 {
		t.Errorf("it is %+v", left)
	}
	o.checkSecrets(t, c, map[string]bool{c.Secret: false, faster.Secret: true})
	before(func() { o.runForTenant(t, "revoke", "--id", c.ID) })
	o.mustFail(t, "no client", "rotate", "--id", c.ID)
	o.checkSecrets(t, c, map[string]bool{faster.Secret: false})
}

// The SDK repeats a write whose answer was lost. It is no conflict that the change is already made.
func TestChangesAreSafeToRepeat(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	c := o.mustRun(t, "create", "--tree", "admin")
	old, err := o.product.Table.Clients.Get(t.Context(), o.tenant, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := old.WithSecret(access.HashSecret("second"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := o.product.Table.Clients.Replace(t.Context(), old, changed); err != nil {
			t.Errorf("error is %v", err)
		}
	}
	if err := o.product.Table.Clients.Delete(t.Context(), o.tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.product.Table.Clients.Replace(t.Context(), changed, old); !errors.As(err, new(identity.NotFound)) {
		t.Errorf("a change of a deleted client: %v", err)
	}
}
