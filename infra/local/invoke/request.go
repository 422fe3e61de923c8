package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"identitypools/functions"
	"identitypools/infra/local/sample"
)

const usage = `Builds one function from its current source and passes it one event, against the product that make run has started here.

  invoke -event EVENT [-function NAME] [-set CODE=123456]…
  invoke -event ROUTE -print

  -event EVENT     the name of a route, like admin.createPool, for its sample event, or a file with a complete event;
                   events/README.md explains the placeholders of events
  -function NAME   the function; otherwise that of the route, or of the route which the file is named for
  -set NAME=VALUE  the value of a placeholder that only you know, such as CODE: see events/README.md; may be repeated
  -print           print the complete event, with its placeholders, and pass it to no function

From the project's folder, invoke is: go run ./infra/local/invoke
`

// known returns the placeholders whose values only the user knows.
func known() []string {
	return []string{"TICKET", "CODE", "EXTENDED_CODE", "COOKIE", "CLIENT_SECRET", "REQUEST", "STEP"}
}

// request is what the arguments ask for.
type request struct {
	event, function string
	values          map[string]string // by placeholder
	print           bool
}

// parse reads the arguments. Its errors are sentences for the user, or flag.ErrHelp.
func parse(args []string) (request, error) {
	r := request{values: map[string]string{}}
	flags := flag.NewFlagSet("invoke", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints the usage
	flags.StringVar(&r.event, "event", "", "")
	flags.StringVar(&r.function, "function", "", "")
	flags.BoolVar(&r.print, "print", false, "")
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

// withFunction returns the request with the function that serves the event's route, unless the
// arguments name a function.
func (r request) withFunction() (request, error) {
	names := []string{"courier", "keeper", "relay"} // they have no routes
	name := strings.TrimSuffix(filepath.Base(r.event), ".json")
	for _, route := range functions.Routes() {
		names = append(names, route.Function)
		if r.function == "" && route.Name == name {
			r.function = route.Function
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case r.function == "" && !exists(r.event):
		return r, missing(r.event)
	case r.function == "":
		return r, fmt.Errorf("no route is named %s: name the function by -function, one of %s",
			name, strings.Join(names, ", "))
	case !slices.Contains(names, r.function):
		return r, fmt.Errorf("there is no function %q but %s", r.function, strings.Join(names, ", "))
	}
	return r, nil
}

// missing is the error for an event that is neither a file nor a route.
type missing string

func (event missing) Error() string {
	return "no file and no route is named " + string(event) + ": events/README.md tells which there are"
}

func exists(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// text returns the event, from its file or as the sample event of a route. The root is the project's
// folder.
func (r request) text(root string) (string, error) {
	set, err := sample.Read(root)
	if err != nil {
		return "", err
	}
	if event, ok := set[r.event]; ok {
		return event.JSON()
	}
	text, err := os.ReadFile(r.event)
	if errors.Is(err, fs.ErrNotExist) {
		return "", missing(r.event)
	}
	if err != nil {
		return "", fmt.Errorf("read the event: %w", err)
	}
	return string(text), nil
}
