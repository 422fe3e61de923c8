package stack

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// Config has the choices of a deployment. cdk.json contains each value with its default, and -c
// key=value on the command line overrides it.
type Config struct {
	// Name is the name of the stack.
	Name string
	// MailFrom is the sender of mails: an address, with or without a display name. Without it the
	// template cannot be deployed.
	MailFrom string
	// MailAddress is the address in MailFrom. It is in lower case in both: for SES, spellings of an
	// address that differ in case are different identities and different senders in a policy.
	MailAddress string
	// MailIdentity is what SES verifies: "domain", "address", or "existing" if the account has
	// already verified one of them.
	MailIdentity string
	// MailFromDomain is the domain to which bounces go (MAIL FROM), a subdomain of the sender's, or ""
	// for SES's own.
	MailFromDomain string
	// SandboxRecipients are the addresses that SES asks whether it may send to them while the account
	// is in its sandbox. They are in lower case.
	SandboxRecipients []string
	// AlarmEmail is the address that receives alarms, or "".
	AlarmEmail string
	// SignUpOrigins are the https origins of sign-up pages, which may call the API from a browser
	// and to which users may be returned.
	SignUpOrigins []string
	// Domain is the API's domain, or "" for the one that AWS assigns.
	Domain string
	// Certificate is the ARN of the domain's certificate in the stack's region.
	Certificate string
	// PublicDomain is the domain that people use if a proxy stands in front of the API, or "" if they
	// use Domain or the address that AWS assigns. Issuers and links name it.
	PublicDomain string
	// AWSAddress reports whether the API also answers at the address that AWS assigns.
	AWSAddress bool
	// ProxyHeader is the header in which a proxy in front of the API names the address from which a
	// request came to it, or "" if there is no such proxy.
	ProxyHeader string
	// ProxyOnly reports whether public requests that have not passed the proxy are refused.
	ProxyOnly bool
	// PublicRate is the number of requests a second to each public route, for all callers together.
	PublicRate int
	// TokenRate is the number of requests a second to each route of the token servers.
	TokenRate int
	// AdminRate is the number of requests a second to each other route.
	AdminRate int
	// MaxReadUnits and MaxWriteUnits limit the capacity units that the table uses in a second.
	MaxReadUnits  int
	MaxWriteUnits int
	// LogDays is how many days logs are kept.
	LogDays int
	// MailRate is the number of mails a second that SES takes from the account and that this deployment
	// may use.
	MailRate int
	// RestoredStream is the ARN of the stream of a restored table, which replaces the stack's own
	// table, or "".
	RestoredStream string
	// DeletionProtected protects the table from deletion.
	DeletionProtected bool
}

// Keys returns the context keys of a [Config] with their defaults, as they are in cdk.json.
func Keys() map[string]string {
	return map[string]string{
		"name": "IdentityPools", "mailFrom": "", "mailIdentity": "domain", "mailFromDomain": "", "sandboxRecipients": "",
		"alarmEmail": "", "signUpOrigins": "",
		"domain": "", "certificate": "", "publicDomain": "", "awsAddress": "true",
		"proxyHeader": "", "proxyOnly": "false", "publicRate": "20", "tokenRate": "100", "adminRate": "500",
		"maxReadUnits": "4000", "maxWriteUnits": "4000",
		"logDays": "30", "mailRate": strconv.Itoa(plan.UsualMailRate), "restoredStream": "", "deletionProtection": "true",
	}
}

// processRate returns how many mails a second one process of the courier may send, so that all of them
// together stay within MailRate.
func (c Config) processRate() string {
	return fmt.Sprintf("%g", float64(c.MailRate)/float64(plan.MailProcesses(c.MailRate)))
}

// retentions returns the CDK's constants for the numbers of days for which CloudWatch Logs can keep
// logs, up to two years.
func retentions() map[int]awslogs.RetentionDays {
	return map[int]awslogs.RetentionDays{
		1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS,
		5: awslogs.RetentionDays_FIVE_DAYS,
		7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS,
		30: awslogs.RetentionDays_ONE_MONTH,
		60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS,
		180: awslogs.RetentionDays_SIX_MONTHS,
		365: awslogs.RetentionDays_ONE_YEAR, 731: awslogs.RetentionDays_TWO_YEARS,
	}
}

