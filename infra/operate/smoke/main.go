// Smoke checks a deployment from outside, over HTTP, as its callers use it: that the functions have
// the permissions that they need, that API Gateway answers as docs/gateway.md says, that the address
// is the one in tokens and mails, and that mails are sent and bounces come back. Only AWS can answer
// these questions; everything else is tested without it. The command makes pools and schemas of its
// own, and deletes them at the end. It is for operators.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, os.Args[1:], Process{
		Getenv: os.Getenv, RunID: strings.ToLower(rand.Text())[:10],
		Patience: 2 * time.Minute, Poll: 2 * time.Second, Out: os.Stdout, Err: os.Stderr,
	}))
}

// A Process is the environment in which the command runs.
type Process struct {
	Getenv func(string) string
	// RunID is a part of the ids and addresses that this run makes. It has letters and digits.
	RunID string
	// Patience is how long a bounce may take, and Poll how often the command looks for it.
	Patience, Poll time.Duration
	Out, Err       io.Writer
}

const usage = `Checks a deployment from outside. Each check prints a line that begins with ok, FAIL, skip or look.

  smoke -url https://… -admin FILE -system FILE [-origin ORIGIN] [-recipient ADDRESS] [-public-rate N]
  smoke -local

  -url URL            the address of the deployment, which is its output Url; otherwise BASE_URL of the environment
  -admin, -system     files with an API client of each tree of one tenant: what client create --output json prints
  -origin ORIGIN      one of the deployment's signUpOrigins; without it nothing is checked of pages of other origins
  -recipient ADDRESS  somebody who gets a mail with a code, and looks at it
  -public-rate N      the deployment's publicRate: checks that requests above it are refused. People who sign up at that
                      moment may be refused, too
  -local              the product that make run has started in this folder; what only AWS does is skipped

The checks take about a minute. They make pools and schemas whose ids begin with smoke-, and delete them.
Their mails go to SES's mailbox simulator.
From the project's folder, smoke is: go run ./infra/operate/smoke
`

// Run runs the checks that args ask for and returns the exit status: 0 if all succeeded, 1 if one
// failed or could not be carried out, and 2 if args are not valid.
func Run(ctx context.Context, args []string, p Process) int {
	asked, err := parse(args, p.Getenv)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(p.Out, usage)
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(p.Err, "smoke: %v\n\n%s", err, usage)
		return 2
	}
	target, err := asked.target()
	if err != nil {
		_, _ = fmt.Fprintf(p.Err, "smoke: %v\n", err)
		return 1
	}
	to := &report{out: p.Out}
	v := &visit{
		target: target, report: to, values: target.values(p.RunID), patience: p.Patience, poll: p.Poll,
		http: &http.Client{
			Timeout: time.Minute, // above the 30 seconds of API Gateway, for a slow line
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
	}
	v.run(ctx)
	if ctx.Err() != nil {
		to.fail("all checks", "they were stopped before the end")
	}
	return to.finish()
}
