package part

import (
	"context"
	"errors"
	"io"
	"strconv"

	"identitypools/infra/local/node"
)

// listen is the program of the queue's process, whose arguments are the module and the port. The
// command line of fauxqs would listen on every interface.
const listen = `const { buildApp } = await import(process.argv[1]); ` +
	`await buildApp({ logger: false }).listen({ host: "127.0.0.1", port: Number(process.argv[2]) });`

// Queue starts a server with the API of SQS. It stores queues and their entries in memory, so a crash
// loses them. If a program is missing, the error says how to install it.
func Queue(ctx context.Context, log io.Writer, options ...Option) (*Part, error) {
	program, err := node.Path()
	if err != nil {
		return nil, err
	}
	module, err := installed("fauxqs", "dist", "app.js")
	if err != nil {
		return nil, errors.New("no queue here: run `npm ci`")
	}
	return Start(ctx, log, Program{Name: "queue", Path: program, Port: wishes(options).port, Args: func(port int) []string {
		return []string{"--input-type=module", "--eval", listen, module, strconv.Itoa(port)}
	}})
}
