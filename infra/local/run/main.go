// Run, the command behind `make run`, runs the whole product on one machine with a real DynamoDB
// engine, a queue and an SES inbox, and without an AWS account. It stores its data in the folder .local and
// finds it there at the next start; `make clean` deletes it. While it runs, it shows a line for each
// request and for each mail. No package imports it.
//
// It reads these variables of the environment:
//
//   - PORT is the port of the product, or 8080.
//   - RETURN_ORIGINS are the origins to which people may return after they have signed up, or have a new
//     password, divided by commas: see `return_to` in docs/api.md. They have https, or are http at localhost.
//     Without the variable there are none.
//   - VERBOSE, if it is not empty, also shows metrics, what the functions log for debugging, and what the
//     engine, the queue and the inbox say. The flag -verbose does the same.
//   - NO_COLOR, if it is not empty, leaves out colours, which otherwise a terminal gets.
//   - HOST is another address of this machine at which the engine, the queue and the inbox answer, for
//     containers.
//   - AWS_ENDPOINT_URL_DYNAMODB is an engine that somebody else runs, and AWS_REGION,
//     AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are for it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"identitypools/infra/local/node"
	"identitypools/infra/local/part"
	"identitypools/infra/local/running"
	"identitypools/infra/local/system"
	"identitypools/shared/retry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	verbose := flag.Bool("verbose", os.Getenv("VERBOSE") != "", "show metrics and debug output, too")
	flag.Parse()
	terminal := isTerminal(os.Stdout)
	p := Process{
		Out: os.Stdout, Err: os.Stderr, Verbose: *verbose,
		Times: terminal, Colours: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
	if err := Run(ctx, p); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1)
	}
}

// Run starts everything, prints how to use it, and stops everything when ctx ends. Its errors are sentences
// for the user; if the product runs already, the error is running.Busy.
func Run(ctx context.Context, p Process) error {
	root, err := part.Root()
	if err != nil {
		return err
	}
	folder := filepath.Join(root, ".local")
	lock, err := running.Claim(folder)
	if err != nil {
		return err
	}
	defer lock.Release()
	listener, err := listen(os.Getenv("PORT"))
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the product has closed it, unless its start failed
	if err := lock.Tell("http://" + listener.Addr().String()); err != nil {
		return err
	}
	if err := checkHost(os.Getenv("HOST")); err != nil {
		return err
	}
	if err := node.Check(ctx); err != nil {
		return err
	}
	if err := run(ctx, p, folder, listener); ctx.Err() == nil {
		return err
	}
	return nil // Ctrl-C also ends a start
}

// run does what Run does when nothing stands against it. The folder is .local.
func run(ctx context.Context, p Process, folder string, listener net.Listener) error {
	ready := filepath.Join(folder, "run.json")
	_ = os.Remove(ready) // that of a product which was killed
	kept, err := readSecrets(filepath.Join(folder, "secrets.json"))
	if err != nil {
		return err
	}
	s := p.screen()
	parts, err := startParts(ctx, s, folder, listener)
	if err != nil {
		return err
	}
	defer parts.stop()
	withdraw, err := parts.offer(os.Getenv("HOST"))
	defer withdraw()
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	product, err := system.Start(ctx, system.Config{
		DynamoDBURL: parts.engine.URL(), SQSURL: parts.queue.URL(), SESURL: parts.inbox.URL(),
		Table: "identity-pools", Listener: listener,
		Environment: kept.environment(), Checkpoint: filepath.Join(folder, "stream.json"), Now: time.Now,
		Retry: retry.Random(), Log: slog.New(s.logHandler()),
		Front: newRequests(s, base, os.Getenv("RETURN_ORIGINS")).before, Mailed: mails{s, parts.inbox.URL()}.show,
	})
	if err != nil {
		return err
	}
	defer product.Stop()
	for _, client := range kept.clients(time.Now()) {
		if err := product.EnsureClient(ctx, client.Client, client.secret); err != nil {
			return err
		}
	}
	running := runningOf(product, parts, kept)
	if err := makeDemo(ctx, running); err != nil {
		return err
	}
	if err := running.Write(ready); err != nil {
		return err
	}
	defer func() { _ = running.Remove(ready) }() // the file exists while the product runs
	s.open(banner(running))
	<-ctx.Done()
	return nil
}
