package part

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"identitypools/infra/local/database"
)

// Engine starts a DynamoDB engine. The engine stores its database in the named file, or in memory
// if the name is empty. A database in memory is empty again after a crash. If the environment
// variable AWS_ENDPOINT_URL_DYNAMODB is set, Engine starts nothing and returns that endpoint. If no
// engine is installed, the error says how to install one.
func Engine(ctx context.Context, log io.Writer, file string, options ...Option) (*Part, error) {
	if url := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"); url != "" {
		return &Part{url: url}, nil
	}
	path, err := enginePath()
	if err != nil {
		return nil, err
	}
	if file != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, fmt.Errorf("make the database's folder: %w", err)
		}
		if err := database.Create(file, database.AsInAWS()); err != nil {
			return nil, err
		}
	}
	return Start(ctx, log, Program{Name: "engine", Path: path, Port: wishes(options).port, Args: func(port int) []string {
		args := []string{"--host", "127.0.0.1", "--port", strconv.Itoa(port)}
		if file != "" {
			args = append(args, "--db-path", file)
		}
		return args
	}})
}

func enginePath() (string, error) {
	if path, err := installed("@dynoxide", "linux-x64", "dynoxide"); err == nil {
		return path, nil
	}
	path, err := exec.LookPath("dynoxide")
	if err != nil {
		return "",
			errors.New("no DynamoDB engine here: run `npm ci` (Linux on x86-64), or put `dynoxide` on the PATH," +
				" or set AWS_ENDPOINT_URL_DYNAMODB to an engine that runs")
	}
	return path, nil
}
