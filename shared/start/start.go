// Package start assembles what every function's process is made of, from its environment, and starts it under Lambda. What
// only some functions need (codes, passwords, schemas, mail) they make themselves, so that the others don't link it.
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
	"identitypools/shared/table"
)

// Parts is what a function is made of.
type Parts struct {
	Env      cloud.Env
	Table    *table.Table
	Verifier *access.Verifier
	Log      *slog.Logger
	Now      func() time.Time
	NewID    func() string
}

// New are the parts of a process with the environment env, behind the table db. What it counts is the table's.
func New(env cloud.Env, db *dynamodb.Client, log *slog.Logger, now func() time.Time) Parts {
	name := env.Must("TABLE_NAME")
	t := table.Open(db, name, now)
	return Parts{
		Env: env, Table: t, Verifier: access.NewVerifier(t.Keys.Get, now),
		Log: metric.NewLogger(log, name), Now: now, NewID: uuid.NewString,
	}
}

// Options are the parts that the HTTP edge of a function needs.
func (p Parts) Options() api.Options {
	return api.Options{Verifier: p.Verifier, Answers: p.Table.Answers, Log: p.Log, Now: p.Now}
}

// FromEnvironment are the parts of this process.
func FromEnvironment() Parts {
	env := cloud.Environment(os.Getenv)
	db := dynamodb.NewFromConfig(env.Config("DYNAMODB"))
	return New(env, db, slog.New(slog.NewJSONHandler(os.Stdout, nil)), time.Now)
}

// HTTP starts a function that serves routes. It panics with a sentence where the function cannot start, which Lambda logs.
func HTTP(function func(Parts) (http.Handler, error)) {
	handler, err := function(FromEnvironment())
	if err != nil {
		panic("start: " + err.Error())
	}
	lambda.Start(api.Adapt(handler))
}
