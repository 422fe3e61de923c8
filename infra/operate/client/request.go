package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

const usage = `API clients of a tenant: who they are, and the secrets that they get their tokens with.

  client create --tenant T --tree admin|system [--scopes A,B] [--name NAME] [--id ID]
      makes a client and prints its secret, this once. Scopes of the admin tree: identity_admin. Of the system tree: identity,
      identity_self_registration. Without --scopes all of the tree, without --tree the one that has the scopes, without --id a random one.
  client list --tenant T
      lists the clients, in the order of their ids.
  client rotate --tenant T --id ID
      adds a second secret and prints it, this once. Both work until the older one is retired.
  client retire --tenant T --id ID
      takes the older of two secrets away.
  client revoke --tenant T --id ID
      deletes a client. Tokens that it has work until they expire, for at most an hour.

  --table NAME         the table; otherwise TABLE_NAME of the environment, or identity-pools
  --local              the table of the product that make run has started in this folder
  --output text|json   json is an object a line; text is the default

AWS is reached as its own tools reach it: AWS_PROFILE or variables, at AWS_ENDPOINT_URL_DYNAMODB if that is set.
From the project's folder, client is: go run ./infra/operate/client
`

// A request is what the arguments of the command ask for.
type request struct {
	command  string
	spec     ClientSpec // commands other than create use only its tenant and id
	location TableLocation
	output   string
}

// parse parses the arguments. Its error is flag.ErrHelp, or a sentence for the operator.
func parse(args []string) (request, error) {
	if len(args) == 0 {
		return request{}, errors.New("a command must be given")
	}
	r := request{command: args[0]}
	flags := flag.NewFlagSet(r.command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints the usage
	flags.StringVar(&r.spec.Tenant, "tenant", "", "")
	flags.StringVar(&r.location.Table, "table", "", "")
	flags.BoolVar(&r.location.Local, "local", false, "")
	flags.StringVar(&r.output, "output", "text", "")
	switch r.command {
	case "create":
		flags.StringVar(&r.spec.ID, "id", "", "")
		flags.StringVar((*string)(&r.spec.Caller), "tree", "", "")
		flags.StringVar(&r.spec.Name, "name", "", "")
		flags.Func("scopes", "", func(text string) error {
			r.spec.Scopes = strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' })
			if len(r.spec.Scopes) == 0 {
				return errors.New("no scope is named")
			}
			return nil
		})
	case "rotate", "retire", "revoke":
		flags.StringVar(&r.spec.ID, "id", "", "")
	case "list":
	case "help", "-h", "-help", "--help":
		return r, flag.ErrHelp
	default:
		return r, fmt.Errorf("there is no command %q", r.command)
	}
	if err := flags.Parse(args[1:]); err != nil {
		return r, err
	}
	return r, r.validate(flags.Args())
}

// validate checks that the request is complete and that no arguments are left besides the flags.
func (r request) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case r.output != "text" && r.output != "json":
		return errors.New("--output must be text or json")
	case r.spec.Tenant == "":
		return errors.New("--tenant must be given")
	case r.spec.ID == "" && r.command != "create" && r.command != "list":
		return errors.New("--id must be given")
	}
	return nil
}
