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
	configurationSet *string
	// resources are the ARNs for which SES checks the permission to send.
	resources []*string
}

// makeMail creates the sender's identity, and the configuration set through which SES reports
// bounces and complaints to EventBridge. Mails contain codes, so they are sent over TLS or not at
// all.
func (d *deployment) makeMail() mailParts {
	set := d.makeConfigurationSet()
	if d.config.MailFrom == "" {
		d.lackSender()
	}
	_, domain, _ := strings.Cut(d.config.MailAddress, "@")
	switch d.config.MailIdentity {
	case "domain":
		d.makeDomainIdentity(domain)
	case "address":
		d.makeSender(&awsses.CfnEmailIdentityProps{EmailIdentity: jsii.String(d.config.MailAddress)})
	}
	known := []string{d.config.MailAddress} // the sender exists already
	for _, recipient := range d.config.SandboxRecipients {
		if slices.Contains(known, recipient) {
			continue
		}
		known = append(known, recipient)
		awsses.NewCfnEmailIdentity(d.stack, jsii.String(recipientID(recipient)),
			&awsses.CfnEmailIdentityProps{EmailIdentity: jsii.String(recipient)})
	}
	return mailParts{
		configurationSet: set.Ref(),
		// SES checks the permission for the sender's identity, which is the address if it is a known one
		// and otherwise its domain, and in its sandbox for the recipient's identity too. So all identities
		// are allowed, and the role's condition on the sender's address says what may be sent:
		// https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
		// https://repost.aws/knowledge-center/amazon-ses-iam-user-email-access-denied
		resources: []*string{d.arn("ses", "identity/*"), d.arn("ses", "configuration-set/"+*set.Ref())},
	}
}

// makeConfigurationSet creates the configuration set of all mails, and its way to EventBridge.
func (d *deployment) makeConfigurationSet() awsses.CfnConfigurationSet {
	set := awsses.NewCfnConfigurationSet(d.stack, jsii.String("MailConfiguration"),
		&awsses.CfnConfigurationSetProps{
			DeliveryOptions:   &awsses.CfnConfigurationSet_DeliveryOptionsProperty{TlsPolicy: jsii.String("REQUIRE")},
			ReputationOptions: &awsses.CfnConfigurationSet_ReputationOptionsProperty{ReputationMetricsEnabled: true},
			// The list of the account, from which the function users takes addresses. Without reasons
			// SES's global list applies instead, from which nobody can take an address:
			// https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
			SuppressionOptions: &awsses.CfnConfigurationSet_SuppressionOptionsProperty{
				SuppressedReasons: jsii.Strings("BOUNCE", "COMPLAINT"),
			},
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
	return set
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
func (d *deployment) makeSender(props *awsses.CfnEmailIdentityProps) awsses.CfnEmailIdentity {
	identity := awsses.NewCfnEmailIdentity(d.stack, jsii.String("MailIdentity"), props)
	identity.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, nil)
	return identity
}

// makeDomainIdentity creates the identity of a domain. Three DNS records prove that we own it, and
// hold the keys that sign its mails (DKIM). The outputs tell them, and those of SPF and DMARC.
func (d *deployment) makeDomainIdentity(domain string) {
	props := &awsses.CfnEmailIdentityProps{EmailIdentity: jsii.String(domain)}
	if d.config.MailFromDomain != "" {
		props.MailFromAttributes = &awsses.CfnEmailIdentity_MailFromAttributesProperty{
			MailFromDomain: jsii.String(d.config.MailFromDomain),
			// Until the MX record is there, mails are sent with SES's own MAIL FROM domain.
			BehaviorOnMxFailure: jsii.String("USE_DEFAULT_VALUE"),
		}
		d.tellMailFromRecords(d.config.MailFromDomain)
	}
	identity := d.makeSender(props)
	for i, record := range []struct{ name, value *string }{
		{identity.AttrDkimDnsTokenName1(), identity.AttrDkimDnsTokenValue1()},
		{identity.AttrDkimDnsTokenName2(), identity.AttrDkimDnsTokenValue2()},
		{identity.AttrDkimDnsTokenName3(), identity.AttrDkimDnsTokenValue3()},
	} {
		d.output(fmt.Sprintf("MailRecord%d", i+1), jsii.String(*record.name+" CNAME "+*record.value),
			"Put this record into the DNS of the sender's domain")
	}
	d.output("MailDMARC", jsii.String("_dmarc."+domain+` TXT "v=DMARC1; p=none"`),
		"Put this record into the DNS of the sender's domain, unless it has a DMARC record")
}

// tellMailFromRecords makes outputs of the two records that a MAIL FROM domain needs:
// https://docs.aws.amazon.com/ses/latest/dg/mail-from.html
func (d *deployment) tellMailFromRecords(domain string) {
	const what = "Put this record into the DNS of the MAIL FROM domain"
	d.output("MailFromMX", jsii.String(domain+" MX 10 feedback-smtp."+*d.stack.Region()+".amazonses.com"), what)
	d.output("MailFromSPF", jsii.String(domain+` TXT "v=spf1 include:amazonses.com ~all"`), what)
}
