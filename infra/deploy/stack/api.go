package stack

import (
	"hash/fnv"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/functions"
)

// makeAPI creates the HTTP API, still without routes, and returns it with its public address, which
// is the domain that people use or the address that AWS assigns. AWS's address still works if there is
// a domain, so that links in earlier mails stay valid, unless the configuration switches it off.
// The API has no configuration of CORS, because API Gateway would drop the headers that functions set.
func (d *deployment) makeAPI() (awsapigatewayv2.CfnApi, *string) {
	props := &awsapigatewayv2.CfnApiProps{Name: d.stack.StackName(), ProtocolType: jsii.String("HTTP")}
	if !d.config.AWSAddress {
		props.DisableExecuteApiEndpoint = true
	}
	made := awsapigatewayv2.NewCfnApi(d.stack, jsii.String("Api"), props)
	address, origin := made.AttrApiEndpoint(), made.AttrApiEndpoint()
	if d.config.Domain != "" {
		address = jsii.String("https://" + d.config.Domain)
	}
	if d.config.PublicDomain != "" {
		if d.config.Domain != d.config.PublicDomain { // at its own domain a proxy would find itself
			origin = address
		}
		d.output("Origin", origin, "Where the proxy finds the API: tell nobody else")
		address = jsii.String("https://" + d.config.PublicDomain)
	}
	d.output("Url", address, "Where the API is")
	return made, address
}

// makeRoutes creates exactly the routes of the route table, each with its function, the stage that
// serves them, and their limits. It returns the access log.
func (d *deployment) makeRoutes() awslogs.LogGroup {
	log := d.makeLog("AccessLog", jsii.String("/aws/vendedlogs/apis/"+d.config.Name))
	last := d.makeLanes(d.makeIntegrations())
	stage := d.makeStage(log)
	for _, route := range last {
		// The stage is not deployed anew for each route, and limits are set when all routes exist.
		stage.AddResourceDependency(route, nil)
	}
	d.makeLimits(stage)
	if d.config.Domain != "" {
		d.makeDomain(stage)
	}
	return log
}

// lanes is how many routes are created at the same time. API Gateway takes ten calls of its control
// plane in a second from an account, and CloudFormation makes several for each resource. Without
// lanes it would create all routes at once (API Gateway Developer Guide, "Amazon API Gateway
// quotas": total operations).
const lanes = 4

// makeLanes creates the routes, whose functions have the given targets. A route is created after the
// one before it in its lane. The hash of its key chooses its lane, so that a new route does not move
// others to other lanes. It returns the last route of each lane: what depends on these depends on
// all routes.
func (d *deployment) makeLanes(targets map[string]*string) []awsapigatewayv2.CfnRoute {
	last, taken := make([]awsapigatewayv2.CfnRoute, lanes), map[string]bool{}
	for _, r := range functions.Routes() {
		id := r.Key()
		if logical := logicalID(id); taken[logical] {
			id += " " + r.Operation
		} else {
			taken[logical] = true
		}
		route := awsapigatewayv2.NewCfnRoute(d.stack, jsii.String(id), &awsapigatewayv2.CfnRouteProps{
			ApiId: d.api.Ref(), RouteKey: jsii.String(r.Key()), OperationName: jsii.String(r.Operation),
			AuthorizationType: jsii.String("NONE"), Target: targets[r.Function], // functions verify tokens: API Gateway knows RSA alone
		})
		lane := laneOf(r.Key())
		if before := last[lane]; before != nil {
			route.AddResourceDependency(before, nil)
		}
		last[lane] = route
	}
	return slices.DeleteFunc(last, func(r awsapigatewayv2.CfnRoute) bool { return r == nil })
}

// logicalID returns what the template makes of an id: its letters and digits. The paths of two routes may
// have them in common, such as change-password and change_password.
func logicalID(id string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, id)
}

func laneOf(routeKey string) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(routeKey)) // a hash never fails
	return int(hash.Sum32() % lanes)
}

