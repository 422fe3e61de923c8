// Package harness builds functions as they are deployed and runs them as Lambda does. Each function
// is a process that gets one event at a time from a Lambda Runtime API, which the harness serves on
// a loopback port. So a test exercises the whole program that is deployed, including its start.
//
// The package knows nothing about what functions do. Their environment and events come from the
// caller. Tests and commands of infra import it; packages in functions and shared never do.
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

// initLimit is how long Lambda allows a function to start.
const initLimit = 10 * time.Second

// Function is a running instance of a function.
type Function struct {
	// Ready is the time from the start of the process to its first request for an event. A caller
	// of Lambda waits that long at a cold start, besides what Lambda itself does.
	Ready time.Duration

	api    *runtimeAPI
	server *http.Server
	cmd    *exec.Cmd
	output *tail
	kill   context.CancelFunc
	ended  chan struct{} // closed when the process has ended, after err is set
	err    error
	invoke sync.Mutex // an instance processes one event at a time
}

// Start runs the bootstrap at path and returns when it asks for its first event. Besides Lambda's
// own variables, its environment contains only env. The context limits only the start. The instance
// runs until [Function.Stop], and on Linux no longer than this process. Start returns an error if
// the bootstrap ends, reports an error or is not ready within ten seconds. The error contains the
// last output.
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
	f.cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + address, "AWS_LAMBDA_FUNCTION_NAME=" + name,
		"_HANDLER=bootstrap", "TZ=:UTC",
	}
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

// start runs the process and waits until it asks for its first event.
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

// run starts the process and waits for its end. Its goroutine locks its thread, because on Linux
// Pdeathsig applies to the end of the thread that forked, not of the process.
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

// Invoke passes an event to the function and returns its answer. The deadline that the function
// sees is that of the context, or 30 seconds from now. Concurrent calls wait for each other. Invoke
// returns a [Failure] if the function answers with an error, an error with the last output if the
// process ends, and the context's error if the context ends. In the last case the function may
// still be running, and the next call waits for it.
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

// PID returns the id of the process.
func (f *Function) PID() int { return f.cmd.Process.Pid }

// PeakRSS returns the largest amount of memory that the process has used so far, in bytes. It
// returns an error after the end of the process, and on systems other than Linux.
func (f *Function) PeakRSS() (int64, error) { return peakRSS(f.PID()) }

// Output returns the end of what the process has written, which is its log.
func (f *Function) Output() string { return f.output.String() }

// Stop ends the process and returns when it has ended. It may be called repeatedly.
func (f *Function) Stop() {
	f.kill()
	<-f.ended
	_ = f.server.Close()
}

// maxOutput limits how much of the output of a process is stored.
const maxOutput = 64 << 10

// tail is a writer that stores the end of what is written to it.
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

// String returns the stored text.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
