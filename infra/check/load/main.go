// Load, the command behind `make load`, starts the product as make run does, in a folder of its
// own, and puts a mix of callers on it at a fixed rate. In the middle it kills the engine.
// Afterwards it checks that what was accepted, what is stored and what was mailed are exactly the
// same. It measures times but makes no promise about speed. No package imports it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `Puts load on the product and checks that nothing was lost.

  load [-duration 1m] [-rate 30] [-kill=false]
  load -burst 5000

  -duration D  how long callers come, up to 30m
  -rate R      how many come a second, up to 1000; nobody waits for an answer of another
  -kill        kills the engine at half time, which starts again two seconds later; true by default
  -burst N     instead of that, N mails wait, up to 100000: how many a second are sent, compared with one at a time?

From the project's folder, load is: go run ./infra/check/load
`

// Run carries out the command with the arguments and returns the exit status: 0 on success, 1 if
// something was lost or the load could not be generated, 2 if the arguments are invalid.
func Run(ctx context.Context, args []string, out, errs io.Writer) int {
	load, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, usage)
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(errs, "load: %v\n\n%s", err, usage)
		return 2
	}
	measure := load.run
	if load.Burst > 0 {
		measure = load.runBurst
	}
	if err := measure(ctx, newScreen(out)); err != nil {
		_, _ = fmt.Fprintf(errs, "load: %v\n", err)
		return 1
	}
	return 0
}

// Load describes the load.
type Load struct {
	Duration time.Duration
	Rate     float64 // arrivals in a second
	Kill     bool    // whether the engine is killed after half of the duration
	Burst    int     // how many mails wait in a measurement of the courier, or 0 for another load
}

// parse reads the arguments. Its errors are sentences for the user, or flag.ErrHelp.
func parse(args []string) (Load, error) {
	var l Load
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints the usage
	flags.DurationVar(&l.Duration, "duration", time.Minute, "")
	flags.Float64Var(&l.Rate, "rate", 30, "")
	flags.BoolVar(&l.Kill, "kill", true, "")
	flags.IntVar(&l.Burst, "burst", 0, "")
	if err := flags.Parse(args); err != nil {
		return l, err
	}
	switch {
	case flags.NArg() > 0:
		return l, fmt.Errorf("%q is no flag", flags.Arg(0))
	case l.Duration < time.Second || l.Duration > 30*time.Minute: // a token lives for an hour
		return l, errors.New("-duration must be from 1s to 30m")
	case !(l.Rate > 0 && l.Rate <= 1000): // also refuses NaN
		return l, errors.New("-rate must be above 0 and at most 1000")
	case l.Burst < 0 || l.Burst > 100_000:
		return l, errors.New("-burst must be from 1 to 100000")
	case l.arrivals() < 1:
		return l, errors.New("nobody would come: -rate or -duration must be greater")
	}
	return l, nil
}
