// Package start makes the parts that every function needs from the environment of its process, and
// starts functions that serve routes under Lambda. Parts that only some functions need, such as the
// hashing of passwords, are made by those functions, so that the others do not link them.
package start

import (
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/cloud"
	"identitypools/shared/metric"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// Parts are the parts that every function needs.
type Parts struct {
	Env      cloud.Env
	Table    *table.Table
	Verifier *access.Verifier
	Log      *slog.Logger
	Now      func() time.Time
	NewID    func() string
}

// New returns the parts of a process with the environment env that uses the database db. Changes
// that lose against simultaneous ones are tried again as the policy says. The metrics in its log
// have the name of its table.
func New(
	env cloud.Env, db *dynamodb.Client, log *slog.Logger, now func() time.Time, again retry.Policy,
) Parts {
	name := env.Must("TABLE_NAME")
	t := table.Open(db, name, now, again)
	return Parts{
		Env: env, Table: t, Verifier: access.NewVerifier(t.Keys.Get, now),
		Log: metric.NewLogger(log, name), Now: now, NewID: uuid.NewString,
	}
}

// Options returns what package api needs for the handler of a function.
func (p Parts) Options() api.Options {
	return api.Options{Verifier: p.Verifier, Answers: p.Table.Answers, Log: p.Log, Now: p.Now}
}

// FromEnvironment returns the parts of this process.
func FromEnvironment() Parts {
	env := cloud.Environment(os.Getenv)
	db := dynamodb.NewFromConfig(env.Config("DYNAMODB"))
	return New(env, db, slog.New(NewLogHandler(os.Stdout)), time.Now, retry.Random())
}

// HTTP runs a function that serves routes under Lambda. It does not return. It panics if the
// function cannot be made; Lambda logs the message.
func HTTP(function func(Parts) (http.Handler, error)) {
	handler, err := function(FromEnvironment())
	if err != nil {
		panic("start: " + err.Error())
	}
	lambda.Start(api.Adapt(handler))
}
