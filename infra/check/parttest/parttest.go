// Package parttest provides tests with the programs that stand in for AWS: one DynamoDB engine in
// memory, one queue and one SES inbox. Each test binary has its own. A part is started when a test first
// asks for it and is stopped by [Main]. Only tests import the package.
//
// All tests of a binary share the parts and run in parallel. Each test uses a tenant, a table
// or an address of its own, and no test clears anything. Binaries share nothing, so packages and
// checkouts do not disturb each other.
package parttest

import (
	"context"
	"os"
	"sync"
	"testing"

	"identitypools/infra/local/part"
)

// The parts outlive the test that starts them, and package testing has no place for what
// belongs to a whole binary. These variables are the exception to the rule against package
// variables.
var (
	engine = newShared(func(ctx context.Context) (*part.Part, error) {
		return part.Engine(ctx, os.Stderr, "")
	})
	queue = newShared(func(ctx context.Context) (*part.Part, error) {
		return part.Queue(ctx, os.Stderr)
	})
	inbox = newShared(func(ctx context.Context) (*part.Part, error) {
		return part.Inbox(ctx, os.Stderr)
	})
)

// Engine returns the URL of the test binary's DynamoDB engine, or of the engine that
// AWS_ENDPOINT_URL_DYNAMODB names. The engine serves the same tables to every client, whatever
// region and keys the client uses. Engine fails the test if [Main] is not running.
func Engine(tb testing.TB) string {
	tb.Helper()
	return engine.get(tb).URL()
}

// Queue returns the URL of the test binary's server with the API of SQS. It fails the test if [Main] is
// not running.
func Queue(tb testing.TB) string {
	tb.Helper()
	return queue.get(tb).URL()
}

// Main runs the tests of a package, stops the parts that they have started, and returns the exit
// code. Every package that uses the parts, directly or through systemtest, calls it:
//
//	func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }
//
// On Linux the kernel would also end the parts together with the test binary. Other systems have
// no such feature, and without Main the parts would outlive the tests.
func Main(m *testing.M) int {
	for _, s := range []*shared{engine, queue, inbox} {
		s.open()
		defer s.close()
	}
	return m.Run()
}

// shared is a part that all tests of a binary use.
type shared struct {
	start func() (*part.Part, error)

	mu     sync.Mutex
	opened bool // Main is running and will stop the part
	part   *part.Part
}

func newShared(start func(context.Context) (*part.Part, error)) *shared {
	// With the context of one test, the end of that test would end the wait of all others.
	return &shared{start: sync.OnceValues(func() (*part.Part, error) {
		return start(context.Background())
	})}
}

// open allows the part to be started.
func (s *shared) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = true
}

// get returns the part and starts it if necessary.
func (s *shared) get(tb testing.TB) *part.Part {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.opened {
		tb.Fatal("nothing would stop the engine, the queue and the inbox: the package needs" +
			" func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }")
	}
	running, err := s.start()
	if err != nil {
		tb.Fatal(err)
	}
	s.part = running
	return running
}

// close stops the part if it was started.
func (s *shared) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = false
	if s.part != nil {
		s.part.Stop()
	}
}
