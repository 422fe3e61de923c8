package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
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
	d.output("DeadMailsArn", dead.QueueArn(),
		"Mails that failed for six hours: docs/operations.md says how to send them")
	return mailQueue{live, dead}
}

// makeRelayTrigger passes the records of the stream that say that a message is to be sent now to the
// relay. Lambda passes a record until the relay has put its entry into the queue, or until the stream no
// longer has it, which is 24 hours. A message is valid as long, so nothing is given up that could still
// be sent, and there is no dead-letter queue.
//
// The relay and the keeper are the two readers that a shard of a stream may have (Amazon DynamoDB
// Developer Guide, "Quotas", DynamoDB Streams: with more, reads may be throttled).
func (d *deployment) makeRelayTrigger() {
	d.readStream("OutboxToRelay", relay, table.MailTriggers(), &awslambda.CfnEventSourceMappingProps{
		BatchSize: jsii.Number(table.RelayBatch), MaximumRecordAgeInSeconds: jsii.Number(-1),
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
