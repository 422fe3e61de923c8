package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awspipes"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/mailqueue"
	"identitypools/shared/table"
)

// mailQueue is the queue of mails, and the queue to which SQS moves its entries that have failed too
// often.
type mailQueue struct{ live, dead awssqs.Queue }

// makeMailQueue creates the queue of mails. Any queue of the account could use the dead-letter queue:
// SQS lets only a list of ARNs restrict that, and the ARN of a queue whose name CloudFormation makes
// up is not known before the dead-letter queue exists.
func (d *deployment) makeMailQueue() mailQueue {
	retention := awscdk.Duration_Seconds(jsii.Number(plan.MailRetention.Seconds()))
	dead := awssqs.NewQueue(d.stack, jsii.String("DeadMailQueue"), &awssqs.QueueProps{
		Encryption: awssqs.QueueEncryption_SQS_MANAGED, EnforceSSL: jsii.Bool(true),
		RetentionPeriod: retention,
	})
	live := awssqs.NewQueue(d.stack, jsii.String("MailQueue"), &awssqs.QueueProps{
		Encryption: awssqs.QueueEncryption_SQS_MANAGED, EnforceSSL: jsii.Bool(true),
		RetentionPeriod:   retention,
		VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(plan.MailVisibility.Seconds())),
		DeadLetterQueue:   &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(mailqueue.Receives)},
	})
	d.output("DeadMailsArn", dead.QueueArn(), "Mails that failed for six hours: docs/operations.md says how to send them")
	return mailQueue{live, dead}
}

// pipeBatch is the number of records that the pipe takes at once: as many as SQS takes in one request.
const pipeBatch = 10

// makePipe creates the pipe that puts an entry into the queue of mails for each message of the outbox.
// The pipe tries a record until the stream no longer has it, which is 24 hours. A message is valid as
// long, so the pipe gives up nothing that could still be sent, and needs no dead-letter queue. Nothing
// of what passes through it is logged.
//
// The pipe and the keeper's event source are the two readers that a shard of a stream may have
// (Amazon DynamoDB Developer Guide, "Quotas", DynamoDB Streams: with more, reads may be throttled).
func (d *deployment) makePipe() awspipes.CfnPipe {
	var filters []any
	for _, pattern := range patterns(table.MailTriggers()) {
		filters = append(filters, &awspipes.CfnPipe_FilterProperty{Pattern: jsii.String(pattern)})
	}
	return awspipes.NewCfnPipe(d.stack, jsii.String("MailPipe"), &awspipes.CfnPipeProps{
		Description: jsii.String("Identity Pools: from the outbox to the queue of mails"),
		RoleArn:     d.makePipeRole().RoleArn(),
		Source:      d.table.stream,
		SourceParameters: &awspipes.CfnPipe_PipeSourceParametersProperty{
			DynamoDbStreamParameters: &awspipes.CfnPipe_PipeSourceDynamoDBStreamParametersProperty{
				StartingPosition:          jsii.String("TRIM_HORIZON"),
				BatchSize:                 jsii.Number(pipeBatch),
				MaximumRecordAgeInSeconds: jsii.Number(-1),
				MaximumRetryAttempts:      jsii.Number(-1),
				OnPartialBatchItemFailure: jsii.String("AUTOMATIC_BISECT"),
			},
			FilterCriteria: &awspipes.CfnPipe_FilterCriteriaProperty{Filters: filters},
		},
		Target: d.mails.live.QueueArn(),
		TargetParameters: &awspipes.CfnPipe_PipeTargetParametersProperty{
			InputTemplate: jsii.String(mailqueue.Template),
		},
	})
}

// makePipeRole creates the role of the pipe. Only pipes of this account and region can have it
// ("Cross-service confused deputy prevention" in the Pipes User Guide). The pipe itself cannot be
// named, because CloudFormation makes up its name after the role exists.
func (d *deployment) makePipeRole() awsiam.Role {
	return awsiam.NewRole(d.stack, jsii.String("MailPipeRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("pipes.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: &map[string]any{
				"StringEquals": map[string]any{"aws:SourceAccount": d.stack.Account()},
				"ArnLike":      map[string]any{"aws:SourceArn": d.arn("pipes", "pipe/*")},
			},
		}),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"pipe": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
				d.mayReadStream(),
				allow(jsii.Strings("sqs:SendMessage"), nil, d.mails.live.QueueArn()),
			}}),
		},
	})
}

// makeCourierTrigger passes the entries of the queue of mails to the courier, in batches, by as many
// processes at a time as the sending rate of SES needs.
func (d *deployment) makeCourierTrigger() {
	awslambda.NewCfnEventSourceMapping(d.stack, jsii.String("MailsToCourier"),
		&awslambda.CfnEventSourceMappingProps{
			FunctionName: d.functions[courier].FunctionArn(), EventSourceArn: d.mails.live.QueueArn(),
			BatchSize:             jsii.Number(plan.MailBatch),
			FunctionResponseTypes: jsii.Strings("ReportBatchItemFailures"),
			ScalingConfig: &awslambda.CfnEventSourceMapping_ScalingConfigProperty{
				MaximumConcurrency: jsii.Number(plan.MailProcesses(d.config.MailRate)),
			},
		})
}

// mayReadStream returns what permits reading the table's stream.
func (d *deployment) mayReadStream() awsiam.PolicyStatement {
	return allow(jsii.Strings("dynamodb:DescribeStream", "dynamodb:GetRecords",
		"dynamodb:GetShardIterator", "dynamodb:ListStreams"), nil, d.table.stream)
}
