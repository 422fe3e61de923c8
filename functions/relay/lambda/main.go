// The function relay as Lambda runs it.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"identitypools/functions/relay"
	"identitypools/shared/cloud"
	"identitypools/shared/start"
)

func main() {
	lambda.Start(relay.New(cloud.Environment(os.Getenv), slog.New(start.NewLogHandler(os.Stdout))).Handle)
}
