// Package part runs the programs that stand in for AWS on a developer's machine: the DynamoDB engine and the SES inbox.
//
// A part is a child process on a free loopback port that comes back by itself after a crash and doesn't outlive us. The
// package knows how to find and start the two programs and nothing about what is said to them. infra/local and
// infra/check/parttest import it; functions and shared never do.
package part

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	startWithin  = 30 * time.Second      // Node.js on a busy machine takes seconds
	pollEvery    = 10 * time.Millisecond // the engine is up in that time
	restartAfter = 2 * time.Second
	killAfter    = 3 * time.Second // from SIGTERM to SIGKILL
)

// Program says how to run a part.
type Program struct {
	Name string                  // begins each line that it logs
	Path string                  // of the executable
	Args func(port int) []string // must make it listen on 127.0.0.1 and that port, for HTTP
}

// Part is a running program, or an endpoint that runs without us.
type Part struct {
	url  string
	pid  atomic.Int64
	stop context.CancelFunc
	done chan struct{}
}

// Start runs a program and waits until it answers HTTP, for half a minute at most. The context bounds that wait, not the
// part's life. A program that ends before it answers is an error with the last line that it wrote; after that, one that
// ends is started again on the same port two seconds later, unless something else answers there by then.
//
// What the program writes goes to log in whole lines, one Write each; parts may share a log that bears parallel writes.
func Start(ctx context.Context, log io.Writer, program Program) (*Part, error) {
	port, release, err := reserve()
	if err != nil {
		return nil, fmt.Errorf("find a free port for %s: %w", program.Name, err)
	}
	life, stop := context.WithCancel(context.Background())
	p := &Part{url: fmt.Sprintf("http://127.0.0.1:%d", port), stop: stop, done: make(chan struct{})}
	s := supervisor{part: p, program: program, port: port, log: &lines{to: log, name: program.Name}, ended: make(chan error, 1)}
	go func() {
		defer close(p.done)
		defer release()
		s.supervise(life)
	}()
	if err := p.await(ctx, s.ended); err != nil {
		p.Stop()
		return nil, fmt.Errorf("start %s: %w", program.Name, err)
	}
	return p, nil
}

// URL is where the part answers, without a slash at the end. It stays the same for the part's life.
func (p *Part) URL() string { return p.url }

// PID is the process's id, or 0 while none runs: between a crash and the restart, after Stop, and for an endpoint that
// was not started here.
func (p *Part) PID() int { return int(p.pid.Load()) }

// Stop ends the part and returns when it is gone: SIGTERM, and SIGKILL three seconds later. Safe to repeat, to call in
// parallel and after a crash. An endpoint that was not started here is left alone.
func (p *Part) Stop() {
	if p.stop == nil {
		return
	}
	p.stop()
	<-p.done
}

func (p *Part) await(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, fmt.Errorf("no answer on %s within %s", p.url, startWithin))
	defer cancel()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for !answers(ctx, p.url) {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-poll.C:
		}
	}
	return nil
}

// answers says whether anything speaks HTTP there; which status it speaks of doesn't matter.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url+"/", nil)
	if err != nil {
		return false
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy, whatever the environment says
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil
}