// Read returns the configuration in a context. Its error lists all that is wrong, each in a
// sentence that names the key and says what to do.
func Read(context map[string]any) (Config, error) {
	r := reader{context: context}
	r.knowAll()
	c := Config{
		Name:     r.matching("name", `letters, digits and hyphens, a letter first`, validName),
		MailFrom: r.text("mailFrom"), MailIdentity: r.oneOf("mailIdentity", "domain",
			"address", "existing"),
		MailFromDomain: r.matching("mailFromDomain",
			`a host name in ASCII and lower case, like "bounce.example.com"`, validHost),
		SandboxRecipients: r.list("sandboxRecipients", "an e-mail address", validAddress),
		AlarmEmail: r.matching("alarmEmail", "an e-mail address", func(s string) bool {
			return s == "" || validAddress(s)
		}),
		SignUpOrigins: r.list("signUpOrigins",
			`an https origin in ASCII and lower case, without a path, like "https://app.example.com"`, validOrigin),
		Domain:      r.matching("domain", `a host name in ASCII and lower case, like "id.example.com"`, validHost),
		Certificate: r.arn("certificate", "acm"),
		PublicDomain: r.matching("publicDomain",
			`a host name in ASCII and lower case, like "id.example.com"`, validHost),
		AWSAddress:  r.oneOf("awsAddress", "true", "false") == "true",
		ProxyHeader: r.matching("proxyHeader", `the name of a header, like "X-Viewer-Address"`, validHeader),
		ProxyOnly:   r.oneOf("proxyOnly", "true", "false") == "true",
		PublicRate:  r.number("publicRate", 1, 10_000), TokenRate: r.number("tokenRate", 1, 10_000),
		AdminRate:         r.number("adminRate", 1, 10_000),
		MaxReadUnits:      r.number("maxReadUnits", 10, 40_000),
		MaxWriteUnits:     r.number("maxWriteUnits", 10, 40_000),
		LogDays:           r.number("logDays", 1, 731),
		MailRate:          r.number("mailRate", 1, 10_000),
		RestoredStream:    r.arn("restoredStream", "dynamodb"),
		DeletionProtected: r.oneOf("deletionProtection", "true", "false") == "true",
	}
	sender, err := identity.ParseSender(c.MailFrom)
	switch {
	case c.MailFrom == "": // sufficient for viewing the template
	case err != nil || strings.ContainsAny(c.MailFrom, "\r\n"):
		r.fault("mailFrom",
			`must be an e-mail address, like "Example <no-reply@example.com>", and is %q`, c.MailFrom)
	default:
		// a name that is not ASCII is encoded (RFC 2047)
		sender.Address = strings.ToLower(sender.Address)
		c.MailFrom, c.MailAddress = sender.String(), sender.Address
	}
	r.checkMailFromDomain(c)
	for i, recipient := range c.SandboxRecipients {
		c.SandboxRecipients[i] = strings.ToLower(inASCII(recipient))
	}
	c.AlarmEmail = inASCII(c.AlarmEmail)
	if (c.Domain == "") != (c.Certificate == "") {
		r.fault("domain",
			"and certificate come together: the certificate of the domain, from ACM in the region of the stack")
	}
	r.checkWaysIn(c)
	if _, ok := retentions()[c.LogDays]; !ok {
		r.fault("logDays", "must be one of %v", slices.Sorted(maps.Keys(retentions())))
	}
	return c, errors.Join(r.faults...)
}

// checkWaysIn reports settings without which nobody could reach the API, or sign up.
func (r *reader) checkWaysIn(c Config) {
	if !c.AWSAddress && (c.Domain == "" || c.Domain == c.PublicDomain) {
		r.fault("awsAddress",
			"needs a domain other than publicDomain: without one, the address of AWS is the only one of the API")
	}
	if c.ProxyOnly && c.ProxyHeader == "" {
		r.fault("proxyOnly", "needs a proxyHeader: without a proxy, nobody could sign up")
	}
}

