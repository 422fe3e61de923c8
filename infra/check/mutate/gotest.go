package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// testTimeout limits the tests of a protection. Only a test that waits for something that never
// happens takes so long.
const testTimeout = "3m"

// result is the result of a run of tests.
type result struct {
	ran    int
	failed []string // the names of tests, without subtests
}

// event is a line of the output of go test -json (see go doc test2json).
type event struct{ Action, Package, Test, Output string }

// goTest runs tests of the tree. It returns an error if they show nothing, because they could not
// be built, did not end, or because a package failed and none of its tests did.
func (t tree) goTest(ctx context.Context, tests Tests) (result, error) {
	args := append([]string{
		"-C", filepath.Join(string(t), tests.Module), "test", "-json", "-count=1", "-vet=off", "-failfast", "-trimpath",
		"-timeout", testTimeout,
	}, tests.Packages...)
	if tests.Pattern != "" {
		args = append(args, "-run", tests.Pattern)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = string(t), append(os.Environ(), "GOWORK=off", "PWD="+string(t))
	// go test then ends its children
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var other strings.Builder
	cmd.Stderr = &other
	out, err := cmd.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	if err := cmd.Start(); err != nil {
		return result{}, fmt.Errorf("start go test: %w", err)
	}
	r, said := read(out)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case said.unbuilt:
		return r, errors.New("it does not compile:\n" + said.text())
	case said.endless:
		return r, fmt.Errorf("the tests did not end in %s", testTimeout)
	case err != nil && len(r.failed) == 0:
		return r, fmt.Errorf("go test failed and no test did: %w\n%s%s", err, said.text(), other.String())
	}
	return r, nil
}

// saying is the output of go test, besides which tests failed.
type saying struct {
	unbuilt, endless bool
	last             []string
}

// read reads the events of go test. Lines that are not events are output.
func read(from io.Reader) (r result, said saying) {
	decoder := json.NewDecoder(from)
	for {
		var e event
		if err := decoder.Decode(&e); err != nil {
			_, _ = io.Copy(io.Discard, from)
			return r, said
		}
		isTest := e.Test != "" && !strings.Contains(e.Test, "/")
		switch {
		case e.Action == "build-fail":
			said.unbuilt = true
		case e.Action == "fail" && isTest:
			r.failed = append(r.failed, e.Test)
		case e.Action == "run" && isTest:
			r.ran++
		case e.Action == "output" || e.Action == "build-output":
			said.endless = said.endless || strings.HasPrefix(e.Output, "panic: test timed out")
			said.last = append(said.last, e.Output)
		}
	}
}

// text returns the end of the output.
func (s saying) text() string {
	const most = 20 // lines
	return strings.Join(s.last[max(0, len(s.last)-most):], "")
}
