package courier_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// newProductAtEight returns a product whose courier the test calls, and a tenant. It is a minute
// past eight.
func newProductAtEight(t *testing.T, changes ...func(*system.Config)) (*systemtest.Product, *systemtest.Tenant) {
	t.Helper()
	product := systemtest.New(t, append(changes, withoutStream)...)
	return product, product.NewTenant(t)
}

// budget returns the settings of a pool with a budget of so many mails an hour.
func budget(hour int) fields {
	return fields{"limits": fields{"pool_mails_per_hour": hour, "source_mailboxes_per_hour": 1000}}
}

// strangers registers so many new addresses in a pool, and makes the courier handle the outbox after
// each.
func strangers(tb testing.TB, product *systemtest.Product, tenant *systemtest.Tenant, pool string, n int) (addresses []string) {
	tb.Helper()
	for range n {
		address := systemtest.Address("kim")
		register(tb, tenant, pool, address)
		addresses = append(addresses, address)
		product.Deliver(tb, product.OutboxEvent(tb))
	}
	return addresses
}

// mailed returns how many mails each address has got.
func mailed(tb testing.TB, product *systemtest.Product, addresses []string) (counts []int) {
	tb.Helper()
	for _, address := range addresses {
		counts = append(counts, len(product.Inbox.Mails(tb, address)))
	}
	return counts
}

func total(counts []int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// Who registers while the budget is spent gets the mail in the hour that has a place for it, in the order in which people came, and its link
// activates.
func TestMailsAboveTheBudgetComeLater(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	pool := tenant.NewPool(t, budget(4))
	people := strangers(t, product, tenant, pool, 5)
	for hour, want := range [][]int{{1, 1, 0, 0, 0}, {1, 1, 1, 1, 0}, {1, 1, 1, 1, 1}} {
		for range 3 {
			product.Deliver(t, product.OutboxEvent(t)) // as a replay would
			product.Tick(t)
		}
		if got := mailed(t, product, people); !slices.Equal(got, want) {
			t.Errorf("after %d hours they have got %v mails, want %v", hour, got, want)
		}
		product.Clock.Advance(time.Hour)
	}
	if left := product.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("still in the outbox: %v", left)
	}
	for _, address := range people {
		activate(t, tenant, pool, 201, product.Inbox.Mails(t, address)[0])
	}
}

// The day has a budget too: what is above it comes after midnight, while it is valid.
func TestMailsAboveTheBudgetOfTheDayComeTheNextDay(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	pool := tenant.NewPool(t, fields{"limits": fields{"pool_mails_per_hour": 10, "pool_mails_per_day": 4}})
	people := strangers(t, product, tenant, pool, 5)
	product.Clock.Advance(15*time.Hour + 58*time.Minute) // a minute to midnight
	product.Tick(t)
	if got := mailed(t, product, people); !slices.Equal(got, []int{1, 1, 0, 0, 0}) {
		t.Errorf("before midnight: %v", got)
	}
	product.Clock.Advance(time.Minute)
	product.Tick(t)
	if got := mailed(t, product, people); !slices.Equal(got, []int{1, 1, 1, 1, 0}) {
		t.Errorf("after midnight: %v", got)
	}
	product.Deliver(t, product.OutboxEvent(t))
	if left := len(product.Stored(t, "MESSAGE#")); left != 0 { // no place while it is valid: a place that nobody waits for is not kept
		t.Errorf("%d messages are left that have no place while they are valid", left)
	}
}

// A message that waits kills no code that its receiver has.
func TestADelayedMailLeavesTheCodeBefore(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	pool := tenant.NewPool(t, budget(4))
	path, ann := "/pools/"+pool, systemtest.Address("ann")
	ticket := tenant.Public.Must(t, 201, "POST", path+"/register?code_type_in_message=link", fields{
		"identifier": ann, "password": systemtest.Password,
	}).Text(t, "ticket")
	product.Deliver(t, product.OutboxEvent(t))
	strangers(t, product, tenant, pool, 2)
	product.Clock.Advance(2 * time.Minute)
	tenant.Public.Must(t, 202, "POST", path+"/activation/send?code_type_in_message=link", fields{
		"ticket": ticket, // of the registration of that code
	})
	product.Deliver(t, product.OutboxEvent(t))
	activate(t, tenant, pool, 201, mailsTo(t, product, ann, 1)[0])
}

// Neither what administrators ask for nor what owners of addresses are told waits for the mails that strangers cause.
func TestWhoseMailsDoNotWait(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	pool := tenant.NewPool(t, budget(4))
	users := "/pools/" + pool + "/users/"
	owner, guest, known := systemtest.Address("owner"), systemtest.Address("guest"), systemtest.Address("known")
	tenant.NewUser(t, pool, "active", owner, nil)
	late := strangers(t, product, tenant, pool, 6)[2:]
	if got := total(mailed(t, product, late)); got != 0 {
		t.Fatalf("%d mails above the budget", got)
	}
	register(t, tenant, pool, owner)
	invited := tenant.NewUser(t, pool, "new", guest, nil)
	tenant.Admin.Must(t, 204, "POST", users+invited+"/activation/send?mode=invitation", nil)
	set := tenant.NewUser(t, pool, "new", known, nil)
	code := tenant.System.Must(t, 201, "POST", users+set+"/code/generate", fields{"type": "activation"}).Text(t, "code")
	tenant.System.Must(t, 201, "POST", users+set+"/activate", fields{"code": code, "password": systemtest.Password})
	product.Deliver(t, product.OutboxEvent(t))
	for what, address := range map[string]string{"a notice that an address is taken": owner, "an invitation": guest, "a notice of a password": known} {
		if n := len(product.Inbox.Mails(t, address)); n != 1 {
			t.Errorf("%s: %d mails", what, n)
		}
	}
	// A back end may use the other half, and then waits too.
	for i, want := range []int{1, 1, 0} {
		address := systemtest.Address("ben")
		tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/register", fields{"identifier": address})
		product.Deliver(t, product.OutboxEvent(t))
		if n := len(product.Inbox.Mails(t, address)); n != want {
			t.Errorf("registration %d of a back end: %d mails, want %d", i, n, want)
		}
	}
	product.Clock.Advance(24 * time.Hour)
	product.Tick(t)
	if left := product.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("still in the outbox: %v", left)
	}
}

