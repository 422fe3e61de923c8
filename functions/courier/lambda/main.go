// The function courier as Lambda runs it.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"identitypools/functions/courier"
	"identitypools/shared/start"
)

func main() {
	service, err := courier.New(start.FromEnvironment())
	if err != nil {
		panic("start: " + err.Error())
	}
	lambda.Start(service.Handle)
}
