// Run, the command behind `make run`, runs the whole product on one machine with a real DynamoDB
// engine, a queue and an SES inbox, and without an AWS account. It stores its data in the folder .local and
// finds it there at the next start; `make clean` deletes it.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"identitypools/infra/local/part"
	"identitypools/infra/local/running"
	"identitypools/infra/local/system"
	"identitypools/shared/retry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Run(ctx, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1)
	}
}

// Run starts everything, prints how to use it, and stops everything when ctx ends.
func Run(ctx context.Context, out, log io.Writer) error {
	root, err := part.Root()
	if err != nil {
		return err
	}
	folder := filepath.Join(root, ".local")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make folder for what is stored: %w", err)
	}
	kept, err := readSecrets(filepath.Join(folder, "secrets.json"))
	if err != nil {
		return err
	}
	engine, err := part.Engine(ctx, log, filepath.Join(folder, "dynamodb.sqlite"))
	if err != nil {
		return err
	}
	defer engine.Stop()
	queue, err := part.Queue(ctx, log)
	if err != nil {
		return err
	}
	defer queue.Stop()
	inbox, err := part.Inbox(ctx, log)
	if err != nil {
		return err
	}
	defer inbox.Stop()
	for _, p := range []*part.Part{engine, queue, inbox} {
		withdraw, err := offer(p, os.Getenv("HOST"))
		if err != nil {
			return err
		}
		defer withdraw()
	}
	product, err := system.Start(ctx, system.Config{
		DynamoDBURL: engine.URL(), SQSURL: queue.URL(), SESURL: inbox.URL(), Table: "identity-pools",
		Address:     "127.0.0.1:" + cmp.Or(os.Getenv("PORT"), "8080"),
		Environment: kept.environment(), Checkpoint: filepath.Join(folder, "stream.json"), Now: time.Now,
		Retry: retry.Random(), Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	if err != nil {
		return err
	}
	defer product.Stop()
	for _, client := range kept.clients(time.Now()) {
		if err := product.EnsureClient(ctx, client.Client, client.secret); err != nil {
			return err
		}
	}
	ready := filepath.Join(folder, "run.json")
	running := runningOf(product, inbox.URL(), engine.URL(), queue.URL(), kept)
	if err := makeDemo(ctx, running); err != nil {
		return err
	}
	if err := running.Write(ready); err != nil {
		return err
	}
	defer func() { _ = os.Remove(ready) }() // the file exists while the product runs
	if err := announce(out, running); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// offer makes a part also answer at another address of this machine, on the same port, until
// withdraw is called. Containers need that: they reach this machine at an address of their bridge,
// but never at its loopback address. The part itself still listens on loopback only. With an empty
// host, offer has no effect.
func offer(p *part.Part, host string) (withdraw func(), err error) {
	if host == "" || host == "127.0.0.1" || p.PID() == 0 {
		return func() {}, nil
	}
	if address, err := netip.ParseAddr(host); err != nil || address.IsUnspecified() {
		return nil,
			fmt.Errorf("HOST is %q and must be one IP address of this machine, such as 172.17.0.1", host)
	}
	target, err := url.Parse(p.URL())
	if err != nil {
		return nil, fmt.Errorf("read the address of a part: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, target.Port()))
	if err != nil {
		return nil, fmt.Errorf("offer %s at HOST: %w", p.URL(), err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return func() { _ = server.Close() }, nil
}

// runningOf returns the description of the product for .local/run.json.
func runningOf(product *system.System, inbox, engine, queue string, s secrets) running.Product {
	return running.Product{
		BaseURL: product.BaseURL, InboxURL: inbox, DynamoDBURL: engine, SQSURL: queue, Tenant: tenant,
		Environment: product.Environment,
		Clients: map[string]running.Client{
			"admin":  {ID: adminClient, Secret: s.AdminClient},
			"system": {ID: systemClient, Secret: s.SystemClient},
		},
		Application: running.Application{
			Issuer: product.BaseURL + "/" + tenant + "/" + demo, ID: demo, Secret: s.Application, RedirectURI: demoHome + "callback",
		},
		User: running.User{Identifier: demoUser, Password: s.Password},
	}
}

// announce prints what a person can do next.
func announce(out io.Writer, p running.Product) error {
	_, err := fmt.Fprintf(out, `
Identity Pools is running.

  API     %[1]s   (tenant %[4]s)
  Pages   %[1]s/%[4]s/pools/POOL/register   where people sign up for a pool of yours
  Inbox   %[2]s   every mail that is sent, on a web page
  Table   %[3]s
  Queue   %[9]s

  Admin client    %[5]s   %[6]s
  System client   %[7]s   %[8]s

  Sign in      %[10]s/signin
  User         %[11]s   %[12]s
  Application  %[13]s   %[14]s   of the workspace (issuer) %[10]s
               with the redirect URI %[15]s: docs/signin.md
  The same as JSON: .local/run.json. Ctrl-C stops everything.

Get a token, then list the pools:

  TOKEN=$(curl -s -u %[5]s:%[6]s -d grant_type=client_credentials %[1]s/%[4]s/admin/oauth2/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s -H "Authorization: Bearer $TOKEN" %[1]s/api/identity/%[4]s/admin/pools

`, p.BaseURL, p.InboxURL, p.DynamoDBURL, p.Tenant, p.Clients["admin"].ID, p.Clients["admin"].Secret, p.Clients["system"].ID, p.Clients["system"].Secret,
		p.SQSURL, p.Application.Issuer, p.User.Identifier, p.User.Password, p.Application.ID, p.Application.Secret,
		p.Application.RedirectURI)
	return err
}
