package stack

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/jsii-runtime-go"
)

// mailParts are the resources that the courier sends mail with.
type mailParts struct {
	configurationSet, configurationSetARN *string
	// identities are the ARNs of the identities that it may send from and, in SES's sandbox, to.
	identities []*string
}

// makeMail creates the sender's identity, and the configuration set through which SES reports
// bounces and complaints to EventBridge. Mails contain codes, so they are sent over TLS or not at
// all.
func (d *deployment) makeMail() mailParts {
	set := awsses.NewCfnConfigurationSet(d.stack, jsii.String("MailConfiguration"),
		&awsses.CfnConfigurationSetProps{
			DeliveryOptions:   &awsses.CfnConfigurationSet_DeliveryOptionsProperty{TlsPolicy: jsii.String("REQUIRE")},
			ReputationOptions: &awsses.CfnConfigurationSet_ReputationOptionsProperty{ReputationMetricsEnabled: true},
			// No reasons: the table's marks are the only list. SES's own list would still refuse an
			// address that an administrator has cleared.
			SuppressionOptions: &awsses.CfnConfigurationSet_SuppressionOptionsProperty{SuppressedReasons: &[]*string{}},
		})
	awsses.NewCfnConfigurationSetEventDestination(d.stack, jsii.String("MailEvents"),
		&awsses.CfnConfigurationSetEventDestinationProps{
			ConfigurationSetName: set.Ref(),
			EventDestination: &awsses.CfnConfigurationSetEventDestination_EventDestinationProperty{
				Enabled: true, MatchingEventTypes: jsii.Strings("BOUNCE", "COMPLAINT"),
				EventBridgeDestination: &awsses.CfnConfigurationSetEventDestination_EventBridgeDestinationProperty{
					EventBusArn: d.arn("events", "event-bus/default"),
				},
			},
		})
	parts := mailParts{
		configurationSet:    set.Ref(),
		configurationSetARN: d.arn("ses", "configuration-set/"+*set.Ref()),
	}
	if d.config.MailFrom == "" {
		d.lackSender()
	}
	// SES checks permissions on the address if it is a known identity and otherwise on its domain,
	// whichever of them is verified here.
	_, domain, _ := strings.Cut(d.config.MailAddress, "@")
	parts.identities = append(parts.identities, d.arn("ses", "identity/"+domain),
		d.arn("ses", "identity/"+d.config.MailAddress))
	switch d.config.MailIdentity {
	case "domain":
		d.makeDomainIdentity(domain)
	case "address":
		d.makeSender(d.config.MailAddress)
	}
	known := []string{d.config.MailAddress} // the sender exists already
	for _, recipient := range d.config.SandboxRecipients {
		if slices.Contains(known, recipient) {
			continue
		}
		known = append(known, recipient)
		awsses.NewCfnEmailIdentity(d.stack, jsii.String(recipientID(recipient)),
			&awsses.CfnEmailIdentityProps{EmailIdentity: jsii.String(recipient)})
		parts.identities = append(parts.identities, d.arn("ses", "identity/"+recipient))
	}
	return parts
}

// recipientID returns the logical id of a recipient's identity. It depends on the address alone: an id
// with the recipient's number would move to another address when an earlier one is removed, and
// CloudFormation would then create that address a second time, which SES refuses.
func recipientID(address string) string {
	hash := sha256.Sum256([]byte(address))
	return fmt.Sprintf("SandboxRecipient%X", hash[:5])
}

// lackSender prevents the deployment of a template without a sender, by a parameter that nothing
// gives a value.
func (d *deployment) lackSender() {
	const sentence = `context mailFrom must be given before this is deployed: it is the sender of all mails. ` +
		`Add -c mailFrom="Example <no-reply@example.com>", or set it in cdk.json`
	d.config.MailFrom, d.config.MailAddress = "no-reply@example.com", "no-reply@example.com"
	awscdk.Annotations_Of(d.stack).AddWarningV2(jsii.String("identitypools:mailFrom"),
		jsii.String(sentence))
	awscdk.NewCfnParameter(d.stack, jsii.String("MailFromIsMissing"),
		&awscdk.CfnParameterProps{Description: jsii.String(sentence)})
}

// makeSender creates the sender's identity, a domain or an address. The identity remains when the
// stack is deleted and when it gets another sender: others may send with it, and its proof takes
// people's time. Only the rollback of the deploy that has created it deletes it, so that the deploy
// can be repeated (CloudFormation Template Reference, DeletionPolicy, RetainExceptOnCreate).
func (d *deployment) makeSender(name string) awsses.CfnEmailIdentity {
	identity := awsses.NewCfnEmailIdentity(d.stack, jsii.String("MailIdentity"),
		&awsses.CfnEmailIdentityProps{EmailIdentity: jsii.String(name)})
	identity.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, nil)
	return identity
}

// makeDomainIdentity creates the identity of a domain. Three DNS records prove that we own it, and
// hold the keys that sign its mails (DKIM).
func (d *deployment) makeDomainIdentity(domain string) {
	identity := d.makeSender(domain)
	for i, record := range []struct{ name, value *string }{
		{identity.AttrDkimDnsTokenName1(), identity.AttrDkimDnsTokenValue1()},
		{identity.AttrDkimDnsTokenName2(), identity.AttrDkimDnsTokenValue2()},
		{identity.AttrDkimDnsTokenName3(), identity.AttrDkimDnsTokenValue3()},
	} {
		d.output(fmt.Sprintf("MailRecord%d", i+1), jsii.String(*record.name+" CNAME "+*record.value),
			"Put this record into the DNS of the sender's domain")
	}
}