// checkMailFromDomain reports a MAIL FROM domain that SES would refuse for the sender's identity:
// https://docs.aws.amazon.com/ses/latest/dg/mail-from.html
func (r *reader) checkMailFromDomain(c Config) {
	_, domain, _ := strings.Cut(c.MailAddress, "@")
	switch {
	case c.MailFromDomain == "":
	case c.MailIdentity != "domain":
		r.fault("mailFromDomain", "needs mailIdentity=domain, and mailIdentity is %q", c.MailIdentity)
	case domain != "" && !strings.HasSuffix(c.MailFromDomain, "."+domain):
		r.fault("mailFromDomain", "must be a subdomain of %s, like bounce.%[1]s, and is %q", domain, c.MailFromDomain)
	}
}

// reader reads a context and collects what is wrong with it.
type reader struct {
	context map[string]any
	faults  []error
}

func (r *reader) fault(key, format string, values ...any) {
	r.faults = append(r.faults, fmt.Errorf("context %s %s", key, fmt.Sprintf(format, values...)))
}

// knowAll reports keys that are not settings, because with a misspelled key the default would apply
// unnoticed. Keys of the CDK and the explanations in cdk.json have a colon, a slash or a hyphen in
// them, and are accepted.
func (r *reader) knowAll() {
	known := Keys()
	for key := range r.context {
		if _, ok := known[key]; !ok && !strings.ContainsAny(key, ":/-") {
			r.fault(key, "is no setting of this project; cdk.json lists them all")
		}
	}
}

// text returns a value as a string. Values of the command line are strings; those of cdk.json may
// be numbers and booleans.
func (r *reader) text(key string) string {
	value, ok := r.context[key]
	if !ok || value == nil {
		return Keys()[key]
	}
	return strings.TrimSpace(fmt.Sprint(value))
}

func (r *reader) matching(key, rule string, valid func(string) bool) string {
	value := r.text(key)
	if !valid(value) {
		r.fault(key, "must be %s, and is %q", rule, value)
	}
	return value
}

func (r *reader) oneOf(key string, choices ...string) string {
	return r.matching(key, "one of "+strings.Join(choices, ", "), func(s string) bool {
		return slices.Contains(choices, s)
	})
}

func (r *reader) list(key, rule string, valid func(string) bool) []string {
	var values []string
	for value := range strings.SplitSeq(r.text(key), ",") {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if !valid(value) {
			r.fault(key, "must be a list with commas, each %s, and has %q", rule, value)
		}
		values = append(values, value)
	}
	return values
}

func (r *reader) number(key string, least, most int) int {
	n, err := strconv.Atoi(r.text(key))
	if err != nil || n < least || n > most {
		r.fault(key, "must be a number from %d to %d, and is %q", least, most, r.text(key))
	}
	return n
}

func (r *reader) arn(key, service string) string {
	return r.matching(key, "the ARN of a resource of "+service, func(s string) bool {
		parts := strings.SplitN(s, ":", 6)
		return s == "" || len(parts) == 6 && parts[0] == "arn" && parts[2] == service &&
			(service != "dynamodb" || strings.Contains(parts[5], "/stream/"))
	})
}

func validAddress(s string) bool { return inASCII(s) != "" }

// inASCII returns an e-mail address with its domain in ASCII, as SES and SNS take it, or "" for a text
// that is no address to which mail can be sent.
func inASCII(s string) string {
	address, _ := identity.ParseMailAddress(s)
	return address.String()
}

func validOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.Scheme+"://"+u.Host == s && isPlain(s)
}

func validHost(s string) bool {
	u, err := url.Parse("https://" + s)
	return s == "" || err == nil && u.Host == s && strings.Contains(s, ".") &&
		!strings.ContainsAny(s, ":*") && isPlain(s)
}

// validHeader reports whether s is "" or the name of a header that a proxy may add. The one with the
// proxy's secret is not for addresses.
func validHeader(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) && !strings.EqualFold(s, api.ProxySecretHeader)
}

// isPlain reports whether s is in lower case and in ASCII, as browsers send hosts and AWS takes them
// (RFC 6454 §6.2).
func isPlain(s string) bool {
	return strings.ToLower(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

func validName(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 100
}
