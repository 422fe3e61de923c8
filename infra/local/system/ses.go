package system

import (
	"context"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go/middleware"
)

// refuseMails is a middleware that refuses mails as SES does: the inbox takes any text for an address.
// It does not use the product's own rules, because it would find no fault in them.
func refuseMails(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("refuseMails", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
		mail, ok := in.Parameters.(*sesv2.SendEmailInput)
		if !ok {
			return next.HandleInitialize(ctx, in)
		}
		addresses := append([]string{aws.ToString(mail.FromEmailAddress)}, mail.ReplyToAddresses...)
		for _, address := range append(addresses, mail.Destination.ToAddresses...) {
			if why := faultOf(address); why != "" {
				return out, metadata, &types.BadRequestException{Message: aws.String(why)}
			}
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// faultOf returns what SES says of an address that it does not accept, or "". The address may have a
// name before it. SES takes ASCII only:
// https://docs.aws.amazon.com/ses/latest/APIReference/API_Destination.html
// The lengths are those of RFC 5321 §4.5.3.1.
func faultOf(address string) string {
	bare := address
	if name, rest, ok := strings.Cut(address, " <"); ok && strings.HasSuffix(rest, ">") && name != "" {
		bare = strings.TrimSuffix(rest, ">")
	}
	at := strings.LastIndexByte(bare, '@')
	local, domain := bare[:max(at, 0)], bare[at+1:]
	const ofDomains = "abcdefghijklmnopqrstuvwxyz0123456789-."
	blank := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	switch {
	case strings.ContainsFunc(address, func(r rune) bool { return r > unicode.MaxASCII }):
		return "Address contains non-ASCII characters"
	case at < 0 || domain == "":
		return "Missing final '@domain'"
	case local == "":
		return "Missing local name"
	case strings.ContainsFunc(local, blank):
		return "Local address contains control or whitespace"
	case strings.ContainsFunc(domain, blank):
		return "Domain contains control or whitespace"
	case strings.ContainsAny(local, `"(),:;<>[]\@`):
		return "Local address contains illegal character"
	case strings.Trim(strings.ToLower(domain), ofDomains) != "":
		return "Domain contains illegal character"
	case strings.Contains("."+domain+".", "..") || strings.Contains("."+local+".", ".."):
		return "Illegal address"
	case len(local) > 64 || len(bare) > 254:
		return "Address is too long"
	}
	return ""
}
