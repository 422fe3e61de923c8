// Package harness builds functions as they are deployed and runs them as Lambda does: each is a process of its own that polls a
// Lambda Runtime API, here on loopback, for one event at a time. So what is tested is the program in the zip, start and all.
//
// It knows nothing of what functions do: their environment and events come from the caller. Tests and commands of infra import it;
// functions and shared never do.
package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// initLimit is how long Lambda lets a function start.
const initLimit = 10 * time.Second

// Function is a running instance of a function.
type Function struct {
	// Ready is how long it took from the start of the process to its first poll for an event: what Lambda's caller waits for
	// at a cold start, but for what Lambda itself does.
	Ready time.Duration

	api    *runtimeAPI
	server *http.Server
	cmd    *exec.Cmd
	output *tail
	kill   context.CancelFunc
	ended  chan struct{} // closed when the process is gone; err is set before
	err    error
	invoke sync.Mutex // an instance has one event at a time
}

// Start runs the bootstrap at path with the environment env, which is all that it gets besides Lambda's own variables, and returns
// when it polls for its first event. The instance ends with Stop, and on Linux when we die. The context bounds the start
// alone. Errors: a bootstrap that ends or reports an error instead, with what it said last; one that isn't ready in ten seconds.
func Start(ctx context.Context, path string, env map[string]string) (*Function, error) {
	name := filepath.Base(filepath.Dir(path))
	api, server, address, err := serve(name)
	if err != nil {
		return nil, fmt.Errorf("serve the runtime API for %s: %w", name, err)
	}
	life, kill := context.WithCancel(context.Background())
	f := &Function{api: api, server: server, output: &tail{}, kill: kill, ended: make(chan struct{})}
	f.cmd = exec.CommandContext(life, path)
	f.cmd.Dir = filepath.Dir(path)
	f.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + address, "AWS_LAMBDA_FUNCTION_NAME=" + name, "_HANDLER=bootstrap", "TZ=:UTC"}
	for key, value := range env {
		f.cmd.Env = append(f.cmd.Env, key+"="+value)
	}
	f.cmd.Stdout, f.cmd.Stderr = f.output, f.output
	f.cmd.SysProcAttr = childAttributes()
	f.cmd.WaitDelay = time.Second
	if err := f.start(ctx); err != nil {
		f.Stop()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return f, nil
}

// start runs the process and waits for its first poll.
func (f *Function) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, initLimit, fmt.Errorf("not ready within %s", initLimit))
	defer cancel()
	began, running := time.Now(), make(chan struct{})
	go f.run(running)
	select {
	case <-running:
	case <-f.ended:
		return f.err
	}
	select {
	case polled := <-f.api.polled:
		f.Ready = polled.Sub(began)
		return nil
	case err := <-f.api.refused:
		return err
	case <-f.ended:
		return f.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run is the life of the process. Its goroutine keeps its thread, because Linux ties Pdeathsig to the thread that forked and not
// to the process.
func (f *Function) run(running chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(f.ended)
	if f.err = f.cmd.Start(); f.err != nil {
		return
	}
	close(running)
	err := f.cmd.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	if said := f.output.String(); said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	f.err = err
}

// Invoke hands the function an event and returns its answer. The deadline that the function is told is the context's, or in 30
// seconds. Calls wait for each other. Errors: Failure where the function answers one; the process's end with what it said
// last; the context's end, after which the function may still be at work and the next call waits for it.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	f.invoke.Lock()
	defer f.invoke.Unlock()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(30 * time.Second)
	}
	i := newInvocation(event, deadline)
	select {
	case f.api.queue <- i:
	case <-f.ended:
		return nil, fmt.Errorf("invoke a function that has ended: %w", f.err)
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the function: %w", context.Cause(ctx))
	}
	select {
	case a := <-i.answer:
		return a.body, a.err
	case <-f.ended:
		return nil, fmt.Errorf("the function ended at work: %w", f.err)
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the answer: %w", context.Cause(ctx))
	}
}

// PID is the id of the process.
func (f *Function) PID() int { return f.cmd.Process.Pid }

// PeakRSS is the most memory that the process has held so far, in bytes. It is an error after the process's end, and on systems
// other than Linux.
func (f *Function) PeakRSS() (int64, error) { return peakRSS(f.PID()) }

// Output is the end of what the process has written, its logs.
func (f *Function) Output() string { return f.output.String() }

// Stop ends the process and returns when it is gone. Safe to repeat.
func (f *Function) Stop() {
	f.kill()
	<-f.ended
	_ = f.server.Close()
}

// maxOutput bounds what is kept of what a process writes.
const maxOutput = 64 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - maxOutput; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// String is the end of what was written.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
