// Package parttest provides tests with the programs that stand in for AWS: one DynamoDB engine, one queue
// and one SES inbox. Each test binary has its own. A part is started when a test first
// asks for it and is stopped by [Main]. Only tests import the package.
//
// All tests of a binary share the parts and run in parallel. Each test uses a tenant, a table
// or an address of its own, and no test clears anything. Binaries share nothing, so packages and
// checkouts do not disturb each other.
package parttest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"identitypools/infra/local/database"
	"identitypools/infra/local/part"
)

// The parts outlive the test that starts them, and package testing has no place for what
// belongs to a whole binary. These variables are the exception to the rule against package
// variables.
var (
	engine = newShared(startEngine)
	queue  = newShared(func(ctx context.Context, _ string) (*part.Part, error) {
		return part.Queue(ctx, os.Stderr)
	})
	inbox = newShared(func(ctx context.Context, _ string) (*part.Part, error) {
		return part.Inbox(ctx, os.Stderr)
	})
)

// startEngine starts the engine with a file, as make run does: with each write, the engine would read all
// records of the streams of all tables that it keeps in memory.
func startEngine(ctx context.Context, folder string) (*part.Part, error) {
	file := filepath.Join(folder, "dynamodb.sqlite")
	if err := database.Create(file, database.AsInAWS()); err != nil {
		return nil, err
	}
	return part.Engine(ctx, os.Stderr, file)
}

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
	folder, err := os.MkdirTemp("", "parts")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }() // a temporary folder: the system deletes what is left
	for _, s := range []*shared{engine, queue, inbox} {
		s.open(folder)
		defer s.close()
	}
	return m.Run()
}

// shared is a part that all tests of a binary use.
type shared struct {
	start func() (*part.Part, error)

	mu     sync.Mutex
	folder string // where the part may keep files; "" unless Main is running and will stop the part
	part   *part.Part
}

func newShared(start func(ctx context.Context, folder string) (*part.Part, error)) *shared {
	s := &shared{}
	// With the context of one test, the end of that test would end the wait of all others.
	s.start = sync.OnceValues(func() (*part.Part, error) { return start(context.Background(), s.folder) })
	return s
}

// open allows the part to be started.
func (s *shared) open(folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folder = folder
}

// get returns the part and starts it if necessary.
func (s *shared) get(tb testing.TB) *part.Part {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == "" {
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
	s.folder = ""
	if s.part != nil {
		s.part.Stop()
	}
}
