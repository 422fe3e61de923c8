// Guard, which make deploy runs before each deploy, refuses a deploy that would make a stack work
// with another table than it does now. Such a deploy succeeds, and all data seems to be gone: if
// the stack works with a restored table and the setting restoredStream is forgotten, CloudFormation
// creates a new, empty table. Guard compares the template that is deployed with the one that was
// synthesized. It only reads.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `Refuses a deploy after which a stack would work with another table.

  guard [-assembly cdk.out] [-other-table] [-- arguments of the CDK]

  -assembly FOLDER  where the CDK has synthesized the template
  -other-table      allows another table; the stack is not even looked at

Of the arguments of the CDK, --profile and --region apply here, too.
`

// Run runs the command and returns the exit status: 0 if the deploy may go on, 1 if it must not or
// if that could not be found out, and 2 if the arguments are invalid.
func Run(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("guard", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints the usage
	assembly := flags.String("assembly", "cdk.out", "")
	otherTable := flags.Bool("other-table", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, usage)
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(errs, "guard: %v\n\n%s", err, usage)
		return 2
	case *otherTable:
		_, _ = fmt.Fprintln(out, "guard: the stack may get another table, as was asked for")
		return 0
	}
	if err := check(ctx, *assembly, flags.Args()); err != nil {
		_, _ = fmt.Fprintf(errs, "guard: %v\n", err)
		return 1
	}
	return 0
}

// check returns an error unless the deploy of an assembly leaves the stack's table as it is.
func check(ctx context.Context, assembly string, cdk []string) error {
	next, err := readAssembly(assembly)
	if err != nil {
		return err
	}
	deployed, err := readDeployed(ctx, next.name, cdk)
	if err != nil || deployed == nil {
		return err
	}
	return compare(next.name, *deployed, next.template)
}
