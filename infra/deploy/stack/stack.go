// Package stack is the deployment as a CDK stack: everything that runs in AWS, in one CloudFormation template, with nothing to click.
// It decides nothing that the rest of the code base knows: routes come from shared/api, the table from shared/table, sizes and
// permissions of functions from infra/deploy/plan. It is a module of its own, since the CDK library takes a minute to compile.
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

// deployment is the stack while it is made.
type deployment struct {
	stack     awscdk.Stack
	config    Config
	dist      string
	table     tableRef
	secrets   map[string]*string // ARNs, by the setting that holds them
	mail      mailParts
	api       awsapigatewayv2.CfnApi
	publicURL *string
	dead      awssqs.Queue // what the courier gave up
	functions map[string]awslambda.Function
}

// New makes the stack in scope. The folder dist has each function's program as <function>/bootstrap.
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
	for _, f := range plan.Functions() {
		d.functions[f.Name] = d.makeFunction(f)
	}
	access := d.makeRoutes()
	d.makeTriggers()
	d.makeAlarms()
	d.makeDashboard(access)
	d.output("TableName", d.table.name, "The table: infra/operate/client takes it as --table")
	return d.stack
}

// output tells something that only the deployment knows.
func (d *deployment) output(name string, value *string, what string) {
	awscdk.NewCfnOutput(d.stack, jsii.String(name), &awscdk.CfnOutputProps{Value: value, Description: jsii.String(what)})
}

// arn is the ARN of a resource in the stack's account and region.
func (d *deployment) arn(service, resource string) *string {
	return d.stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String(service), Resource: jsii.String(resource), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME})
}
