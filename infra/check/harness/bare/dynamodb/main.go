// Dynamodb is a function that does nothing but has the AWS client that every function has.
// Benchmarks compare the starts of the functions with its start.
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
