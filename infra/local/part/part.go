// Package part runs the programs that stand in for AWS on a developer's machine: the DynamoDB
// engine, the queue and the SES inbox.
//
// A part is a child process that listens on a loopback port. It is started again after a
// crash. On Linux it also ends when the process that started it is killed. The package only finds,
// starts and stops the programs, and adds to the inbox what it lacks: a part of SES, a page for each
// mail, and a file for its mails. Packages
// in functions and shared never import it.
package part

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// Node.js takes seconds to start on a busy machine.
	startWithin = 30 * time.Second
	// The engine starts in about that time.
	pollEvery    = 10 * time.Millisecond
	restartAfter = 2 * time.Second
	// killAfter is the time from SIGTERM to SIGKILL.
	killAfter = 3 * time.Second
)

// Program describes how to run a part.
type Program struct {
	// Name is written in front of each line of the program's output.
	Name string
	// Path is the path of the executable.
	Path string
	// Args returns the arguments that make the program serve HTTP at a port of 127.0.0.1.
	Args func(port int) []string
	// Port is the port of 127.0.0.1 that the part has if it is free. Otherwise, and if it is 0, the part
	// has any free port.
	Port int
}

// Option is a wish for how a part is started.
type Option func(*options)

// options are the wishes for how a part is started.
type options struct {
	port  int
	mails string
}

// OnPort returns the wish for a port of 127.0.0.1. A part whose port is taken has another one: see
// [Part.Port]. 0 stands for any port.
func OnPort(port int) Option { return func(o *options) { o.port = port } }

// KeepsMails returns the wish that the inbox stores its mails in a file, from which it has them again
// after a restart.
func KeepsMails(file string) Option { return func(o *options) { o.mails = file } }

func wishes(all []Option) (o options) {
	for _, option := range all {
		option(&o)
	}
	return o
}

// Part is a program that runs as a child process, or an endpoint that somebody else runs.
type Part struct {
	url   string
	front string // the URL of what stands before the program, or ""
	pid   atomic.Int64
	stop  context.CancelFunc
	done  chan struct{}
}

// Start runs a program and waits for at most 30 seconds until it answers HTTP requests. The context
// limits this wait only; it does not end the part. If the program ends before it answers, the error
// contains the last line that it wrote. If it ends later, it is started again on the same port
// after two seconds, unless something else answers there by then.
//
// The program's output is written to log in whole lines, with one call of Write for each. Several
// parts may share a log that supports concurrent writes.
func Start(ctx context.Context, log io.Writer, program Program) (*Part, error) {
	port, release, err := reserve(program.Port)
	if err != nil {
		return nil, fmt.Errorf("find a free port for %s: %w", program.Name, err)
	}
	life, stop := context.WithCancel(context.Background())
	p := &Part{url: fmt.Sprintf("http://127.0.0.1:%d", port), stop: stop, done: make(chan struct{})}
	s := supervisor{
		part: p, program: program, port: port, log: &lines{to: log, name: program.Name},
		ended: make(chan error, 1),
	}
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

// URL returns the part's address, without a slash at the end. It never changes.
func (p *Part) URL() string { return cmp.Or(p.front, p.url) }

// Port returns the port of the part's address, or 0 for an endpoint that was not started here.
func (p *Part) Port() int {
	if p.stop == nil {
		return 0
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(p.URL(), "http://"), ":")
	number, _ := strconv.Atoi(port) // URL has one
	return number
}

// PID returns the id of the process. It returns 0 while no process runs, which is between a crash
// and the restart and after Stop, and for an endpoint that was not started here.
func (p *Part) PID() int { return int(p.pid.Load()) }

// Stop ends the part and returns when its process is gone. It sends SIGTERM, and SIGKILL three
// seconds later. Stop may be called repeatedly, concurrently and after a crash. It has no effect on
// an endpoint that was not started here.
func (p *Part) Stop() {
	if p.stop == nil {
		return
	}
	p.stop()
	<-p.done
}

// await waits until the part answers, ends, or takes too long.
func (p *Part) await(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin,
		fmt.Errorf("no answer on %s within %s", p.url, startWithin))
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

// answers reports whether anything at the URL answers an HTTP request, with any status.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url+"/", nil)
	if err != nil {
		return false
	}
	// ignores proxies of the environment
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil
}
