package stack

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/plan"
)

// makeFunction creates a function of the product, which works with the table.
func (d *deployment) makeFunction(f plan.Function) awslambda.Function {
	return d.newFunction(f, d.environment(f), d.statements(f)...)
}

// newFunction creates a function with a log and a role of its own. The role permits writing to the
// log, and what the statements say. Of the lines that Lambda itself logs only warnings and errors
// are kept. That does not affect the lines of the functions, including metrics, which are JSON.
func (d *deployment) newFunction(
	f plan.Function, environment *map[string]*string, statements ...awsiam.PolicyStatement,
) awslambda.Function {
	log := d.makeLog(f.Name+"Log", nil)
	return awslambda.NewFunction(d.stack, jsii.String(f.Name), &awslambda.FunctionProps{
		Description: jsii.String("Identity Pools: " + f.Name),
		Code:        awslambda.Code_FromAsset(jsii.String(filepath.Join(d.dist, f.Name)), nil),
		Handler:     jsii.String("bootstrap"),
		Runtime:     awslambda.Runtime_PROVIDED_AL2023(), Architecture: awslambda.Architecture_ARM_64(),
		MemorySize:  jsii.Number(f.MemoryMB),
		Timeout:     awscdk.Duration_Seconds(jsii.Number(f.Timeout.Seconds())),
		Environment: environment, LogGroup: log, Role: d.makeRole(f, log, statements),
		LoggingFormat: awslambda.LoggingFormat_JSON, SystemLogLevelV2: awslambda.SystemLogLevel_WARN,
	})
}

// The functions that serve no routes. The table's stream triggers the relay. The queue of mails triggers
// the courier. The table's stream, a clock and SES trigger the keeper.
const (
	courier = "courier"
	keeper  = "keeper"
	relay   = "relay"
)

// environment returns the environment variables of a function. The endpoints are empty, which
// selects AWS's own. They are declared because `sam local` can only set variables that the template
// declares.
func (d *deployment) environment(f plan.Function) *map[string]*string {
	values := map[string]*string{
		"CODE_SECRET": d.secrets["CODE_SECRET"], "TOKEN_SECRET": d.secrets["TOKEN_SECRET"],
		"PUBLIC_URL": d.publicURL,
		"MAIL_FROM":  jsii.String(d.config.MailFrom), "MAIL_CONFIGURATION_SET": d.mail.configurationSet,
		"RETURN_ORIGINS":  jsii.String(strings.Join(d.config.SignUpOrigins, ",")),
		"SIGN_UP_ORIGINS": jsii.String(strings.Join(d.config.SignUpOrigins, ",")),
		"MAIL_QUEUE_URL":  d.mails.live.QueueUrl(),
		"MAIL_RATE":       jsii.String(d.config.processRate()),
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
	if f.Mails || f.Relays {
		environment["AWS_ENDPOINT_URL_SQS"] = jsii.String("")
	}
	if f.Proxied {
		maps.Copy(environment, d.proxySettings())
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

// statements returns what the plan grants to a function of the product.
func (d *deployment) statements(f plan.Function) []awsiam.PolicyStatement {
	var statements []awsiam.PolicyStatement
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
	settings := f.Settings
	if f.Proxied {
		settings = slices.Concat(settings, plan.ProxySettings())
	}
	for _, setting := range settings {
		if secret, ok := d.secrets[setting]; ok {
			statements = append(statements,
				allow(jsii.Strings("secretsmanager:GetSecretValue"), nil, secret))
		}
	}
	if f.Mails {
		statements = append(statements, allow(jsii.Strings("ses:SendEmail"), map[string]any{
			"StringEquals": map[string]any{"ses:FromAddress": d.config.MailAddress},
		}, d.mail.resources...),
			allow(jsii.Strings("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
				"sqs:ReceiveMessage"), nil, d.mails.live.QueueArn()))
	}
	if f.Clears { // the list is no resource that a policy could name
		statements = append(statements, allow(jsii.Strings("ses:DeleteSuppressedDestination"), nil, jsii.String("*")))
	}
	if f.Relays {
		statements = append(statements, d.mayReadStream(),
			allow(jsii.Strings("sqs:SendMessage"), nil, d.mails.live.QueueArn()))
	}
	if f.Name == keeper {
		statements = append(statements, d.mayReadStream(),
			allow(jsii.Strings("sqs:SendMessage"), nil, d.dead.QueueArn()))
	}
	return statements
}

// makeRole creates the role of a function. It permits writing to the function's log and what the
// statements say.
func (d *deployment) makeRole(
	f plan.Function, log awslogs.LogGroup, statements []awsiam.PolicyStatement,
) awsiam.Role {
	statements = slices.Concat([]awsiam.PolicyStatement{
		allow(jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"), nil, log.LogGroupArn()),
	}, statements)
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
