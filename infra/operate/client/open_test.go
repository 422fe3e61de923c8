package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// process runs the command in a process of its own, in the given folder and with the given
// environment.
func process(t *testing.T, folder string, environment []string, args ...string) result {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &out, &complaint
	cmd.Env = slices.Concat(environment, []string{"AS_CLIENT=1", "AWS_EC2_METADATA_DISABLED=true"})
	var ended *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), complaint.String()}
}

// The flag or else the environment names the table. It is at the endpoint of the SDK's own
// variable.
func TestTheEnvironmentNamesTheTable(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.mustRun(t, "create", "--tree", "admin", "--id", "found")
	aws := []string{
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_ENDPOINT_URL_DYNAMODB=" + parttest.Engine(t),
	}
	list := []string{"list", "--tenant", o.tenant}
	for _, test := range []struct {
		name        string
		environment []string
		flags       []string
		status      int
		want        string
	}{
		{"the variable", slices.Concat(aws, []string{"TABLE_NAME=" + o.product.TableName}), nil, 0, "found"},
		{"the flag goes first", slices.Concat(aws, []string{"TABLE_NAME=other"}), []string{"--table", o.product.TableName}, 0, "found"},
		{"a table that is not there", slices.Concat(aws, []string{"TABLE_NAME=missing-table"}), nil, 1, "there is no such table"},
		{"no region", aws[1:], nil, 1, "no AWS region is set"},
		{"no credentials", aws[:1], nil, 1, "find AWS credentials"},
		{"wrong arguments", aws, []string{"--what"}, 2, "client create"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := process(t, t.TempDir(), test.environment, slices.Concat(list, test.flags)...)
			if got.status != test.status || !strings.Contains(got.out+got.err, test.want) {
				t.Errorf("it ends with %d, %q and %q", got.status, got.out, got.err)
			}
		})
	}
}

// The table of make run is found by the file that make run writes, whatever the environment says.
func TestTheLocalTable(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, func(c *system.Config) { c.Table, c.Quiet = "identity-pools", true })
	o := operator{product, "t-" + systemtest.Unique()}
	o.mustRun(t, "create", "--tree", "admin", "--id", "found")
	elsewhere := []string{"AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:1", "TABLE_NAME=other"}
	for _, test := range []struct {
		name, file string // if file is empty, there is none
		status     int
		want       string
	}{
		{"running", `{"dynamodb_url":"` + parttest.Engine(t) + `"}`, 0, "found"},
		{"not running", "", 1, "start it by make run"},
		{"another file", `{}`, 1, "names no dynamodb_url"},
		{"a broken file", `{`, 1, "run.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if test.file != "" {
				if err := os.Mkdir(filepath.Join(folder, ".local"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, ".local", "run.json"), []byte(test.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := process(t, folder, elsewhere, "list", "--tenant", o.tenant, "--local")
			if got.status != test.status || !strings.Contains(got.out+got.err, test.want) {
				t.Errorf("it ends with %d, %q and %q", got.status, got.out, got.err)
			}
		})
	}
}
