package main_test

import (
	"strings"
	"testing"
)

// Invalid arguments end the command with status 2, a sentence and the usage, and nothing is done.
func TestArgumentsThatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	for _, test := range []struct{ args, want string }{
		{"", "a command must be given"},
		{"remove --tenant t", `there is no command "remove"`},
		{"create", "--tenant must be given"},
		{"list", "--tenant must be given"},
		{"rotate --tenant t", "--id must be given"},
		{"retire --tenant t", "--id must be given"},
		{"revoke --tenant t", "--id must be given"},
		{"list --tenant t --output yaml", "--output must be text or json"},
		{"list --tenant t --id x", "flag provided but not defined: -id"},
		{"rotate --tenant t --id x --tree admin", "flag provided but not defined: -tree"},
		{"list --tenant", "flag needs an argument: -tenant"},
		{"create --tenant t --tree admin --scopes ,", "no scope is named"},
		{"replay", `there is no command "replay"`},
		{"revoke --tenant t --id x y", `"y" is no flag`},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			got := o.run(t, strings.Fields(test.args)...)
			if got.status != 2 || got.out != "" || !strings.Contains(got.err, test.want) ||
				!strings.Contains(got.err, "client create --tenant T") {
				t.Errorf("it ends with %d, %q and %q", got.status, got.out, got.err)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	for _, args := range []string{"help", "-h", "--help", "create --help", "list -h"} {
		got := o.run(t, strings.Fields(args)...)
		if got.status != 0 || got.err != "" || !strings.Contains(got.out, "client rotate --tenant T --id ID") {
			t.Errorf("%s ends with %d, %q and %q", args, got.status, got.out, got.err)
		}
	}
}

// People read a created client line by line. Its secret is printed once, and never again.
func TestWhatPeopleRead(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	if got := o.runForTenant(t, "list"); got.status != 0 || got.out != "" ||
		!strings.Contains(got.err, "has no clients") {
		t.Errorf("an empty list is %d, %q and %q", got.status, got.out, got.err)
	}
	made := o.runForTenant(t, "create", "--tree", "system", "--id", "back-end", "--name", "Back end")
	fields := map[string]string{}
	for line := range strings.Lines(made.out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields[name] = strings.TrimSpace(value)
	}
	secret := fields["secret"]
	if len(secret) != 43 || fields["tenant"] != o.tenant || fields["id"] != "back-end" ||
		fields["name"] != "Back end" || fields["scopes"] != "identity,identity_self_registration" {
		t.Errorf("it prints %q", made.out)
	}
	if strings.Contains(made.err, secret) || !strings.Contains(made.err, "can't be shown again") {
		t.Errorf("its notes are %q", made.err)
	}
	o.checkSecrets(t, printedClient{ID: "back-end", Tree: "system"}, map[string]bool{secret: true})
	stored, err := o.product.Table.Clients.Get(t.Context(), o.tenant, "back-end")
	if err != nil {
		t.Fatal(err)
	}
	for _, output := range []string{"text", "json"} {
		listed := o.runForTenant(t, "list", "--output", output)
		if !strings.Contains(listed.out, "Back end") || strings.Contains(listed.out, secret) ||
			strings.Contains(listed.out, stored.Secrets[0]) {
			t.Errorf("the list as %s is %q", output, listed.out)
		}
	}
}
