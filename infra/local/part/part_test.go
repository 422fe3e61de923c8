package part_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"identitypools/infra/local/part"
)

// holderVariable makes a process of this test binary start a part, print its URL, and then do nothing
// more.
const holderVariable = "PART_TEST_HOLDER"

func TestMain(m *testing.M) {
	if os.Getenv(holderVariable) == "" {
		os.Exit(m.Run())
	}
	node, err := exec.LookPath("node")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	const script = `require('http').createServer((q, a) => a.end()).listen(process.argv[1], '127.0.0.1')`
	p, err := part.Start(context.Background(), io.Discard, part.Program{
		Name: "server", Path: node, Args: func(port int) []string {
			return []string{"-e", script, fmt.Sprint(port)}
		},
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.URL())
	select {}
}

func startEngine(tb testing.TB, log io.Writer, database string) *part.Part {
	tb.Helper()
	p, err := part.Engine(tb.Context(), log, database)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Stop)
	if p.PID() == 0 {
		tb.Skip("AWS_ENDPOINT_URL_DYNAMODB names an engine that isn't ours to stop")
	}
	return p
}

func answers(url string) bool {
	response, err := http.Get(url)
	return err == nil && response.Body.Close() == nil
}

// eventually polls until a condition holds. It fails the test if that takes too long.
func eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-deadline.C:
			tb.Fatalf("not in time: %s", what)
		}
	}
}

func kill(tb testing.TB, pid int) {
	tb.Helper()
	process, err := os.FindProcess(pid)
	if err != nil {
		tb.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		tb.Fatal(err)
	}
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	first, second := startEngine(t, io.Discard, ""), startEngine(t, io.Discard, "")
	if first.URL() == second.URL() {
		t.Fatalf("both parts have %s", first.URL())
	}
	first.Stop()
	if first.PID() != 0 {
		t.Error("the first part runs after Stop")
	}
	if !answers(second.URL()) {
		t.Error("the other part does not answer")
	}
}

func TestPartComesBackOnItsPort(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	p := startEngine(t, &log, filepath.Join(t.TempDir(), "new", "engine.db"))
	before := p.PID()
	kill(t, before)
	eventually(t, "another process answers", func() bool {
		return p.PID() != 0 && p.PID() != before && answers(p.URL())
	})
	for _, want := range []string{
		"engine: Dynoxide listening on ",
		"engine: ended (signal: killed); starts again on http://127.0.0.1:",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

// A part has the port that is wanted, unless somebody listens there.
func TestPartOnAPort(t *testing.T) {
	t.Parallel()
	start := func(port int) *part.Part {
		t.Helper()
		p, err := part.Engine(t.Context(), io.Discard, "", part.OnPort(port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		if p.PID() == 0 {
			t.Skip("AWS_ENDPOINT_URL_DYNAMODB names an engine that isn't ours to start")
		}
		return p
	}
	first := start(0)
	second := start(first.Port())
	if first.Port() == 0 || second.Port() == first.Port() || !answers(second.URL()) {
		t.Fatalf("the ports are %d and %d", first.Port(), second.Port())
	}
	first.Stop()
	if third := start(first.Port()); third.Port() != first.Port() || third.URL() != first.URL() {
		t.Errorf("it is at %s, and the port %d is free", third.URL(), first.Port())
	}
}

func TestPartStaysDownWhileAnotherAnswers(t *testing.T) {
	t.Parallel()
	p := startEngine(t, io.Discard, "")
	kill(t, p.PID())
	other := listen(t, strings.TrimPrefix(p.URL(), "http://"))
	asked := make(chan struct{}, 100)
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
	})}
	go func() { _ = server.Serve(other) }()
	<-asked // the supervisor asks before a restart
	if p.PID() != 0 {
		t.Error("the part started again beside another")
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the part is back", func() bool { return p.PID() != 0 && answers(p.URL()) })
}

// listen listens on an address as soon as it is free.
func listen(tb testing.TB, address string) net.Listener {
	tb.Helper()
	var listener net.Listener
	eventually(tb, "the port is free", func() bool {
		var err error
		listener, err = net.Listen("tcp", address)
		return err == nil
	})
	return listener
}

func TestStop(t *testing.T) {
	t.Parallel()
	t.Run("at once while the part waits for its restart", func(t *testing.T) {
		t.Parallel()
		p := startEngine(t, io.Discard, "")
		kill(t, p.PID())
		eventually(t, "the crash is seen", func() bool { return p.PID() == 0 })
		p.Stop()
		p.Stop()
		if p.PID() != 0 {
			t.Error("the part runs after Stop")
		}
	})
	t.Run("kills a part that ignores SIGTERM", func(t *testing.T) {
		t.Parallel()
		node, err := exec.LookPath("node")
		if err != nil {
			t.Fatal(err)
		}
		const script = `process.on('SIGTERM', () => {}); require('http').createServer((q, a) => a.end()).listen(process.argv[1], '127.0.0.1')`
		p, err := part.Start(t.Context(), io.Discard, part.Program{
			Name: "deaf", Path: node, Args: func(port int) []string {
				return []string{"-e", script, fmt.Sprint(port)}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		p.Stop()
		if p.PID() != 0 {
			t.Error("the part runs after Stop")
		}
	})
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	t.Run("a program that is not there", func(t *testing.T) {
		t.Parallel()
		_, err := part.Start(t.Context(), io.Discard,
			part.Program{Name: "ghost", Path: "/nonexistent", Args: noArgs})
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v, want a missing file", err)
		}
	})
	t.Run("a program that ends, with its last words", func(t *testing.T) {
		t.Parallel()
		_, err := part.Start(t.Context(), io.Discard,
			part.Program{Name: "weak", Path: "/bin/sh", Args: func(int) []string {
				return []string{"-c", "echo first; printf 'disk is full' >&2; exit 3"}
			}})
		if err == nil || err.Error() != "start weak: exit status 3: disk is full" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("to wait longer than its context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := part.Start(ctx, io.Discard,
			part.Program{Name: "mute", Path: "/bin/sh", Args: func(int) []string {
				return []string{"-c", "exec sleep 60"}
			}})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's end", err)
		}
	})
}

func noArgs(int) []string { return nil }

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
