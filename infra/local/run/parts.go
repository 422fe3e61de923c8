package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"identitypools/infra/local/part"
)

// parts are the programs that stand in for AWS.
type parts struct{ engine, queue, inbox *part.Part }

// startParts starts the parts, all at the same time, on the ports that they had at the last start. It says
// which of them could not have theirs.
func startParts(ctx context.Context, s *screen, folder string, product net.Listener) (parts, error) {
	file, number := filepath.Join(folder, "ports.json"), product.Addr().(*net.TCPAddr).Port
	wanted, err := readPorts(file, number, os.Getenv("PORT") == "0")
	if err != nil {
		return parts{}, err
	}
	var (
		p        parts
		failures [3]error
		all      sync.WaitGroup
	)
	log := s.partLog()
	all.Go(func() {
		p.engine, failures[0] = part.Engine(ctx, log, filepath.Join(folder, "dynamodb.sqlite"), part.OnPort(wanted.Engine))
	})
	all.Go(func() { p.queue, failures[1] = part.Queue(ctx, log, part.OnPort(wanted.Queue)) })
	all.Go(func() {
		p.inbox, failures[2] = part.Inbox(ctx, log,
			part.OnPort(wanted.Inbox), part.KeepsMails(filepath.Join(folder, "mails.jsonl")))
	})
	all.Wait()
	for _, err := range failures {
		if err != nil {
			p.stop()
			return p, err
		}
	}
	has := ports{Inbox: p.inbox.Port(), Engine: p.engine.Port(), Queue: p.queue.Port()}
	for _, each := range []struct {
		name            string
		wanted, has     int
		isOfSomeoneElse bool
	}{
		{"inbox", wanted.Inbox, has.Inbox, false},
		{"table", wanted.Engine, has.Engine, has.Engine == 0},
		{"queue", wanted.Queue, has.Queue, false},
	} {
		if each.wanted != 0 && each.has != each.wanted && !each.isOfSomeoneElse {
			s.say("The %s is on port %d this time, since another program has %d.", each.name, each.has, each.wanted)
		}
	}
	return p, has.write(file)
}

// list returns the parts that were started.
func (p parts) list() (started []*part.Part) {
	for _, each := range []*part.Part{p.inbox, p.queue, p.engine} {
		if each != nil {
			started = append(started, each)
		}
	}
	return started
}

// stop stops the parts.
func (p parts) stop() {
	for _, each := range p.list() {
		each.Stop()
	}
}

// offer makes the parts also answer at another address of this machine until withdraw is called, which is
// never nil.
func (p parts) offer(host string) (withdraw func(), err error) {
	var all []func()
	withdraw = func() {
		for _, each := range all {
			each()
		}
	}
	for _, each := range p.list() {
		one, err := offer(each, host)
		if err != nil {
			return withdraw, err
		}
		all = append(all, one)
	}
	return withdraw, nil
}

// checkHost returns an error if HOST is given and is no IP address, is that of every network, or does not
// belong to this machine.
func checkHost(host string) error {
	if host == "" {
		return nil
	}
	if address, err := netip.ParseAddr(host); err != nil || address.IsUnspecified() {
		return fmt.Errorf("HOST is %q and must be one IP address of this machine, such as 172.17.0.1", host)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return fmt.Errorf("HOST is no address of this machine: %w", err)
	}
	return listener.Close()
}

// offer makes a part also answer at another address of this machine, on the same port, until
// withdraw is called. Containers need that: they reach this machine at an address of their bridge,
// but never at its loopback address. The part itself still listens on loopback only. With an empty
// host, offer has no effect.
func offer(p *part.Part, host string) (withdraw func(), err error) {
	if host == "" || host == "127.0.0.1" || p.PID() == 0 {
		return func() {}, nil
	}
	target, err := url.Parse(p.URL())
	if err != nil {
		return nil, fmt.Errorf("read the address of a part: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, target.Port()))
	if err != nil {
		return nil, fmt.Errorf("offer %s at HOST: %w", p.URL(), err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return func() { _ = server.Close() }, nil
}
