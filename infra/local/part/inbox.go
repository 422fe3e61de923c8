package part

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
)

// Inbox starts a server with the API of SES that delivers nothing. It shows each mail on a web page
// at its URL. It stores the mails in memory, so a crash loses them. At the same URL is the list of
// addresses to which SES sends nothing; it lives as long as this process. If a program is missing, the
// error says how to install it.
func Inbox(ctx context.Context, log io.Writer) (*Part, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("no Node.js here, which the SES inbox needs: install version 20 or later")
	}
	script, err := installed("aws-ses-v2-local", "dist", "cli.js")
	if err != nil {
		return nil, errors.New("no SES inbox here: run `npm ci`")
	}
	p, err := Start(ctx, log, Program{Name: "inbox", Path: node, Args: func(port int) []string {
		// Without --host the server would listen on every interface.
		return []string{script, "--host", "127.0.0.1", "--port", strconv.Itoa(port)}
	}})
	if err != nil {
		return nil, err
	}
	front, closeFront, err := serveSES(p.url)
	if err != nil {
		p.Stop()
		return nil, err
	}
	stop := p.stop
	p.front, p.stop = front, func() { closeFront(); stop() }
	return p, nil
}
