package system_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
)

// manyChanges is how many changes of the table the pace must outlast.
const manyChanges = 100_000

// withoutPassword is the body of a registration, without its address.
const withoutPassword = `{"identifier":"%s"}`

// BenchmarkPace measures the product on a store on disk, as make run has it, while the store grows.
// The first part measures writes of the engine, also without what infra/local/database adds to the
// engine's file, where waiting for it takes less than minutes. The second part compares
// registrations on a new store with those on a store that has had 100,000 changes, in turns. On
// Linux both tell how much time of a processor the engine takes, which other programs hardly change.
func BenchmarkPace(b *testing.B) {
	b.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "") // each store has an engine of its own
	own := newStore(b, true)
	for _, changes := range []int64{1_500, 15_000} {
		own.measureWrites(b, "in the engine's own file", changes)
	}
	old := newStore(b, false)
	for _, changes := range []int64{1_500, 15_000, manyChanges} {
		old.measureWrites(b, "in make run's file", changes)
	}
	old.fill(b, manyChanges)
	for _, kind := range []struct{ name, body string }{
		{"without a password", withoutPassword},
		{"with a password", `{"identifier":"%s","password":"` + systemtest.Password + `"}`},
	} {
		for _, parallel := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("registrations %s, %d at a time", kind.name, parallel), func(b *testing.B) {
				compare(b, parallel, kind.body, newStore(b, false), old)
			})
		}
	}
}

// paceStore is a product on an engine of its own.
type paceStore struct {
	*systemtest.Product
	engine  *part.Part
	changes int64 // that fill has made
}

// newStore starts a product on a new store. If plain is true, the engine makes its file itself.
func newStore(b *testing.B, plain bool) *paceStore {
	b.Helper()
	file := filepath.Join(b.TempDir(), "engine.sqlite")
	if plain { // SQLite takes an empty file for a new one
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	engine, err := part.Engine(b.Context(), io.Discard, file)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(engine.Stop)
	product := systemtest.New(b, func(c *system.Config) { c.DynamoDBURL = engine.URL() })
	return &paceStore{Product: product, engine: engine}
}

// fill makes changes until it has made a number of them, and waits until they have been read.
func (s *paceStore) fill(b *testing.B, changes int64) {
	b.Helper()
	for ; s.changes < changes; s.changes += 4 {
		bareTransaction(b, s.Product, s.changes)
	}
	s.drain(b)
}

// drain registers somebody and waits for the mail, which is sent when all earlier changes have been
// read, and all earlier mails sent.
func (s *paceStore) drain(b *testing.B) {
	b.Helper()
	address := s.signUp(b, withoutPassword)()
	for len(s.Inbox.Mails(b, address)) == 0 {
		time.Sleep(100 * time.Millisecond)
	}
}

// measureWrites measures writes after a number of changes.
func (s *paceStore) measureWrites(b *testing.B, what string, changes int64) {
	b.Run(fmt.Sprintf("a write %s, after %d changes", what, changes), func(b *testing.B) {
		s.fill(b, changes)
		began := s.engineTime(b)
		for b.Loop() {
			if _, err := s.DB.PutItem(b.Context(), &dynamodb.PutItemInput{
				TableName: aws.String(s.TableName),
				Item: map[string]types.AttributeValue{
					"pk": &types.AttributeValueMemberS{Value: "BARE#" + systemtest.Unique()},
					"sk": &types.AttributeValueMemberS{Value: "BARE"},
				},
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64((s.engineTime(b)-began).Microseconds())/float64(b.N), "engine-µs/op")
	})
}

// signUp returns a function that registers somebody new in a new pool and returns the address.
func (s *paceStore) signUp(b *testing.B, body string) func() string {
	b.Helper()
	tenant := s.NewTenant(b)
	pool := tenant.NewPool(b, fields{"limits": fields{
		"source_submissions_per_hour": 1_000_000, "source_mailboxes_per_hour": 1_000_000,
		"pool_mails_per_hour": 1_000_000, "pool_mails_per_day": 1_000_000,
	}})
	return func() string {
		address := systemtest.Address("pace")
		got := tenant.Public.Call(
			b, "POST", "/pools/"+pool+"/register", fmt.Sprintf(body, address),
		)
		if got.Status != 201 {
			b.Errorf("answers %d %s", got.Status, got.Body)
		}
		return address
	}
}

// engineTime returns the processor's time that the engine has taken, or 0 on another system than
// Linux (proc_pid_stat(5), fields 14 and 15, in hundredths of a second).
func (s *paceStore) engineTime(b *testing.B) (sum time.Duration) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.engine.PID()))
	if err != nil {
		return 0
	}
	for _, field := range strings.Fields(string(text))[13:15] {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ticks) * 10 * time.Millisecond
	}
	return sum
}

// compare registers people in a new and an old store, in turns of some registrations each, and
// reports how many there were in a second, and how the old store compares with the new one.
func compare(b *testing.B, parallel int, body string, fresh, old *paceStore) {
	b.Helper()
	stores := []*paceStore{fresh, old}
	var signUps [2]func() string
	var took, engines [2]time.Duration
	for i, s := range stores {
		signUps[i], engines[i] = s.signUp(b, body), -s.engineTime(b)
	}
	done := 0
	for turn := 0; done < b.N; turn++ {
		calls := min(4*parallel, b.N-done)
		done += calls
		for i := range stores {
			i = (turn + i) % 2 // neither is always the first
			began := time.Now()
			inParallel(parallel, calls, signUps[i])
			took[i] += time.Since(began)
		}
	}
	for i, s := range stores {
		s.drain(b)
		engines[i] += s.engineTime(b)
	}
	b.ReportMetric(float64(done)/took[0].Seconds(), "fresh/s")
	b.ReportMetric(float64(done)/took[1].Seconds(), "old/s")
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "old:fresh")
	b.ReportMetric(engines[1].Seconds()/max(engines[0].Seconds(), 0.01), "engine-old:fresh")
	b.ReportMetric(0, "ns/op") // which would be of both together
}

// inParallel makes a number of calls, some at a time, and returns after the last one.
func inParallel(parallel, calls int, call func() string) {
	var left atomic.Int64
	left.Store(int64(calls))
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for left.Add(-1) >= 0 {
				_ = call()
			}
		})
	}
	workers.Wait()
}
