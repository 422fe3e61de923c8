// Package system is the whole product in one process: the same functions as in AWS, each behind the event adapter, with a
// gateway in front of them and a reader of the table's stream behind. What stands in for AWS (DynamoDB, SES) is reached by URL.
// `make run` and the tests start it; nothing of the product imports it.
package system

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/smithy-go/middleware"

	"identitypools/functions"
	"identitypools/functions/courier"
	"identitypools/infra/deploy/plan"
	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/start"
	"identitypools/shared/table"
)

// Config says what the system is made of.
type Config struct {
	DynamoDBURL, SESURL string
	Table               string            // created if it is missing
	Address             string            // where the gateway listens; "127.0.0.1:0" for any free port
	Environment         map[string]string // of the functions, over the defaults
	Checkpoint          string            // file that keeps the place in the stream; "" to start from its beginning each time
	Now                 func() time.Time
	Log                 *slog.Logger
	Middleware          []func(*middleware.Stack) error // put around the guard of every client, for tests that watch or disturb calls to AWS
	Watch               func(plan.Call)                 // sees every call of a function to AWS
	NoCourier           bool                            // leaves the stream unread, for tests that count calls or call the courier themselves
}

// System is the running product.
type System struct {
	BaseURL     string
	Table       *table.Table
	Functions   map[string]api.Gateway // those that serve routes, by name
	Courier     *courier.Service
	Environment map[string]string // of every function
	DB          *dynamodb.Client  // and TableName: the table without the product's code, for tests
	TableName   string

	server *http.Server
	stop   context.CancelFunc
	read   chan struct{}
}

// Start starts the product and returns when it serves.
func Start(ctx context.Context, c Config) (*System, error) {
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Address, err)
	}
	base := "http://" + listener.Addr().String()
	variables := c.variables(base)
	env := cloud.Environment(func(name string) string { return variables[name] }, append([]func(*middleware.Stack) error{guard(c.Watch)}, c.Middleware...)...)
	config := env.Config("DYNAMODB")
	db := dynamodb.NewFromConfig(config)
	if err := createTable(ctx, db, c.Table); err != nil {
		return nil, err
	}
	parts := func() start.Parts { return start.New(env, db, c.Log, c.Now) } // as each function has a process of its own
	started, err := functionsOf(parts)
	if err != nil {
		return nil, err
	}
	post, err := courier.New(parts())
	if err != nil {
		return nil, fmt.Errorf("start courier: %w", err)
	}
	life, stop := context.WithCancel(context.Background())
	s := &System{
		BaseURL: base, Table: parts().Table, Functions: started, Courier: post, Environment: variables, DB: db, TableName: c.Table,
		stop: stop, read: make(chan struct{}),
	}
	reader := &stream{db: db, streams: dynamodbstreams.NewFromConfig(config), table: c.Table, checkpoint: c.Checkpoint, handle: streaming(post), now: c.Now, log: c.Log}
	go func() {
		defer close(s.read)
		if !c.NoCourier {
			go tick(life, post, c.Log)
			reader.run(life)
		}
	}()
	s.server = &http.Server{Handler: gateway(started), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			c.Log.Error("gateway ended", "cause", err.Error())
		}
	}()
	return s, nil
}

// Stop stops everything that Start started, and waits for the requests under way.
func (s *System) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = s.server.Shutdown(ctx) // what has not ended by then is cut off
	s.stop()
	<-s.read
}

// variables are the environment of the functions. The empty ones say that there is none of their kind, also to a function whose
// deployment has one.
func (c Config) variables(base string) map[string]string {
	all := map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": c.DynamoDBURL, "AWS_ENDPOINT_URL_SESV2": c.SESURL, "TABLE_NAME": c.Table, "PUBLIC_URL": base,
		"MAIL_FROM": "Identity Pools <no-reply@example.com>", "MAIL_CONFIGURATION_SET": "", "RETURN_ORIGINS": "",
	}
	maps.Copy(all, c.Environment)
	return all
}

// functionsOf are the functions that serve routes, by name.
func functionsOf(parts func() start.Parts) (map[string]api.Gateway, error) {
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

// createTable creates the table if it is missing.
func createTable(ctx context.Context, db *dynamodb.Client, name string) error {
	_, err := db.CreateTable(ctx, table.Definition(name))
	var exists *types.ResourceInUseException
	if errors.As(err, &exists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	waiter := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 50 * time.Millisecond })
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)}, time.Minute); err != nil {
		return fmt.Errorf("wait for table %s: %w", name, err)
	}
	if _, err := db.UpdateTimeToLive(ctx, table.TimeToLive(name)); err != nil {
		return fmt.Errorf("set time to live of table %s: %w", name, err)
	}
	return nil
}

// EnsureClient makes an API client with the secret, unless there is one with its id.
func (s *System) EnsureClient(ctx context.Context, c access.Client, secret string) error {
	c.Secrets = []string{access.HashSecret(secret)}
	err := s.Table.Clients.Create(ctx, c)
	if errors.As(err, new(identity.Conflict)) {
		return nil
	}
	return err
}
