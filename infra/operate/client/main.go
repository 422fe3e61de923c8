// Client manages the API clients of tenants: it creates, lists and revokes them and rotates their
// secrets. It is a command for operators, who have write access to the table.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"identitypools/functions/tokens"
	"identitypools/shared/identity"
	"identitypools/shared/table"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, os.Args[1:], Process{
		Open: Open, Now: time.Now, Rand: rand.Reader, Out: os.Stdout, Err: os.Stderr,
	}))
}

// A Process is the environment in which a command runs. Secrets are written to Out only.
type Process struct {
	Open     func(context.Context, TableLocation) (*table.Table, error)
	Now      func() time.Time
	Rand     io.Reader
	Out, Err io.Writer
}

// Run runs the command that args ask for and returns the exit status: 0 if it succeeded, 1 if it
// failed, and 2 if args are not valid.
func Run(ctx context.Context, args []string, p Process) int {
	asked, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(p.Out, usage)
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(p.Err, "client: %v\n\n%s", err, usage)
		return 2
	}
	if err := asked.run(ctx, p); err != nil {
		_, _ = fmt.Fprintf(p.Err, "client: %v\n", explain(err))
		return 1
	}
	return 0
}

// run opens the table and runs the command.
func (r request) run(ctx context.Context, p Process) error {
	opened, err := p.Open(ctx, r.location)
	if err != nil {
		return err
	}
	to := printer{out: p.Out, notes: p.Err, json: r.output == "json"}
	clients := &Clients{Stored: opened.Clients, Now: p.Now, Rand: p.Rand, NewID: uuid.NewString}
	switch r.command {
	case "create":
		return r.create(ctx, clients, to)
	case "list":
		return r.list(ctx, clients, to)
	case "rotate":
		return r.rotate(ctx, clients, to)
	case "retire":
		return r.retire(ctx, clients, to)
	}
	if err := clients.Revoke(ctx, r.spec.Tenant, r.spec.ID); err != nil {
		return err
	}
	return to.printRevoked(r.spec.Tenant, r.spec.ID, p.Now().Add(tokens.Lifetime))
}

func (r request) create(ctx context.Context, clients *Clients, to printer) error {
	made, err := clients.Create(ctx, r.spec)
	if err != nil {
		return err
	}
	to.printNote("Keep the secret now: it is stored nowhere and can't be shown again.")
	return to.printClient(made.Client, made.Secret)
}

func (r request) list(ctx context.Context, clients *Clients, to printer) error {
	empty := true
	for c, err := range clients.List(ctx, r.spec.Tenant) {
		if err == nil && empty {
			err = to.printHeading()
		}
		if err == nil {
			err = to.printRow(c)
		}
		if err != nil {
			return err
		}
		empty = false
	}
	if empty {
		to.printNote("Tenant %s has no clients.", r.spec.Tenant)
	}
	return nil
}

func (r request) rotate(ctx context.Context, clients *Clients, to printer) error {
	issued, err := clients.Rotate(ctx, r.spec.Tenant, r.spec.ID)
	if err != nil {
		return err
	}
	to.printNote("Keep the secret now: it can't be shown again. The old one works too, until it is retired:\n"+
		"  client retire --tenant %s --id %s", r.spec.Tenant, r.spec.ID)
	return to.printClient(issued.Client, issued.Secret)
}

func (r request) retire(ctx context.Context, clients *Clients, to printer) error {
	c, err := clients.Retire(ctx, r.spec.Tenant, r.spec.ID)
	if err != nil {
		return err
	}
	to.printNote("The older secret gets no tokens any more. Those that it got before work for at most an hour.")
	return to.printClient(c, "")
}

// explain replaces errors for which there is a better explanation of what an operator can do.
func explain(err error) error {
	switch {
	case errors.As(err, new(identity.PreconditionFailed)):
		return errors.New("somebody else changed the client at the same time, and this change was not made: " +
			"look at it with list, then try again")
	case errors.As(err, new(*types.ResourceNotFoundException)):
		return errors.New("there is no such table in this account and region: " +
			"name it with --table or TABLE_NAME")
	}
	return err
}
