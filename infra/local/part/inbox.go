package part

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"path/filepath"
	"strconv"

	"identitypools/infra/local/node"
)

// inboxProgram is the program of the inbox's process. Its arguments are the folder of the inbox's modules,
// the port, and the file for mails, which may be "".
//
//go:embed inbox.js
var inboxProgram string

// Inbox starts a server with the API of SES that delivers nothing. It shows all mails on a web page
// at its URL, and each one at the path that [MailPath] returns. It stores the mails in memory, so a crash
// loses them, unless [KeepsMails] names a file. At the same URL is the list of addresses to which SES
// sends nothing; it lives as long as this process. If a program is missing, the error says how to
// install it.
func Inbox(ctx context.Context, log io.Writer, options ...Option) (*Part, error) {
	program, err := node.Path()
	if err != nil {
		return nil, err
	}
	script, err := installed("aws-ses-v2-local", "dist", "index.js")
	if err != nil {
		return nil, errors.New("no SES inbox here: run `npm ci`")
	}
	wanted := wishes(options)
	p, err := Start(ctx, log, Program{Name: "inbox", Path: program, Args: func(port int) []string {
		return []string{"--eval", inboxProgram, filepath.Dir(script), strconv.Itoa(port), wanted.mails}
	}})
	if err != nil {
		return nil, err
	}
	front, closeFront, err := serveSES(p.url, wanted.port)
	if err != nil {
		p.Stop()
		return nil, err
	}
	stop := p.stop
	p.front, p.stop = front, func() { closeFront(); stop() }
	return p, nil
}
