// Sam, the command behind `make sam`, writes .local/sam.json. With that file SAM runs the functions
// of a synthesized template against the product that `make run` has started. No package imports it.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"identitypools/infra/local/running"
)

func main() {
	os.Exit(Run(os.Args[1:], ".local", os.Stderr))
}

// Run writes sam.json into the folder that make run uses, and returns the exit status: 0 on
// success, 1 if it failed, 2 if the arguments are invalid.
func Run(args []string, folder string, log io.Writer) int {
	flags := flag.NewFlagSet("sam", flag.ContinueOnError)
	flags.SetOutput(log)
	template := flags.String("template", filepath.Join("cdk.out", "IdentityPools.template.json"),
		"the template that cdk synth made")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := write(*template, folder); err != nil {
		_, _ = fmt.Fprintf(log, "sam: %v\n", err)
		return 1
	}
	return 0
}

func write(template, folder string) error {
	local, err := running.Read(filepath.Join(folder, "run.json"))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(template)
	if err != nil {
		return fmt.Errorf("read the template, which npx cdk synth makes: %w", err)
	}
	file, err := File(text, local.Environment)
	if err != nil {
		return err
	}
	// it contains secrets
	if err := os.WriteFile(filepath.Join(folder, "sam.json"), file, 0o600); err != nil {
		return fmt.Errorf("write the variables: %w", err)
	}
	return nil
}
