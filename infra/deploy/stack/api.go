package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/functions"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// makeAPI creates the HTTP API, still without routes, and returns it with its public address, which
// is the domain that people use or the address that AWS assigns. AWS's address still works if there is
// a domain, so that links in earlier mails stay valid, unless the configuration switches it off.
func (d *deployment) makeAPI() (awsapigatewayv2.CfnApi, *string) {
	props := &awsapigatewayv2.CfnApiProps{Name: d.stack.StackName(), ProtocolType: jsii.String("HTTP")}
	if cors := api.CrossOriginRules(functions.Routes()); len(d.config.SignUpOrigins) > 0 {
		props.CorsConfiguration = &awsapigatewayv2.CfnApi_CorsProperty{
			AllowOrigins: jsii.Strings(d.config.SignUpOrigins...), AllowMethods: jsii.Strings(cors.Methods...),
			AllowHeaders: jsii.Strings(cors.AllowedHeaders...), ExposeHeaders: jsii.Strings(cors.ExposedHeaders...),
			MaxAge: jsii.Number(cors.MaxAge.Seconds()),
		}
	}
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

// makeRoutes creates exactly the routes of the route table, each with its function, and the stage
// that serves them. It returns the access log.
func (d *deployment) makeRoutes() awslogs.LogGroup {
	log := d.makeLog("AccessLog", jsii.String("/aws/vendedlogs/apis/"+d.config.Name))
	limits := map[string]any{}
	for _, r := range functions.Routes() {
		limits[r.Key()] = limit(d.rate(r.Caller))
	}
	stage := awsapigatewayv2.NewCfnStage(d.stack, jsii.String("Stage"), &awsapigatewayv2.CfnStageProps{
		ApiId: d.api.Ref(), StageName: jsii.String("$default"), AutoDeploy: true,
		AccessLogSettings: &awsapigatewayv2.CfnStage_AccessLogSettingsProperty{DestinationArn: log.LogGroupArn(), Format: jsii.String(accessLog)},
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{
			ThrottlingRateLimit:  jsii.Number(d.config.AdminRate),
			ThrottlingBurstLimit: jsii.Number(2 * d.config.AdminRate),
		}, RouteSettings: &limits,
	})
	targets := map[string]*string{}
	for _, r := range functions.Routes() {
		if targets[r.Function] == nil {
			targets[r.Function] = d.makeIntegration(r.Function)
		}
		route := awsapigatewayv2.NewCfnRoute(d.stack, jsii.String(r.Key()), &awsapigatewayv2.CfnRouteProps{
			ApiId: d.api.Ref(), RouteKey: jsii.String(r.Key()), OperationName: jsii.String(r.Operation),
			AuthorizationType: jsii.String("NONE"), Target: targets[r.Function], // functions verify tokens: API Gateway knows RSA alone
		})
		stage.AddResourceDependency(route, nil) // a limit of a route that is not there yet is an error
	}
	if d.config.Domain != "" {
		d.makeDomain(stage)
	}
	return log
}

// rate is how many requests a second a route takes: few where strangers are meant to call. Back
// ends need more of the token servers: the published client gets a new token after each 401 and
// 403, so wrong passwords that are given to a back end come there too.
func (d *deployment) rate(caller access.Caller) int {
	switch caller {
	case access.Admin, access.System:
		return d.config.AdminRate
	case access.OAuthClient:
		return d.config.TokenRate
	}
	return d.config.PublicRate
}

// limit returns the settings of a route that accepts a rate, and a burst of twice as many requests.
// It uses CloudFormation's names, because the CDK has no type for these settings.
func limit(rate int) map[string]any {
	return map[string]any{"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": 2 * rate}
}

// accessLog is the format of the line that is logged for each request. It has the route instead of
// the path, and neither an address nor a caller, so it contains no personal data (ASVS V16.2.5).
// `gateway` is the message of API Gateway's own answer, and `error` is what went wrong with the
// function. All values are in quotes, since each is - where there is none:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html.
const accessLog = `{"request":"$context.requestId","time":"$context.requestTime","api":"$context.apiId",` +
	`"route":"$context.routeKey","status":"$context.status","latency":"$context.responseLatency",` +
	`"function":"$context.integrationLatency","length":"$context.responseLength",` +
	`"gateway":"$context.error.message","error":"$context.integrationErrorMessage"}`

// makeIntegration allows the API to call a function, and returns the target for the function's
// routes.
func (d *deployment) makeIntegration(function string) *string {
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
	return awscdk.Fn_Join(jsii.String("/"), &[]*string{jsii.String("integrations"), integration.Ref()})
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
