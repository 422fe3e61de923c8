// Package gateway states, as data, what clients observe of API Gateway's HTTP API in front of the
// functions: its limits, the answers that it makes itself, and what it does with headers, paths and
// bodies. The local gateway follows these facts, the template of the deployment is tested against
// what they need, and docs/gateway.md is written from them.
package gateway

import (
	"encoding/json"
	"net/http"
	"time"
)

// The limits of an HTTP API and of the functions behind it.
const (
	Timeout   = 30 * time.Second // until a function must have answered
	MaxHeader = 10_240           // bytes of the request line and the values of headers
	MaxBody   = 10 << 20         // bytes of the body of a request
	MaxAnswer = 6 << 20          // bytes of an answer of a function, encoded as JSON
)

// RequestIDHeader is the header of every answer that has the id of the request.
const RequestIDHeader = "Apigw-Requestid"

// Message returns the body of an answer that API Gateway makes itself.
func Message(status int) string {
	body, _ := json.Marshal(map[string]string{"message": http.StatusText(status)}) // cannot fail
	return string(body)
}

// Source is where a fact comes from.
type Source struct{ Name, URL string }

// guide is the address of the developer guide of API Gateway.
const guide = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"

// The sources of the facts.
func cors() Source { return Source{"CORS for HTTP APIs", guide + "http-api-cors.html"} }

func routes() Source   { return Source{"routes for HTTP APIs", guide + "http-api-develop-routes.html"} }
func quotas() Source   { return Source{"quotas of HTTP APIs", guide + "http-api-quotas.html"} }
func throttle() Source { return Source{"throttling", guide + "http-api-throttling.html"} }
func unchanged() Source {
	return Source{
		"observed by others, and indirectly in the important notes", "https://zenn.dev/praha/articles/d6b3e263e38786",
	}
}

func compression() Source {
	return Source{"HTTP APIs compared with REST APIs", guide + "http-api-vs-rest.html"}
}

func payload() Source {
	return Source{"payload format 2.0", guide + "http-api-develop-integrations-lambda.html"}
}

func lambda() Source {
	return Source{"quotas of Lambda", "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"}
}

// observed is the source of what AWS does not document. It was seen in the answers of HTTP APIs.
func observed() Source { return Source{Name: "not documented; observed"} }

// Setting is a property in the template of the deployment. Every resource of the type must have the
// value. With the value nil no resource may have the property.
type Setting struct {
	Type, Property string
	Value          any
}

// The settings that most facts need.
func proxy() []Setting {
	const integration = "AWS::ApiGatewayV2::Integration"
	return []Setting{
		{"AWS::ApiGatewayV2::Api", "ProtocolType", "HTTP"},
		{integration, "IntegrationType", "AWS_PROXY"},
		{integration, "PayloadFormatVersion", "2.0"},
		{integration, "TimeoutInMillis", nil},    // else it would be shorter
		{integration, "RequestParameters", nil},  // else requests would be changed
		{integration, "ResponseParameters", nil}, // else answers would be changed
	}
}
