package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"identitypools/infra/deploy/gateway"
	"identitypools/infra/local/running"
)

// settings are what the arguments of the command ask for.
type settings struct {
	url, adminFile, systemFile string
	origin, recipient          string
	publicRate                 int
	local                      bool
}

// parse parses the arguments. Its error is flag.ErrHelp, or a sentence for the operator.
func parse(args []string, getenv func(string) string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("smoke", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints the usage
	flags.StringVar(&s.url, "url", getenv("BASE_URL"), "")
	flags.StringVar(&s.adminFile, "admin", "", "")
	flags.StringVar(&s.systemFile, "system", "", "")
	flags.StringVar(&s.origin, "origin", "", "")
	flags.StringVar(&s.recipient, "recipient", "", "")
	flags.IntVar(&s.publicRate, "public-rate", 0, "")
	flags.BoolVar(&s.local, "local", false, "")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	return s, s.validate(flags.Args())
}

// validate checks that the settings are complete and that no arguments are left besides the flags.
func (s settings) validate(rest []string) error {
	address, err := url.Parse(s.url)
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case s.publicRate < 0 || s.publicRate > 10_000:
		return errors.New("-public-rate must be from 1 to 10000, or 0 for no check")
	case s.local:
		return nil
	case s.url == "" || s.adminFile == "" || s.systemFile == "":
		return errors.New("-url, -admin and -system must be given, or -local")
	case err != nil || address.Host == "" || strings.TrimRight(s.url, "/") != address.Scheme+"://"+address.Host:
		return fmt.Errorf("-url must be an address without a path, like https://id.example.com, and is %q", s.url)
	}
	return nil
}

// target is the deployment that is checked.
type target struct {
	base, tenant  string
	admin, system client
	settings
}

// client is an API client, as client create prints it.
type client struct{ Tenant, ID, Secret, Tree string }

// target returns the deployment that the settings name.
func (s settings) target() (target, error) {
	if s.local {
		return s.localTarget()
	}
	t := target{base: strings.TrimRight(s.url, "/"), settings: s}
	for tree, file := range map[string]string{"admin": s.adminFile, "system": s.systemFile} {
		var c client
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &c)
		}
		if err != nil {
			return t, fmt.Errorf("read the %s client: %s: %w", tree, file, err)
		}
		if c.Tree != tree || c.Tenant == "" || c.ID == "" || c.Secret == "" {
			return t, fmt.Errorf("%s must have tenant, id, secret and the tree %q of a client, "+
				"as client create --output json prints it", file, tree)
		}
		if tree == "admin" {
			t.admin = c
		} else {
			t.system = c
		}
	}
	if t.tenant = t.admin.Tenant; t.tenant != t.system.Tenant {
		return t, fmt.Errorf("the clients belong to two tenants: %s and %s", t.tenant, t.system.Tenant)
	}
	return t, nil
}

// localTarget returns the product that make run has started.
func (s settings) localTarget() (target, error) {
	p, err := running.Read(filepath.Join(".local", "run.json"))
	if err != nil {
		return target{}, err
	}
	s.origin = gateway.Origin // the local gateway takes every origin
	of := func(tree string) client {
		return client{Tenant: p.Tenant, ID: p.Clients[tree].ID, Secret: p.Clients[tree].Secret, Tree: tree}
	}
	return target{base: p.BaseURL, tenant: p.Tenant, admin: of("admin"), system: of("system"), settings: s}, nil
}

// values returns the values of the placeholders of the steps before any step. The mailboxes are
// those of SES's mailbox simulator, which takes labels behind a plus sign, works in the sandbox, and
// counts neither for the quota nor for the rate of bounces
// (https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html).
func (t target) values(run string) map[string]string {
	return map[string]string{
		"base": t.base, "tenant": t.tenant, "run": run,
		"key":      "smoke-test-of-a-deployment-" + run, // keys have at least 32 characters
		"admin_id": t.admin.ID, "admin_secret": t.admin.Secret,
		"system_id": t.system.ID, "system_secret": t.system.Secret,
		"pool": "smoke-" + run, "other_pool": "smoke-" + run + "-2",
		"schema": "smoke-" + run, "other_schema": "smoke-" + run + "-2",
		"workspace": "smoke-" + run, "application": "smoke-" + run,
		"mailbox": "success+" + run, "bounce": "bounce+" + run + "@simulator.amazonses.com",
		"at": "@simulator.amazonses.com", "password": "smoke " + run + " test",
		"recipient": t.recipient,
	}
}
