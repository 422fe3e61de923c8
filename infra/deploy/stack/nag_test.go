//lint:file-ignore SA1019 The assertions of the CDK still answer with a type that it calls deprecated.

package stack_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/cxapi"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// suppressions returns the rules of the AWS Solutions pack that the stack breaks on purpose, with
// the reasons. A rule that names a policy's resource is suppressed for that resource only.
func suppressions() map[string]string {
	const limits = "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:apigateway:<AWS::Region>::/apis/<Api>/stages/"
	const ofFormerRoutes = "The limits of routes that the template no longer has are deleted; they are all of one stage"
	return map[string]string{
		limits + "$default/routesettings/*]":   ofFormerRoutes,
		limits + "%24default/routesettings/*]": ofFormerRoutes,
		"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]": "In SES's sandbox sending needs a permission on the identity of each recipient; the sender is a condition",
		"AwsSolutions-IAM5[Resource::*]": "SES's list of addresses is no resource that a policy could name",
		"AwsSolutions-APIG4":             "Functions verify bearer tokens themselves, and refuse what the gateway lets through: its JWT authorizer knows RSA alone, and ours are EdDSA",
		"AwsSolutions-SMG4":              "Rotating the code secret makes codes that are out void, so people choose the time; docs/operations.md has the steps for both secrets",
		"AwsSolutions-SQS3":              "The queue is the queue of dead letters",
	}
}

// The stack passes the AWS Solutions pack of cdk-nag, except for the rules with a reason, and
// breaks each of those.
func TestTheAWSSolutionsPackPasses(t *testing.T) {
	s := makeStack(t, with(fields{
		"signUpOrigins": "https://app.example.com",
		"domain":        "id.example.com",
		"certificate":   "arn:aws:acm:eu-west-1:123456789012:certificate/x",
	}))
	awscdk.Aspects_Of(s).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	annotations := assertions.Annotations_FromStack(s)
	broken := map[string]bool{}
	anything := assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-.*"))
	for _, found := range []*[]*cxapi.SynthesisMessage{annotations.FindError(jsii.String("*"),
		anything), annotations.FindWarning(jsii.String("*"), anything)} {
		for _, message := range *found {
			text, _ := message.Entry.Data.(string)
			rule, _, _ := strings.Cut(text, ": ")
			broken[rule] = true
			if suppressions()[rule] == "" {
				t.Errorf("%s: %s", *message.Id, text)
			}
		}
	}
	for rule := range suppressions() {
		if !broken[rule] {
			t.Errorf("%s is suppressed, and not broken", rule)
		}
	}
}
