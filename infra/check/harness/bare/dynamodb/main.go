// A function that does nothing, with the client that every function has: what the starts of the functions are compared with.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func main() {
	client := dynamodb.New(dynamodb.Options{Region: "local"})
	lambda.Start(func(context.Context) (string, error) { return client.Options().Region, nil })
}
