// Invoke, the command behind `make invoke` and `make event`, builds one function, starts it as Lambda
// does against the product that `make run` has started, and passes it one event. It can also print
// the sample event of a route in its complete form. No package imports it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"identitypools/infra/check/harness"
	"identitypools/infra/local/part"
)

// limit is the longest time that a function may take. It is the time-out of the courier.
const limit = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := part.Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, "invoke:", err)
		os.Exit(1)
	}
	os.Exit(Run(ctx, os.Args[1:], Process{
		Root:    root,
		Running: filepath.Join(root, ".local", "run.json"), Out: os.Stdout, Err: os.Stderr,
	}))
}

// Process has what the command uses of the process that it runs in. The answer of the function is
// written to Out. Errors, and what the function logs, are written to Err.
type Process struct {
	Root     string // the project's folder
	Running  string // the path of .local/run.json
	Out, Err io.Writer
}

// Run carries out the command with the arguments and returns the exit status: 0 on success, 1 if it
// failed, 2 if the arguments are invalid. Any answer of the function except an error of Lambda is a
// success, whatever its HTTP status.
func Run(ctx context.Context, args []string, p Process) int {
	asked, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(p.Out, usage)
		return 0
	case err != nil && !errors.As(err, new(missing)):
		_, _ = fmt.Fprintf(p.Err, "invoke: %v\n\n%s", err, usage)
		return 2
	}
	if err == nil {
		err = asked.do(ctx, p)
	}
	if err != nil {
		_, _ = fmt.Fprintf(p.Err, "invoke: %v\n", err)
		return 1
	}
	return 0
}

func (r request) do(ctx context.Context, p Process) error {
	text, err := r.text(p.Root)
	if err != nil {
		return err
	}
	if r.print {
		if _, err := io.WriteString(p.Out, text); err != nil {
			return fmt.Errorf("print the event: %w", err)
		}
		return nil
	}
	running, err := readProduct(p.Running)
	if err != nil {
		return err
	}
	event, err := running.fill(ctx, text, r.values)
	if err != nil {
		return err
	}
	answer, err := invoke(ctx, r.function, running.Environment, event, p)
	if err != nil {
		return err
	}
	return show(p.Out, answer)
}

// invoke builds a function from its current source, passes it an event and returns its answer. It
// writes what the function logs to Err.
func invoke(
	ctx context.Context, function string, env map[string]string, event []byte, p Process,
) ([]byte, error) {
	folder, err := os.MkdirTemp("", "invoke")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the function: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	bootstraps, err := harness.Build(ctx, p.Root, folder,
		map[string]string{function: "identitypools/functions/" + function + "/lambda"})
	if err != nil {
		return nil, err
	}
	f, err := harness.Start(ctx, bootstraps[function], env)
	if err != nil {
		return nil, err
	}
	answer, err := answerOf(ctx, f, event)
	f.Stop() // after that the output is complete
	_, _ = io.WriteString(p.Err, f.Output())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", function, err)
	}
	return answer, nil
}

func answerOf(ctx context.Context, f *harness.Function, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	return f.Invoke(ctx, event)
}
