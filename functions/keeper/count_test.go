package keeper_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

const (
	inserted = events.DynamoDBOperationTypeInsert
	modified = events.DynamoDBOperationTypeModify
	removed  = events.DynamoDBOperationTypeRemove
)

// number returns how many users a pool says that it has.
func number(tb testing.TB, tenant *systemtest.Tenant, pool string) int {
	tb.Helper()
	got := tenant.Admin.Must(tb, 200, "GET", "/pools/"+pool, nil).Fields(tb)
	if got["number_of_users"] != got["number_of_standard_users"] || got["number_of_jit_users"] != 0.0 {
		tb.Errorf("counters: %v", got)
	}
	n, _ := got["number_of_users"].(float64)
	return int(n)
}

// usersOf returns the stored users of a pool.
func usersOf(tb testing.TB, product *systemtest.Product, tenant *systemtest.Tenant, pool string) []systemtest.Item {
	tb.Helper()
	return product.Stored(tb, "USERS#"+tenant.ID+"#"+pool)
}

func newUsers(tb testing.TB, tenant *systemtest.Tenant, pool string, n int) {
	tb.Helper()
	for range n {
		tenant.NewUser(tb, pool, "active", systemtest.Address("user"), nil)
	}
}

// A pool's number of users is right whatever the stream repeats, and however it cuts its records.
func TestUsersAreCountedOnce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool, other := tenant.NewPool(t, nil), tenant.NewPool(t, nil)
	newUsers(t, tenant, pool, 5)
	newUsers(t, tenant, other, 2)
	users := usersOf(t, product, tenant, pool)
	all := append(usersOf(t, product, tenant, other), users...)
	come := func() { product.Deliver(t, systemtest.StreamEvent(inserted, all...)) }
	check := func(when string, want int) {
		t.Helper()
		if n := number(t, tenant, pool); n != want {
			t.Errorf("%s: %d users, want %d", when, n, want)
		}
		if n := number(t, tenant, other); n != 2 {
			t.Errorf("%s: %d users in the other pool", when, n)
		}
	}
	product.Deliver(t, systemtest.StreamEvent(inserted, usersOf(t, product, tenant, other)...))
	if n := number(t, tenant, pool); n != 0 {
		t.Errorf("%d users before any was counted", n)
	}
	product.Deliver(t, systemtest.StreamEvent(inserted, users[:2]...))
	check("after a part", 2)
	come()
	check("after all of them, the part again among them", 5)
	come()
	check("after a repeat", 5)
	product.Deliver(t, systemtest.StreamEvent(modified, all...))
	check("after changes of users", 5)
	for _, u := range users[:2] {
		tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool+"/users/"+u["sk"], nil)
	}
	for range 2 {
		product.Deliver(t, systemtest.StreamEvent(removed, users[:2]...))
		check("after two went", 3)
	}
	come()
	check("after the first records once more", 3)
	for _, u := range users[2:] {
		tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool+"/users/"+u["sk"], nil)
	}
	product.Deliver(t, systemtest.StreamEvent(removed, users...))
	check("after all went", 0)
}

// The reader of the stream really counts.
func TestTheStreamCounts(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	newUsers(t, tenant, pool, 3)
	parttest.Until(t, "three users", func() bool { return number(t, tenant, pool) == 3 })
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool+"/users/"+usersOf(t, product, tenant, pool)[0]["sk"], nil)
	parttest.Until(t, "two users", func() bool { return number(t, tenant, pool) == 2 })
}

// A record that fails holds back what comes after it, and nothing that came before is counted twice when
// the rest comes again.
func TestARecordThatFailsHoldsBackTheRest(t *testing.T) {
	t.Parallel()
	var away systemtest.Interruption
	product := systemtest.New(t, withoutStream, systemtest.WithMiddleware(away.Watch))
	tenant := product.NewTenant(t)
	pool, doomed := tenant.NewPool(t, nil), tenant.NewPool(t, nil)
	newUsers(t, tenant, pool, 3)
	newUsers(t, tenant, doomed, 60)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+doomed, nil)
	users, deleted := usersOf(t, product, tenant, pool), product.Stored(t, "POOL#"+tenant.ID+"#"+doomed)
	event := systemtest.StreamEvent(inserted, users[:2]...)
	event.Records = append(event.Records, systemtest.StreamEvent(modified, deleted...).Records...)
	event.Records = append(event.Records, systemtest.StreamEvent(inserted, users[2]).Records...)
	for i := range event.Records {
		event.Records[i].Change.SequenceNumber = fmt.Sprint(i)
	}
	away.Set(func(parameters any) error {
		if listsUsers(parameters) {
			return errors.New("the table is away")
		}
		return nil
	})
	if failed := product.Stream(t.Context(), event); len(failed) != 1 {
		t.Fatalf("failed: %v", failed)
	}
	if n := number(t, tenant, pool); n != 2 {
		t.Errorf("%d users, want the two before the record that failed", n)
	}
	away.Set(func(any) error { return nil })
	rest := event
	rest.Records = event.Records[2:]
	product.Deliver(t, rest)
	product.Deliver(t, event) // Lambda may as well repeat all of it
	if n := number(t, tenant, pool); n != 3 {
		t.Errorf("%d users, want 3", n)
	}
	if left := usersOf(t, product, tenant, doomed); len(left) > 0 {
		t.Errorf("the deleted pool has %d users", len(left))
	}
}

