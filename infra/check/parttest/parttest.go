// Package parttest gives tests the real parts: one DynamoDB engine in memory and one SES inbox a test binary, started
// when the first test asks. Only tests import it.
//
// All tests of a binary share them, in parallel: each uses a tenant, a table or an address of its own, and none clears
// anything. Binaries share nothing, so that neither packages nor checkouts disturb each other.
package parttest

import (
	"context"
	"os"
	"sync"
	"testing"

	"identitypools/infra/local/part"
)

// The two parts outlive the test that starts them, and testing has no place for what belongs to a whole binary: these
// are the exception to the rule against package variables.
var (
	engine = newShared(func(ctx context.Context) (*part.Part, error) { return part.Engine(ctx, os.Stderr, "") })
	inbox  = newShared(func(ctx context.Context) (*part.Part, error) { return part.Inbox(ctx, os.Stderr) })
)

// Engine is the URL of the test binary's DynamoDB engine, or of the one that AWS_ENDPOINT_URL_DYNAMODB names. Whatever
// region and keys a client shows it, it serves the same tables.
func Engine(tb testing.TB) string {
	tb.Helper()
	return engine.get(tb).URL()
}

// Main runs a package's tests and stops its parts: func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }.
// On Linux that is only tidier: the kernel kills the parts with the binary. Elsewhere they outlive it without this.
func Main(m *testing.M) int {
	defer engine.close()
	defer inbox.close()
	return m.Run()
}

// shared is one part for all tests of a binary.
type shared struct {
	start func() (*part.Part, error)
	mu    sync.Mutex
	part  *part.Part
}

func newShared(start func(context.Context) (*part.Part, error)) *shared {
	// A test's own context would end the wait of all others with it.
	return &shared{start: sync.OnceValues(func() (*part.Part, error) { return start(context.Background()) })}
}

func (s *shared) get(tb testing.TB) *part.Part {
	tb.Helper()
	running, err := s.start()
	if err != nil {
		tb.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = running
	return running
}

func (s *shared) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.part != nil {
		s.part.Stop()
	}
}
