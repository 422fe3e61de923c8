package stack

import (
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/plan"
)

// makeFunction creates a function with a log and a role of its own. Of the lines that Lambda itself
// logs only warnings and errors are kept. That does not affect the lines of the functions,
// including metrics, which are JSON.
func (d *deployment) makeFunction(f plan.Function) awslambda.Function {
	log := d.makeLog(f.Name+"Log", nil)
	props := &awslambda.FunctionProps{
		Description: jsii.String("Identity Pools: " + f.Name),
		Code:        awslambda.Code_FromAsset(jsii.String(filepath.Join(d.dist, f.Name)), nil),
		Handler:     jsii.String("bootstrap"),
		Runtime:     awslambda.Runtime_PROVIDED_AL2023(), Architecture: awslambda.Architecture_ARM_64(),
		MemorySize:  jsii.Number(f.MemoryMB),
		Timeout:     awscdk.Duration_Seconds(jsii.Number(f.Timeout.Seconds())),
		Environment: d.environment(f), LogGroup: log, Role: d.makeRole(f, log),
		LoggingFormat: awslambda.LoggingFormat_JSON, SystemLogLevelV2: awslambda.SystemLogLevel_WARN,
	}
	if f.Name == courier && d.config.CourierInstances > 0 {
		props.ReservedConcurrentExecutions = jsii.Number(d.config.CourierInstances)
	}
	return awslambda.NewFunction(d.stack, jsii.String(f.Name), props)
}

// courier is the name of the function that the table's stream and SES trigger. The other functions
// serve routes.
const courier = "courier"

// environment returns the environment variables of a function. The endpoints are empty, which
// selects AWS's own. They are declared because `sam local` can only set variables that the template
// declares.
func (d *deployment) environment(f plan.Function) *map[string]*string {
	values := map[string]*string{
		"CODE_SECRET": d.secrets["CODE_SECRET"], "TOKEN_SECRET": d.secrets["TOKEN_SECRET"],
		"PUBLIC_URL": d.publicURL,
		"MAIL_FROM":  jsii.String(d.config.MailFrom), "MAIL_CONFIGURATION_SET": d.mail.configurationSet,
		"RETURN_ORIGINS": jsii.String(strings.Join(d.config.SignUpOrigins, ",")),
	}
	environment := map[string]*string{
		"TABLE_NAME":                d.table.name,
		"AWS_ENDPOINT_URL_DYNAMODB": jsii.String(""),
	}
	for _, setting := range f.Settings {
		environment[setting] = values[setting]
	}
	if f.CallsSES() {
		environment["AWS_ENDPOINT_URL_SESV2"] = jsii.String("")
	}
	return &environment
}

// makeLog creates a log group, which is deleted together with the stack.
func (d *deployment) makeLog(id string, name *string) awslogs.LogGroup {
	return awslogs.NewLogGroup(d.stack, jsii.String(id), &awslogs.LogGroupProps{
		LogGroupName: name, Retention: retentions()[d.config.LogDays],
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// makeRole creates the role of a function. It permits writing to the function's log and what the
// plan grants.
func (d *deployment) makeRole(f plan.Function, log awslogs.LogGroup) awsiam.Role {
	statements := []awsiam.PolicyStatement{
		allow(jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"), nil, log.LogGroupArn()),
	}
	for _, g := range f.Grants {
		resource := d.table.arn
		if g.Index {
			resource = d.table.index()
		}
		var patterns []string
		for _, kind := range g.Kinds {
			patterns = append(patterns, kind.Pattern())
		}
		statements = append(statements, allow(jsii.Strings(g.Actions...), map[string]any{
			"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": patterns},
		}, resource))
	}
	for _, setting := range f.Settings {
		if secret, ok := d.secrets[setting]; ok {
			statements = append(statements,
				allow(jsii.Strings("secretsmanager:GetSecretValue"), nil, secret))
		}
	}
	if f.Mails {
		statements = append(statements, allow(jsii.Strings("ses:SendEmail"), map[string]any{
			"StringEquals": map[string]any{"ses:FromAddress": d.config.MailAddress},
		}, d.mail.resources...))
	}
	if f.Clears { // the list is no resource that a policy could name
		statements = append(statements, allow(jsii.Strings("ses:DeleteSuppressedDestination"), nil, jsii.String("*")))
	}
	if f.Name == courier {
		statements = append(statements,
			allow(jsii.Strings("dynamodb:DescribeStream", "dynamodb:GetRecords",
				"dynamodb:GetShardIterator", "dynamodb:ListStreams"), nil, d.table.stream),
			allow(jsii.Strings("sqs:SendMessage"), nil, d.dead.QueueArn()))
	}
	return awsiam.NewRole(d.stack, jsii.String(f.Name+"Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"function": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
}

func allow(actions *[]*string, conditions map[string]any, resources ...*string) awsiam.PolicyStatement {
	props := &awsiam.PolicyStatementProps{Actions: actions, Resources: &resources}
	if conditions != nil {
		props.Conditions = &conditions
	}
	return awsiam.NewPolicyStatement(props)
}
