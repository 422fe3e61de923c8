// Package system runs the whole product in one process. The functions are the same as in AWS. Each
// one is behind the event adapter. A gateway routes HTTP requests to them. One reader of the
// table's stream passes records to the keeper, and another one passes messages to the relay, which
// puts them into the queue of mails. From there pollers take them to the courier. DynamoDB, SQS and
// SES are replaced by servers that Config names by their URLs. The permissions of infra/deploy/plan
// are enforced: a call to AWS that a function has no permission for is refused. So is a mail with
// an address that SES does not take.
//
// `make run` and the tests start the product with this package. No part of the product imports it.
package system

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"

	"identitypools/functions"
	"identitypools/functions/courier"
	"identitypools/functions/keeper"
	"identitypools/functions/relay"
	"identitypools/infra/deploy/plan"
	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/mailqueue"
	"identitypools/shared/retry"
	"identitypools/shared/start"
	"identitypools/shared/table"
)

// Config is the configuration of a System.
type Config struct {
	// The URLs of the servers that replace DynamoDB, SQS and SES. Without SQS the product must be Quiet.
	DynamoDBURL, SQSURL, SESURL string
	Table                       string            // created if it is missing
	Address                     string            // of the gateway; "127.0.0.1:0" for any free port
	Listener                    net.Listener      // of the gateway, instead of Address; nil for none
	Environment                 map[string]string // of the functions; it overrides the defaults
	// Checkpoint is the name of a file that keeps the keeper's position in the stream. The queue's
	// position is in the file with "-mails" behind that name. If it is "", each start reads the stream
	// from its beginning.
	Checkpoint string
	Now        func() time.Time
	Retry      retry.Policy
	Log        *slog.Logger
	// Middleware is added to every client of AWS, outside the check of permissions, for tests that
	// observe calls or make them fail.
	Middleware []func(*middleware.Stack) error
	// Watch, if it is not nil, is called with every permitted call that a function makes to AWS.
	Watch func(plan.Call)
	// Front, if it is not nil, returns the handler that stands before the gateway, for those who watch
	// requests.
	Front func(gateway http.Handler) http.Handler
	// Mailed, if it is not nil, is called with the kind of each mail that SES has taken, and with the id
	// that SES has given it.
	Mailed func(kind mail.Kind, id string)
	// Quiet leaves the stream and the queue unread, for tests that count calls or that call the courier
	// and the keeper themselves.
	Quiet bool
	// MailPause replaces the courier's pauses after failures, and MailReceives how often an entry of the
	// queue is received before it is a dead letter. Nil and 0 stand for those of package mailqueue.
	MailPause    func(received int) time.Duration
	MailReceives int
	// MailProcesses is how many batches of entries the courier handles at the same time, and MailBatch how
	// many entries a batch has at most. 0 stands for what is deployed.
	MailProcesses, MailBatch int
	// Interval is how often the stream is read although this process has changed nothing in the
	// table. 0 stands for a second.
	Interval time.Duration
}

// System is a running product.
type System struct {
	BaseURL     string
	Table       *table.Table
	Functions   map[string]api.Gateway // the functions that serve routes, by name
	Courier     *courier.Service
	Keeper      *keeper.Service
	Environment map[string]string // of every function
	// DB and TableName give tests access to the table without the product's code.
	DB        *dynamodb.Client
	TableName string
	// DeadMailsURL is the URL of the dead-letter queue of mails, or "" without SQS.
	DeadMailsURL string

	server *http.Server
	stop   context.CancelFunc
	work   sync.WaitGroup // what reads the stream and the queue
}

