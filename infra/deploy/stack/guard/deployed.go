package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"
)

// readDeployed returns the template of a stack, or nil if there is no such stack in the account and
// region, or only an empty one that waits for its first change set. Account and region are found as
// the AWS tools find them, or as the arguments of the CDK say.
func readDeployed(ctx context.Context, stack string, cdk []string) (*Template, error) {
	settings, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(option(cdk, "profile")), config.WithRegion(option(cdk, "region")))
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if settings.Region == "" {
		return nil, errors.New("no AWS region is set: set AWS_REGION or AWS_PROFILE")
	}
	answer, err := cloudformation.NewFromConfig(settings).GetTemplate(ctx,
		&cloudformation.GetTemplateInput{StackName: aws.String(stack)})
	var refusal smithy.APIError
	if errors.As(err, &refusal) && refusal.ErrorCode() == "ValidationError" &&
		strings.Contains(refusal.ErrorMessage(), "does not exist") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the deployed template, to see with which table the stack %s works: %w", stack, err)
	}
	body := aws.ToString(answer.TemplateBody)
	if body == "" {
		return nil, nil
	}
	var t Template
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return nil, fmt.Errorf("decode the deployed template of the stack %s: %w", stack, err)
	}
	return &t, nil
}

// option returns the value of an option in the arguments of the CDK, given as --name value or
// --name=value, or "". The last one counts.
func option(args []string, name string) (value string) {
	for i, arg := range args {
		if rest, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			value = rest
		}
		if arg == "--"+name && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}
