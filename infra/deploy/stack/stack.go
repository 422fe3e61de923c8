// Package stack defines the deployment as a CDK stack: everything that runs in AWS, in one
// CloudFormation template, without manual steps. It repeats nothing that the rest of the code
// states: routes come from shared/api, the table from shared/table, and sizes and permissions of
// functions from infra/deploy/plan. It is a module of its own, because the CDK library takes a
// minute to compile.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/plan"
)

// deployment is a stack that is being created.
type deployment struct {
	stack     awscdk.Stack
	config    Config
	dist      string
	table     tableRef
	secrets   map[string]*string // ARNs by the names of the settings
	mail      mailParts
	api       awsapigatewayv2.CfnApi
	publicURL *string
	dead      awssqs.Queue // records, notices and ticks that the keeper has given up
	mails     mailQueue
	functions map[string]awslambda.Function
}

// New creates the stack in scope. The folder dist contains the program of each function as
// <function>/bootstrap.
func New(scope constructs.Construct, c Config, dist string) awscdk.Stack {
	d := &deployment{
		stack: awscdk.NewStack(scope, jsii.String(c.Name), &awscdk.StackProps{
			Description: jsii.String("Identity Pools: user directories with sign-up, invitations and one-time codes"),
		}),
		config: c, dist: dist, functions: map[string]awslambda.Function{},
	}
	d.table = d.makeTable()
	d.secrets = d.makeSecrets()
	d.mail = d.makeMail()
	d.api, d.publicURL = d.makeAPI()
	d.dead = d.makeDeadLetters()
	d.mails = d.makeMailQueue()
	for _, f := range plan.Functions() {
		d.functions[f.Name] = d.makeFunction(f)
	}
	access := d.makeRoutes()
	d.makeTriggers()
	d.makeRelayTrigger()
	d.makeCourierTrigger()
	d.makeAlarms(access)
	d.makeDashboard(access)
	d.output("TableName", d.table.name, "The table: infra/operate/client takes it as --table")
	return d.stack
}

// output adds an output for a value that only the deployment knows.
func (d *deployment) output(name string, value *string, what string) {
	awscdk.NewCfnOutput(d.stack, jsii.String(name),
		&awscdk.CfnOutputProps{Value: value, Description: jsii.String(what)})
}

// arn returns the ARN of a resource in the stack's account and region.
func (d *deployment) arn(service, resource string) *string {
	return d.stack.FormatArn(&awscdk.ArnComponents{
		Service:  jsii.String(service),
		Resource: jsii.String(resource), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
	})
}
