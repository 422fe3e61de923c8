package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/shared/metric"
)

// requestsRefused is the metric of requests that were answered 429, by API Gateway or by a function.
// API Gateway itself has none, since it counts them with all other 4xx. It may leave out excessive ones
// from its log and its metrics alike, so the number is a lower bound:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-monitor.html.
const requestsRefused = "RequestsRefused"

// countRefusals makes a metric of the lines of the access log with the status 429, and returns it.
// Without a default value the metric exists, and costs money, only in hours in which it counts. Its
// dimension tells apart deployments that share an account. The pattern names its field, as the field of
// a value must be named.
func (d *deployment) countRefusals(access awslogs.LogGroup) awscloudwatch.IMetric {
	awslogs.NewCfnMetricFilter(d.stack, jsii.String("Refusals"), &awslogs.CfnMetricFilterProps{
		LogGroupName: access.LogGroupName(), FilterPattern: jsii.String(`{ ($.status = "429") && ($.api = "*") }`),
		MetricTransformations: []any{&awslogs.CfnMetricFilter_MetricTransformationProperty{
			MetricNamespace: jsii.String(metric.Namespace), MetricName: jsii.String(requestsRefused),
			MetricValue: jsii.String("1"), Unit: jsii.String("Count"),
			Dimensions: []any{&awslogs.CfnMetricFilter_DimensionProperty{
				Key: jsii.String("ApiId"), Value: jsii.String("$.api"),
			}},
		}},
	})
	return d.refusals()
}

// refusals returns the metric that countRefusals makes.
func (d *deployment) refusals() awscloudwatch.IMetric {
	return newMetric(metric.Namespace, requestsRefused, "Sum", map[string]*string{"ApiId": d.api.Ref()})
}
