// Package node finds Node.js, which runs the programs that stand in for SQS and SES. Package part
// and the command install use it.
package node

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Oldest is the oldest major version of Node.js that the programs run on.
const Oldest = 20

// answersWithin is how long Node.js may take to say its version, on a busy machine.
const answersWithin = 20 * time.Second

// Path returns the path of Node.js. If none is on the PATH, the error is a sentence that says how to
// get one. Path does not look at the version, which takes a process: see [Check].
func Path() (string, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return "", fmt.Errorf("no Node.js here: install version %d or later, from https://nodejs.org or by your packages", Oldest)
	}
	return path, nil
}

// Check returns an error if Node.js is missing, is older than Oldest, or does not start. The error is
// one sentence that says what to do.
func Check(ctx context.Context) error {
	path, err := Path()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	version := strings.TrimSpace(string(out))
	if err != nil || version == "" {
		return errors.New("the Node.js here (" + path + ") does not start: install version " + strconv.Itoa(Oldest) + " or later")
	}
	digits, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if major, err := strconv.Atoi(digits); err != nil || major < Oldest {
		return fmt.Errorf("the Node.js here (%s) is %s, which is too old: install version %d or later", path, version, Oldest)
	}
	return nil
}
