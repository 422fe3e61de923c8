// Mutate, the command behind `make mutate`, removes the product's protections one at a time and
// reports those whose removal no test notices. The lists in the folder protections describe the
// protections. Each one is removed in a copy of the project's folder, and one of the tests that the
// list names must then fail. The folder itself is not changed. No package imports the command.
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
	"slices"
	"strings"
	"syscall"

	"identitypools/infra/local/part"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `Takes the product's protections out, one at a time, and says which of them no test holds.

  mutate [-run TEXT] [-list] [-at-once N]

  -run TEXT    only protections whose sentence or file has the text
  -list        print the protections, and run nothing
  -at-once N   how many are tried at the same time, 2 by default

From the project's folder, mutate is: go run ./infra/check/mutate
`

// lists is the folder with the lists of protections.
const lists = "infra/check/mutate/protections"

// Run carries out the command with the arguments and returns the exit status: 0 on success, 1 if no
// test notices the removal of a protection or one could not be tried, 2 if the arguments are
// invalid.
func Run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parseArgs(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, usage)
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(errs, "mutate: %v\n\n%s", err, usage)
		return 2
	}
	root, err := part.Root()
	if err == nil {
		err = o.run(ctx, root, out)
	}
	if err != nil {
		_, _ = fmt.Fprintf(errs, "mutate: %v\n", err)
		return 1
	}
	return 0
}

type options struct {
	text   string
	list   bool
	atOnce int
}

// parseArgs reads the arguments. Its errors are sentences for the user, or flag.ErrHelp.
func parseArgs(args []string) (o options, err error) {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints the usage
	flags.StringVar(&o.text, "run", "", "")
	flags.BoolVar(&o.list, "list", false, "")
	flags.IntVar(&o.atOnce, "at-once", 2, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	case o.atOnce < 1 || o.atOnce > 64:
		return o, errors.New("-at-once must be from 1 to 64")
	}
	return o, nil
}

func (o options) run(ctx context.Context, root string, out io.Writer) error {
	all, err := Read(os.DirFS(filepath.Join(root, lists)))
	if err != nil {
		return err
	}
	chosen := slices.DeleteFunc(all, func(p Protection) bool { return !p.has(o.text) })
	if len(chosen) == 0 {
		return fmt.Errorf("no protection has %q in its sentence or file", o.text)
	}
	if o.list {
		for _, p := range chosen {
			_, _ = fmt.Fprintf(out, "%-40s %s\n", p.File, p.Sentence)
		}
		return nil
	}
	return try(ctx, root, chosen, o.atOnce, out)
}

func (p Protection) has(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(strings.ToLower(p.Sentence), text) ||
		strings.Contains(strings.ToLower(p.File), text)
}
