package system_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// mailTo returns a mail without a fault.
func mailTo(address string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("Ann <ann@example.com>"),
		Destination:      &types.Destination{ToAddresses: []string{address}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("s")},
			Body:    &types.Body{Text: &types.Content{Data: aws.String("t")}},
		}},
	}
}

// The local SES refuses what the one in AWS refuses, wherever the address stands.
func TestSESRefusesAddressesHereToo(t *testing.T) {
	t.Parallel()
	ses := systemtest.New(t).Courier.Mailer.Client
	for address, says := range map[string]string{
		"":                                       "Missing final '@domain'",
		"ann":                                    "Missing final '@domain'",
		"ann@":                                   "Missing final '@domain'",
		"@example.com":                           "Missing local name",
		"jörg@example.com":                       "non-ASCII",
		"ann@bücher.example":                     "non-ASCII",
		"Jörg <ann@example.com>":                 "non-ASCII",
		"ann@example.com\u200b":                  "non-ASCII",
		"ann@example.com ":                       "Domain contains control or whitespace",
		" ann@example.com":                       "Local address contains control or whitespace",
		"an n@example.com":                       "Local address contains control or whitespace",
		"ann@example.com\r\nBcc: x":              "Domain contains control or whitespace",
		"a,b@example.com":                        "Local address contains illegal character",
		"a@example.com, b@a.com":                 "Local address contains",
		"ann@exa_mple.com":                       "Domain contains illegal character",
		"ann@example..com":                       "Illegal address",
		"ann@.example.com":                       "Illegal address",
		strings.Repeat("x", 65) + "@example.com": "too long",
		"ann@" + strings.Repeat("example.", 40) + "com": "too long",
	} {
		to, from, replyTo := mailTo(address), mailTo("ben@example.com"), mailTo("ben@example.com")
		from.FromEmailAddress, replyTo.ReplyToAddresses = aws.String(address), []string{address}
		for place, in := range map[string]*sesv2.SendEmailInput{"to": to, "from": from, "reply to": replyTo} {
			_, err := ses.SendEmail(t.Context(), in)
			var bad *types.BadRequestException
			if !errors.As(err, &bad) || !strings.Contains(bad.ErrorMessage(), says) {
				t.Errorf("%s %q: %v, want %q", place, address, err, says)
			}
		}
	}
	for _, address := range []string{"ann@example.com", "A.n'n+x@Example.COM", "ann@xn--bcher-kva.example"} {
		if _, err := ses.SendEmail(t.Context(), mailTo(address)); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// SES takes each address that the product takes for one that can receive mail.
func TestSESTakesWhatTheProductTakes(t *testing.T) {
	t.Parallel()
	ses := systemtest.New(t).Courier.Mailer.Client
	taken := 0
	for _, text := range difficultTexts() {
		for _, address := range []string{text, text + "@example.com", "ann@" + text + ".example"} {
			a, err := identity.ParseMailAddress(address)
			if err != nil {
				continue
			}
			taken++
			if _, err := ses.SendEmail(t.Context(), mailTo(a.String())); err != nil {
				t.Errorf("%+q: %v", a, err)
			}
		}
	}
	if taken < 20 {
		t.Errorf("%d addresses were taken: too few to show anything", taken)
	}
}
