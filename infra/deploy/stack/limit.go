package stack

import (
	"net/http"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"identitypools/functions"
	"identitypools/infra/deploy/plan"
	"identitypools/infra/deploy/throttle"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// makeLimits creates the custom resource that sets the limit of each route, and its function. It
// depends on the stage, and with it on all routes. Besides the limits, its properties have what the
// stage is made with: after a change of the stage the function runs again, in case that the change
// has reset a limit.
func (d *deployment) makeLimits(stage awsapigatewayv2.CfnStage) {
	f := plan.Throttle()
	function := d.newFunction(f, nil, d.limitStatements()...)
	limits := map[string]throttle.Limit{}
	for _, r := range functions.Routes() {
		limits[r.Key()] = limitOf(d.rate(r))
	}
	properties := throttle.Properties(*d.api.Ref(), *stage.Ref(), limits)
	properties["Stage"] = map[string]any{
		"AccessLogSettings": stage.AccessLogSettings(), "AutoDeploy": stage.AutoDeploy(),
		"DefaultRouteSettings": stage.DefaultRouteSettings(),
	}
	resource := awscdk.NewCustomResource(d.stack, jsii.String("RouteLimits"), &awscdk.CustomResourceProps{
		ResourceType: jsii.String("Custom::RouteLimits"), ServiceToken: function.FunctionArn(), Properties: &properties,
		// without an answer CloudFormation would wait for an hour
		ServiceTimeout: awscdk.Duration_Seconds(jsii.Number(f.Timeout.Seconds() + 60)),
	})
	resource.Node().AddDependency(stage)
}

// limitStatements permits reading and changing the stage, and deleting the limits of routes, also of
// those that the template no longer has (Service Authorization Reference, "Amazon API Gateway
// Management V2"). The ARN of the stage is there in both forms in which its name is written, of
// which other stages have neither.
func (d *deployment) limitStatements() []awsiam.PolicyStatement {
	var stages, settings []*string
	for _, name := range []string{stageName, "%24default"} {
		stage := "arn:" + *d.stack.Partition() + ":apigateway:" + *d.stack.Region() + "::/apis/" + *d.api.Ref() + "/stages/" + name
		stages = append(stages, jsii.String(stage))
		settings = append(settings, jsii.String(stage+"/routesettings/*"))
	}
	return []awsiam.PolicyStatement{
		allow(jsii.Strings("apigateway:GET", "apigateway:PATCH"), nil, stages...),
		allow(jsii.Strings("apigateway:DELETE"), nil, settings...),
	}
}

// rate is how many requests a second a route takes: few where strangers are meant to call. Back
// ends need more of the token servers: the published client gets a new token after each 401 and
// 403, so wrong passwords that are given to a back end come there too. The preflights of all pages and
// applications come to one route, which takes as many.
func (d *deployment) rate(r api.Route) int {
	switch {
	case r.Caller == access.Admin, r.Caller == access.System:
		return d.config.AdminRate
	case r.Caller == access.OAuthClient, r.Method == http.MethodOptions:
		return d.config.TokenRate
	}
	return d.config.PublicRate
}

// lowest is the lowest limit of all. A route has it until its own is set, and is then never without
// protection.
func (d *deployment) lowest() throttle.Limit {
	return limitOf(min(d.config.PublicRate, d.config.TokenRate, d.config.AdminRate))
}

// limitOf returns the limit of a route that accepts a rate, and twice as many requests at once.
func limitOf(rate int) throttle.Limit { return throttle.Limit{Rate: rate, Burst: 2 * rate} }