// Start starts the product and returns when its gateway accepts connections. The caller must call
// [System.Stop].
func Start(ctx context.Context, c Config) (*System, error) {
	listener, err := c.listen()
	if err != nil {
		return nil, err
	}
	base := "http://" + listener.Addr().String()
	variables := c.variables(base)
	changedForKeeper, changedForQueue := make(chan struct{}, 1), make(chan struct{}, 1)
	watched := append([]func(*middleware.Stack) error{
		refuseMails, guard(c.Watch), signal(changedForKeeper, changedForQueue),
	}, c.Middleware...)
	env := cloud.Environment(func(name string) string { return variables[name] }, watched...)
	config := env.Config("DYNAMODB")
	db := dynamodb.NewFromConfig(config)
	if err := createTable(ctx, db, c.Table); err != nil {
		return nil, err
	}
	mails := &queue{
		sqs: sqs.NewFromConfig(patient(env.Config("SQS"))), db: db, table: c.Table,
		receives: cmp.Or(c.MailReceives, mailqueue.Receives), batch: cmp.Or(c.MailBatch, plan.MailBatch),
		now: c.Now, log: c.Log,
	}
	if c.SQSURL != "" {
		if err := mails.create(ctx); err != nil {
			return nil, err
		}
		variables["MAIL_QUEUE_URL"] = mails.url
	}
	relayed := relaying(relay.New(env, c.Log))
	mails.relay = relayed.take
	// Each function has parts of its own, because in AWS it has a process of its own.
	parts := func() start.Parts { return start.New(env, db, c.Log, c.Now, c.Retry) }
	started, err := startFunctions(parts)
	if err != nil {
		return nil, err
	}
	post, err := courier.New(parts())
	if err != nil {
		return nil, fmt.Errorf("start courier: %w", err)
	}
	if c.MailPause != nil {
		post.Pause = c.MailPause
	}
	post.Mailer.Sent = c.Mailed
	life, stop := context.WithCancel(context.Background())
	s := &System{
		BaseURL: base, Table: parts().Table, Functions: started, Courier: post, Keeper: keeper.New(parts()),
		Environment: variables, DB: db, TableName: c.Table, DeadMailsURL: mails.deadURL, stop: stop,
	}
	if !c.Quiet {
		if err := mails.refill(ctx); err != nil {
			return nil, err
		}
		reader := stream{
			db: db, streams: dynamodbstreams.NewFromConfig(config), table: c.Table,
			interval: cmp.Or(c.Interval, idleInterval), now: c.Now, log: c.Log,
		}
		s.work.Go(func() { tick(life, s.Keeper, c.Log) })
		s.work.Go(func() { reader.of("", c.Checkpoint, changedForKeeper, keeping(s.Keeper)).run(life) })
		s.work.Go(func() { reader.of("-mails", c.Checkpoint, changedForQueue, relayed).run(life) })
		for range cmp.Or(c.MailProcesses, plan.MailProcesses(plan.UsualMailRate)) {
			s.work.Go(func() { mails.poll(life, post.Handle) })
		}
	}
	handler := Gateway(started)
	if c.Front != nil {
		handler = c.Front(handler)
	}
	s.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			c.Log.Error("gateway ended", "cause", err.Error())
		}
	}()
	return s, nil
}

// listen returns the listener of the gateway.
func (c Config) listen() (net.Listener, error) {
	if c.Listener != nil {
		return c.Listener, nil
	}
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Address, err)
	}
	return listener, nil
}

// Stop stops everything that Start has started. It waits up to five seconds for the requests that
// are being served.
func (s *System) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = s.server.Shutdown(ctx) // a request that takes longer is cut off
	s.stop()
	s.work.Wait()
}

// variables returns the environment of the functions. A variable for something that the product
// does not use here is empty rather than absent, as in a deployment.
func (c Config) variables(base string) map[string]string {
	all := map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": c.DynamoDBURL, "AWS_ENDPOINT_URL_SQS": c.SQSURL, "AWS_ENDPOINT_URL_SESV2": c.SESURL,
		"TABLE_NAME": c.Table, "PUBLIC_URL": base, "RETURN_ORIGINS": "",
		"SIGN_UP_ORIGINS": "*", // so that pages can be developed here
		"MAIL_FROM":       "Identity Pools <no-reply@example.com>", "MAIL_CONFIGURATION_SET": "",
		"MAIL_QUEUE_URL": "none", "MAIL_RATE": "",
		"PROXY_HEADER": "", "PROXY_ONLY": "", "PROXY_SECRET": "",
	}
	maps.Copy(all, c.Environment)
	return all
}

// startFunctions starts the functions that serve routes and returns them by name.
func startFunctions(parts func() start.Parts) (map[string]api.Gateway, error) {
	started := map[string]api.Gateway{}
	for _, f := range functions.All() {
		handler, err := f.New(parts())
		if err != nil {
			return nil, fmt.Errorf("start function %s: %w", f.Name(), err)
		}
		started[f.Name()] = named(f.Name(), api.Adapt(handler))
	}
	return started, nil
}

// createTable creates the table if it does not exist.
func createTable(ctx context.Context, db *dynamodb.Client, name string) error {
	_, err := db.CreateTable(ctx, table.Definition(name))
	var exists *types.ResourceInUseException
	if errors.As(err, &exists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	waiter := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay = 50 * time.Millisecond
	})
	created := &dynamodb.DescribeTableInput{TableName: aws.String(name)}
	if err := waiter.Wait(ctx, created, time.Minute); err != nil {
		return fmt.Errorf("wait for table %s: %w", name, err)
	}
	if _, err := db.UpdateTimeToLive(ctx, table.TimeToLive(name)); err != nil {
		return fmt.Errorf("set time to live of table %s: %w", name, err)
	}
	return nil
}

// EnsureClient creates an API client with the secret, unless a client with its ID exists.
func (s *System) EnsureClient(ctx context.Context, c access.Client, secret string) error {
	c.Secrets = []string{access.HashSecret(secret)}
	err := s.Table.Clients.Create(ctx, c)
	if errors.As(err, new(identity.Conflict)) {
		return nil
	}
	return err
}
