// Install, the command behind `make install`, brings the programs of package.json into node_modules
// by `npm ci`. What commonly goes wrong there, it says in one sentence: Node.js is missing or too old,
// or nothing of npm's registry can be reached. No package imports it.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"

	"identitypools/infra/local/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Run(ctx, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "make install:", err)
		os.Exit(1)
	}
}

// Run runs npm in the working directory, which is the project's folder. It writes what npm says to out and,
// unless npm had no way to its registry, its errors to log. Its errors are sentences for the user.
func Run(ctx context.Context, out, log io.Writer) error {
	if err := node.Check(ctx); err != nil {
		return err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("no npm here, which comes with Node.js: install it, too")
	}
	_, _ = fmt.Fprintln(out, "npm ci: fetching the engine, the queue and the inbox, once")
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, arguments()...)
	cmd.Stdout, cmd.Stderr = out, &said
	err = cmd.Run()
	if err == nil {
		_, _ = log.Write(said.Bytes())
		return nil
	}
	if why := unreachable(said.Bytes()); why != "" {
		return fmt.Errorf("npm can't reach its registry (%s): is there a network, or is a proxy missing (npm config set proxy …)?", why)
	}
	_, _ = log.Write(said.Bytes())
	return fmt.Errorf("npm ci failed: %w", err)
}

// arguments returns the arguments of npm. By default npm is silent for a minute or longer before it
// gives up: it waits five minutes for an answer, and ten seconds and then a minute before it tries again.
func arguments() []string {
	return []string{
		"ci", "--fetch-timeout=10000", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000",
	}
}

// unreachable returns npm's word for why it could not reach its registry, or "" if it failed for
// another reason.
func unreachable(said []byte) string {
	codes := regexp.MustCompile(`\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|` +
		`ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|ECONNECTIONTIMEOUT|FETCH_ERROR|request-timeout|network timeout)\b`)
	return string(codes.Find(said))
}