// "Everything of a deleted pool goes in bounded steps", and its id is free afterwards.
func TestADeletedPoolLeavesNothing(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool, kept := tenant.NewPool(t, fields{"id": "doomed"}), tenant.NewPool(t, fields{"id": "doome"})
	newUsers(t, tenant, kept, 2)
	createUsers(t, product, tenant, pool)
	product.Deliver(t, systemtest.StreamEvent(inserted, usersOf(t, product, tenant, pool)...))
	before := len(ofPool(t, product, tenant, kept))

	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	left := usersOf(t, product, tenant, pool)
	if len(left) == 0 {
		t.Fatal("60 users went on the spot: the test is to be about those that the stream clears")
	}
	path := "/pools/" + pool + "/users"
	product.ExpireCaches()
	tenant.Admin.Must(t, 404, "GET", path+"/"+left[0]["sk"], nil)
	tenant.Admin.Must(t, 409, "POST", "/pools", fields{"id": pool, "name": "Again"})

	product.Deliver(t, systemtest.StreamEvent(modified, product.Stored(t, "POOL#"+tenant.ID+"#"+pool)...))
	for _, it := range ofPool(t, product, tenant, pool) {
		if it["sk"] != "NAME" && it.Kind() != "LIMIT" || it["ttl"] == "" { // what goes by itself in days
			t.Errorf("it leaves %s %s", it["pk"], it["sk"])
		}
	}
	if after := len(ofPool(t, product, tenant, kept)); after != before {
		t.Errorf("another pool had %d items and has %d", before, after)
	}
	again := tenant.Admin.Must(t, 201, "POST", "/pools", fields{"id": pool, "name": "Again"})
	if n := again.Fields(t)["number_of_users"]; n != 0.0 {
		t.Errorf("the new pool has %v users", n)
	}
	tenant.NewUser(t, pool, "active", "user-1@example.com", fields{"id": "user-1"})
	product.Deliver(t, systemtest.StreamEvent(modified, systemtest.Item{"pk": "POOL#" + tenant.ID + "#" + pool, "sk": "POOL", "deleted_at": "1"}))
	tenant.Admin.Must(t, 200, "GET", path+"/user-1", nil) // a late record of the old pool is no harm to the new one
}

// createUsers creates 60 users in a pool, with everything that is kept apart from users.
func createUsers(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant, pool string) {
	t.Helper()
	tenant.Admin.Must(t, 200, "PUT", "/pools/"+pool, fields{"name": "Doomed", "public_registration_allowed": true})
	for i := range 57 {
		email := fmt.Sprintf("user-%d@example.com", i)
		tenant.NewUser(t, pool, "active", email, fields{
			"id": fmt.Sprintf("user-%d", i), "verifiable_addresses": []fields{{"address": email, "type": "email", "verified": true, "status": "active"}},
		})
	}
	for i := range 3 {
		register(t, tenant, pool, systemtest.Address("new"))
		register(t, tenant, pool, fmt.Sprintf("user-%d@example.com", i)) // a registration and a notice
		tenant.System.Must(t, 201, "POST", fmt.Sprintf("/pools/%s/users/user-%d/code/generate", pool, i), fields{"type": "reset_password"})
	}
	product.DeliverAll(t)
	register(t, tenant, pool, systemtest.Address("late"))
	sorts := map[string]bool{}
	for _, it := range product.Stored(t, "USER#"+tenant.ID+"#"+pool) {
		kind, _, _ := strings.Cut(it["sk"], "#")
		if kind == "CODE" {
			kind = it["sk"]
		}
		sorts[kind] = true
	}
	if len(sorts) != 4 {
		t.Fatalf("the pool's users have only %v", sorts)
	}
}