// makeStage creates the stage that serves the routes. It has the lowest limit for all of them. Limits
// of single routes are set by makeLimits: a stage's settings of routes are only ever added to, so a
// template that has them can't be deployed again after one of its routes is gone.
func (d *deployment) makeStage(log awslogs.LogGroup) awsapigatewayv2.CfnStage {
	return awsapigatewayv2.NewCfnStage(d.stack, jsii.String("Stage"), &awsapigatewayv2.CfnStageProps{
		ApiId: d.api.Ref(), StageName: jsii.String(stageName), AutoDeploy: true,
		AccessLogSettings: &awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
			DestinationArn: log.LogGroupArn(), Format: jsii.String(accessLog),
		},
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{
			ThrottlingRateLimit:  jsii.Number(d.lowest().Rate),
			ThrottlingBurstLimit: jsii.Number(d.lowest().Burst),
		},
	})
}

// stageName is the name of the stage whose name is not a part of the API's address.
const stageName = "$default"

// accessLog is the format of the line that is logged for each request. It has the route instead of
// the path, and neither an address nor a caller, so it contains no personal data (ASVS V16.2.5).
// `gateway` is the message of API Gateway's own answer, and `error` is what went wrong with the
// function. All values are in quotes, since each is - where there is none:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html.
const accessLog = `{"request":"$context.requestId","time":"$context.requestTime","api":"$context.apiId",` +
	`"route":"$context.routeKey","status":"$context.status","latency":"$context.responseLatency",` +
	`"function":"$context.integrationLatency","length":"$context.responseLength",` +
	`"gateway":"$context.error.message","error":"$context.integrationErrorMessage"}`

// makeIntegrations allows the API to call the functions that serve routes, and returns the targets
// for their routes. The integrations are created one after the other, because of the same quota as
// the routes.
func (d *deployment) makeIntegrations() map[string]*string {
	targets := map[string]*string{}
	var last awsapigatewayv2.CfnIntegration
	for _, r := range functions.Routes() {
		if targets[r.Function] != nil {
			continue
		}
		integration := d.makeIntegration(r.Function)
		if last != nil {
			integration.AddResourceDependency(last, nil)
		}
		last = integration
		targets[r.Function] = awscdk.Fn_Join(jsii.String("/"),
			&[]*string{jsii.String("integrations"), integration.Ref()})
	}
	return targets
}

// makeIntegration allows the API to call a function.
func (d *deployment) makeIntegration(function string) awsapigatewayv2.CfnIntegration {
	f := d.functions[function]
	integration := awsapigatewayv2.NewCfnIntegration(d.stack, jsii.String(function+"Integration"),
		&awsapigatewayv2.CfnIntegrationProps{
			ApiId: d.api.Ref(), IntegrationType: jsii.String("AWS_PROXY"),
			IntegrationUri: f.FunctionArn(), PayloadFormatVersion: jsii.String("2.0"),
		})
	awslambda.NewCfnPermission(d.stack, jsii.String(function+"Permission"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: f.FunctionArn(),
		Principal: jsii.String("apigateway.amazonaws.com"),
		SourceArn: d.arn("execute-api", *d.api.Ref()+"/*"),
	})
	return integration
}

// makeDomain makes the API answer at the domain.
func (d *deployment) makeDomain(stage awsapigatewayv2.CfnStage) {
	domain := awsapigatewayv2.NewCfnDomainName(d.stack, jsii.String("Domain"),
		&awsapigatewayv2.CfnDomainNameProps{
			DomainName: jsii.String(d.config.Domain),
			DomainNameConfigurations: []any{&awsapigatewayv2.CfnDomainName_DomainNameConfigurationProperty{
				CertificateArn: jsii.String(d.config.Certificate), EndpointType: jsii.String("REGIONAL"),
				SecurityPolicy: jsii.String("TLS_1_2"),
			}},
		})
	mapping := awsapigatewayv2.NewCfnApiMapping(d.stack, jsii.String("DomainMapping"),
		&awsapigatewayv2.CfnApiMappingProps{
			ApiId: d.api.Ref(), DomainName: domain.Ref(), Stage: stage.Ref(),
		})
	mapping.AddResourceDependency(stage, nil)
	d.output("DomainTarget", domain.AttrRegionalDomainName(),
		"Point the domain's DNS record (CNAME or alias) to this name")
}
