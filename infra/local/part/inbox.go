package part

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
)

// Inbox starts an SES that delivers nothing and shows each mail on a web page at its URL. It keeps them in memory: a
// crash loses them. A missing program is an error that says what to do.
func Inbox(ctx context.Context, log io.Writer) (*Part, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("no Node.js here, which the SES inbox needs: install version 20 or later")
	}
	script, err := installed("aws-ses-v2-local", "dist", "cli.js")
	if err != nil {
		return nil, errors.New("no SES inbox here: run `npm ci`")
	}
	return Start(ctx, log, Program{Name: "inbox", Path: node, Args: func(port int) []string {
		// Without a host it would listen on every interface.
		return []string{script, "--host", "127.0.0.1", "--port", strconv.Itoa(port)}
	}})
}
