// The function keeper as Lambda runs it.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"identitypools/functions/keeper"
	"identitypools/shared/start"
)

func main() { lambda.Start(keeper.New(start.FromEnvironment()).Handle) }