// ofPool returns the items that have a pool's id in their key, and the messages that wait.
func ofPool(tb testing.TB, product *systemtest.Product, tenant *systemtest.Tenant, pool string) []systemtest.Item {
	tb.Helper()
	var found []systemtest.Item
	for _, it := range product.Items(tb) {
		if strings.Contains(it["pk"]+"#", "#"+tenant.ID+"#"+pool+"#") {
			found = append(found, it)
		}
	}
	return found
}

// The reader of the stream clears a large pool.
func TestTheStreamClearsADeletedPool(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	newUsers(t, tenant, pool, 60)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	parttest.Until(t, "a pool without items", func() bool {
		left := ofPool(t, product, tenant, pool)
		return len(left) == 1 && left[0]["sk"] == "NAME"
	})
}

// deletedPool returns the item of a pool that was deleted and is not purged.
func deletedPool(
	tb testing.TB, product *systemtest.Product, tenant *systemtest.Tenant, pool string,
) systemtest.Item {
	tb.Helper()
	for _, it := range product.Stored(tb, "POOL#"+tenant.ID+"#"+pool) {
		if it["sk"] == "POOL" {
			return it
		}
	}
	tb.Fatal("the pool is gone")
	return nil
}

// One record makes the keeper clear so much and no more, so that other records are handled. The stream
// then tells of the pool once more.
func TestALargePoolIsClearedInTurns(t *testing.T) {
	t.Parallel()
	var endless systemtest.Interruption
	product := systemtest.New(t, withoutStream, systemtest.WithMiddleware(endless.Watch))
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	newUsers(t, tenant, pool, 60)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	before, steps := deletedPool(t, product, tenant, pool), 0
	endless.Set(func(parameters any) error { // no user can be deleted: each has just changed
		if listsUsers(parameters) {
			steps++
		}
		if deletesUser(parameters) {
			return &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{
				{Code: aws.String("ConditionalCheckFailed")},
			}}
		}
		return nil
	})
	product.Deliver(t, systemtest.StreamEvent(modified, before))
	if steps < 2 || steps > 100 {
		t.Errorf("%d steps for one record", steps)
	}
	after := deletedPool(t, product, tenant, pool)
	if after["version"] == before["version"] || after["deleted_at"] != before["deleted_at"] {
		t.Errorf("the stream does not tell of it once more: %v, before %v", after, before)
	}
	endless.Set(func(any) error { return nil })
	product.Deliver(t, systemtest.StreamEvent(modified, after))
	if left := ofPool(t, product, tenant, pool); len(left) != 1 {
		t.Errorf("it leaves %v", left)
	}
}

// A process that believed in the pool for five seconds more has made a user: it goes when it is counted.
func TestAUserOfADeletedPoolGoes(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	now := identity.At(time.Now())
	late := identity.User{
		Tenant: tenant.ID, Pool: pool, ID: "late", Status: identity.StatusActive, CreatedAt: now, UpdatedAt: now, StatusUpdatedAt: now,
		Identifiers: []identity.Identifier{{ID: "i", Value: "late@example.com", Normalized: "late@example.com", Type: identity.TypeEmail}},
	}
	if err := product.Table.Users.Create(t.Context(), late, once.Reply[identity.User]{}); err != nil {
		t.Fatal(err)
	}
	event := systemtest.StreamEvent(inserted, usersOf(t, product, tenant, pool)...)
	for range 2 {
		product.Deliver(t, event)
	}
	for _, it := range ofPool(t, product, tenant, pool) {
		if it["sk"] != "NAME" {
			t.Errorf("it leaves %s %s", it["pk"], it["sk"])
		}
	}
	product.Deliver(t, systemtest.StreamEvent(removed, systemtest.Item{"pk": "USERS#" + tenant.ID + "#" + pool, "sk": "late"}))
}

// A deleted pool whose record of the stream was lost is purged by the keeper's clock, half an hour later.
func TestADeletedPoolIsLookedAfter(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	newUsers(t, tenant, pool, 60)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	before := deletedPool(t, product, tenant, pool)
	for _, c := range []struct {
		wait time.Duration
		told bool
	}{
		{0, false},
		{29 * time.Minute, false},
		{2 * time.Minute, true},
		{20 * time.Minute, false},
		{11 * time.Minute, true},
	} {
		product.Clock.Advance(c.wait)
		product.Tick(t)
		after := deletedPool(t, product, tenant, pool)
		if told := after["version"] != before["version"]; told != c.told {
			t.Errorf("after another %s the stream tells of the pool: %t", c.wait, told)
		}
		before = after
	}
	product.Deliver(t, systemtest.StreamEvent(modified, before))
	product.Clock.Advance(time.Hour)
	product.Tick(t)
	if left := ofPool(t, product, tenant, pool); len(left) != 1 {
		t.Errorf("it leaves %v", left)
	}
}
