package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"identitypools/functions"
)

const usage = `Has one function, built as it is now, do one event, against the product that make run has started here.

  invoke -event FILE [-function NAME] [-set CODE=123456]…

  -event FILE      the event; its placeholders are told in events/README.md
  -function NAME   the function; otherwise that of the operation which the file is named for
  -set NAME=VALUE  stands for a placeholder that only you know: TICKET, CODE or EXTENDED_CODE; may be repeated

From the project's folder, invoke is: go run ./infra/local/invoke
`

// known returns the placeholders whose values only the user knows.
func known() []string { return []string{"TICKET", "CODE", "EXTENDED_CODE", "COOKIE"} }

// request is what the arguments ask for.
type request struct {
	event, function string
	values          map[string]string // by placeholder
}

// parse reads the arguments. Its errors are sentences for the user, or flag.ErrHelp.
func parse(args []string) (request, error) {
	r := request{values: map[string]string{}}
	flags := flag.NewFlagSet("invoke", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints the usage
	flags.StringVar(&r.event, "event", "", "")
	flags.StringVar(&r.function, "function", "", "")
	flags.Func("set", "", func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found || !slices.Contains(known(), name) {
			return fmt.Errorf("must be NAME=VALUE, and the name one of %s", strings.Join(known(), ", "))
		}
		r.values[name] = value
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return r, err
	}
	switch {
	case flags.NArg() > 0:
		return r, fmt.Errorf("%q is no flag", flags.Arg(0))
	case r.event == "":
		return r, errors.New("-event must be given")
	}
	return r.withFunction()
}

// withFunction returns the request with the function that serves the event's operation, unless the
// arguments name a function.
func (r request) withFunction() (request, error) {
	names := []string{"courier"} // it has no route
	operation := strings.TrimSuffix(filepath.Base(r.event), ".json")
	for _, route := range functions.Routes() {
		names = append(names, route.Function)
		if r.function == "" && route.Name == operation {
			r.function = route.Function
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case r.function == "":
		return r, fmt.Errorf("no operation is named %s: name the function by -function, one of %s",
			operation, strings.Join(names, ", "))
	case !slices.Contains(names, r.function):
		return r, fmt.Errorf("there is no function %q but %s", r.function, strings.Join(names, ", "))
	}
	return r, nil
}
