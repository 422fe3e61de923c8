// The function throttle as Lambda runs it.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"

	"identitypools/infra/deploy/throttle"
	"identitypools/shared/cloud"
	"identitypools/shared/start"
)

func main() {
	config := cloud.Environment(os.Getenv).Config("APIGATEWAYV2")
	log := slog.New(start.NewLogHandler(os.Stdout))
	limiter := throttle.New(throttle.NewClient(config, throttle.Backoff()), log)
	lambda.Start(cfn.LambdaWrap(limiter.Handle))
}
