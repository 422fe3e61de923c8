package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"identitypools/infra/local/running"
	"identitypools/shared/cloud"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// A TableLocation says where a table is.
type TableLocation struct {
	Table string // the name, or "" for the default
	Local bool   // the table belongs to the product that make run started in this folder
}

const defaultTable = "identity-pools"

// Open opens a table with the operator's own region, credentials and endpoint, or that of the
// product that runs locally.
func Open(ctx context.Context, p TableLocation) (*table.Table, error) {
	name, settings, err := p.Table, aws.Config{}, error(nil)
	if p.Local {
		settings, err = localConfig(filepath.Join(".local", "run.json"))
	} else {
		settings, err = operatorConfig(ctx)
		name = cmp.Or(name, os.Getenv("TABLE_NAME"))
	}
	if err != nil {
		return nil, err
	}
	return table.Open(dynamodb.NewFromConfig(settings), cmp.Or(name, defaultTable), time.Now, retry.Random()), nil
}

// operatorConfig returns the operator's configuration. It finds it as the AWS tools do, from
// environment variables, profiles or single sign-on.
func operatorConfig(ctx context.Context) (aws.Config, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return settings, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if settings.Region == "" {
		return settings, errors.New("no AWS region is set: set AWS_REGION or AWS_PROFILE, or use --local")
	}
	if _, err := settings.Credentials.Retrieve(ctx); err != nil {
		return settings, fmt.Errorf("find AWS credentials (AWS_PROFILE, aws sso login, or --local): %w", err)
	}
	return settings, nil
}

// localConfig returns the configuration for the local table, whose address make run wrote to a
// file.
func localConfig(file string) (aws.Config, error) {
	run, err := running.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the product does not run here: "+
			"start it by make run, and call this in the same folder: %w", err)
	}
	if err != nil {
		return aws.Config{}, err
	}
	if run.DynamoDBURL == "" {
		return aws.Config{}, errors.New(file + " names no dynamodb_url")
	}
	variables := map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": run.DynamoDBURL,
	}
	env := cloud.Environment(func(name string) string { return variables[name] })
	return env.Config("DYNAMODB"), nil
}
