// Courier is a function that does nothing but has the AWS clients of the courier. Benchmarks compare
// the courier's start with its start.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	table := dynamodb.New(dynamodb.Options{Region: "local"})
	mail, queue := sesv2.New(sesv2.Options{Region: "local"}), sqs.New(sqs.Options{Region: "local"})
	lambda.Start(func(context.Context) (string, error) {
		return table.Options().Region + mail.Options().Region + queue.Options().Region, nil
	})
}
