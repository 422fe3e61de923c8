// Install, the command behind `make install`, brings the programs of package.json into node_modules
// by `npm ci`. What commonly goes wrong there, it says in one sentence: Node.js is missing or too old,
// or nothing of npm's registry can be reached. No package imports it.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

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
	arguments := []string{"ci", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"}
	if !isReachable(ctx, npm) {
		arguments = append(arguments, "--offline")
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, arguments...)
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

// patience is how long a connection to npm's registry may take.
const patience = 5 * time.Second

// isReachable reports whether npm's registry can be reached, as far as that is known: with a proxy it is
// not. Without a network, npm itself is silent for a minute or longer before it gives up. If it is told to
// use only its cache, it says at once that something is not there.
func isReachable(ctx context.Context, npm string) bool {
	out, err := exec.CommandContext(ctx, npm, "config", "get", "registry", "proxy", "https-proxy").Output()
	if err != nil {
		return true // npm ci says what is wrong
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		settings[name] = value
	}
	registry, err := url.Parse(settings["registry"])
	if err != nil || registry.Hostname() == "" || settings["proxy"] != "null" || settings["https-proxy"] != "null" {
		return true
	}
	address := net.JoinHostPort(registry.Hostname(), cmp.Or(registry.Port(), registry.Scheme))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	return err == nil && connection.Close() == nil
}

// unreachable returns npm's word for why it could not reach its registry, or "" if it failed for
// another reason.
func unreachable(said []byte) string {
	codes := regexp.MustCompile(`\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|` +
		`ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|ECONNECTIONTIMEOUT|FETCH_ERROR|ENOTCACHED|network timeout)\b`)
	return string(codes.Find(said))
}