// How many mails a pool has left does not tell who is registered: a notice to an owner takes the place that a mail to nobody would have taken.
func TestTheBudgetDoesNotTellWhoIsRegistered(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	var places [2][]int
	for i, status := range []string{"", "active"} {
		pool, probed := tenant.NewPool(t, budget(4)), systemtest.Address("ann")
		if status != "" {
			tenant.NewUser(t, pool, status, probed, nil)
		}
		before := strangers(t, product, tenant, pool, 1)
		register(t, tenant, pool, probed)
		product.Deliver(t, product.OutboxEvent(t))
		after := strangers(t, product, tenant, pool, 2)
		places[i] = mailed(t, product, append(before, after...))
		product.Clock.Advance(time.Hour)
		tenant.RenewTokens(t)
		product.Tick(t)
		places[i] = append(places[i], mailed(t, product, after)...)
	}
	if !slices.Equal(places[0], places[1]) {
		t.Errorf("a stranger's own mails: %v where the address is nobody's, %v where it is an owner's", places[0], places[1])
	}
}

// However many couriers work at once, no hour has more mails than its budget.
func TestParallelMailsKeepToTheBudget(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	pool := tenant.NewPool(t, budget(14)) // strangers may use half of it
	var people []string
	for range 20 {
		people = append(people, systemtest.Address("kim"))
		register(t, tenant, pool, people[len(people)-1])
	}
	for hour, most := range []int{7, 14, 20} {
		var all sync.WaitGroup
		for _, message := range product.Stored(t, "MESSAGE#") {
			all.Go(func() {
				for range 2 {
					product.Deliver(t, systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, message))
				}
			})
		}
		all.Wait()
		product.Tick(t)
		if sent := total(mailed(t, product, people)); sent != most {
			t.Errorf("%d mails after %d hours, want %d", sent, hour, most)
		}
		product.Clock.Advance(time.Hour)
	}
}

// What waits in one pool does not keep back what waits in another.
func TestABacklogStarvesNoOtherPool(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	flooded, quiet := tenant.NewPool(t, budget(40)), tenant.NewPool(t, budget(2))
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			for range 22 {
				tenant.Public.Must(t, 201, "POST", "/pools/"+flooded+"/register",
					fields{"identifier": systemtest.Address("bot")}) // without a password, which takes time to hash
			}
		})
	}
	wait.Wait()
	product.Deliver(t, product.OutboxEvent(t))
	if waiting := len(product.Stored(t, "MESSAGE#")); waiting != 200 {
		t.Fatalf("%d messages wait", waiting)
	}
	people := strangers(t, product, tenant, quiet, 2)
	product.Clock.Advance(time.Hour)
	due, err := product.Keeper.Later.Due(t.Context(), product.Clock.Now(), 1000)
	if err != nil || len(due) != 21 {
		t.Errorf("%d messages are due an hour later, want the 20 of the budget and one: %v", len(due), err)
	}
	first, err := product.Keeper.Later.Due(t.Context(), product.Clock.Now(), 2)
	if err != nil || len(first) != 2 || !strings.Contains(fmt.Sprint(first), waitingFor(t, product, quiet)) {
		t.Errorf("the other pool's message is not among the first two: %v, %v", first, err)
	}
	product.Tick(t)
	if got := mailed(t, product, people); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("the people of the other pool have got %v mails", got)
	}
}

// waitingFor returns the id of the only message of a pool that waits.
func waitingFor(tb testing.TB, product *systemtest.Product, pool string) string {
	tb.Helper()
	for _, it := range product.Stored(tb, "MESSAGE#") {
		var m struct{ ID, Pool string }
		if err := json.Unmarshal([]byte(it["doc"]), &m); err != nil {
			tb.Fatal(err)
		}
		if m.Pool == pool {
			return m.ID
		}
	}
	tb.Fatal(fmt.Errorf("no message of pool %s waits", pool))
	return ""
}

// A delayed message that fails when it is due stays with the queue, which passes it to the courier again.
func TestADelayedMessageThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product, tenant := newProductAtEight(t, ses.Option)
	pool := tenant.NewPool(t, budget(2))
	people := strangers(t, product, tenant, pool, 2)
	product.Clock.Advance(time.Hour)
	ses.SetFault(systemtest.HangUp)
	product.Tick(t)
	ses.ClearFault()
	due, err := product.Keeper.Later.Due(t.Context(), product.Clock.Now().Add(time.Hour), 10)
	if err != nil || len(due) > 0 {
		t.Errorf("the index has a message that the queue has, too: %v, %v", due, err)
	}
	product.DeliverAll(t) // as the queue does
	if got := mailed(t, product, people); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("then: %v", got)
	}
}
