package courier_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"identitypools/functions/courier"
	"identitypools/infra/check/parttest"
	"identitypools/shared/mail"
)

const from = `"Identity Pools" <pools@example.com>`

func sender(change func(*sesv2.Options)) courier.Sender {
	options := sesv2.Options{
		Region: "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		Retryer: aws.NopRetryer{},
	}
	change(&options)
	return courier.Sender{Client: sesv2.New(options), From: from}
}

// TestSend hands a mail to the inbox, which answers as SES does, and reads it there.
func TestSend(t *testing.T) {
	t.Parallel()
	inbox := parttest.OpenInbox(t)
	s := sender(func(o *sesv2.Options) { o.BaseEndpoint = aws.String(inbox.URL()) })
	m := mail.Mail{Subject: "Żółć & <b>", Text: "łąka\n\n    123456\n", HTML: "<p>łąka &amp; 123456</p>"}
	to := strings.ToLower(rand.Text()) + "@example.com"
	if err := s.Send(t.Context(), courier.Envelope{To: to}, m); err != nil {
		t.Fatal(err)
	}
	got := inbox.Await(t, to, 1)
	if len(got) != 1 || got[0].From != from || len(got[0].To) != 1 || got[0].To[0] != to || len(got[0].ReplyTo) > 0 {
		t.Fatalf("arrived: %+v", got)
	}
	if arrived := (mail.Mail{Subject: got[0].Subject, Text: got[0].Text, HTML: got[0].HTML}); arrived != m {
		t.Errorf("arrived as %+v\nsent as %+v", arrived, m)
	}
}

// TestWhoSends: a pool may give its mails a name, and say who is answered, but never the address that they come from.
func TestWhoSends(t *testing.T) {
	t.Parallel()
	inbox := parttest.OpenInbox(t)
	const named, bare = "Identity Pools <pools@example.com>", "pools@example.com"
	for _, row := range []struct {
		name, from string
		e          courier.Envelope
		want       string
	}{
		{"nothing said", named, courier.Envelope{Pool: "Acme"}, named},
		{"the pool's own", named, courier.Envelope{Name: "Acme Support", Pool: "Acme"}, `"Acme Support" <pools@example.com>`},
		{"letters outside of ASCII", named, courier.Envelope{Name: "Zoë", Pool: "Acme"}, "=?utf-8?q?Zo=C3=AB?= <pools@example.com>"},
		{"a quotation mark", named, courier.Envelope{Name: `A" <b@example.com>, "`, Pool: "Acme"}, `"A\" <b@example.com>, \"" <pools@example.com>`},
		{"a line break", named, courier.Envelope{Name: "A\r\nBcc: b@example.com", Pool: "Acme"}, "=?utf-8?b?QQ0KQmNjOiBiQGV4YW1wbGUuY29t?= <pools@example.com>"},
		{"no name but the pool's", bare, courier.Envelope{Pool: "Acme"}, `"Acme" <pools@example.com>`},
		{"the pool's own where the deployment has none", bare, courier.Envelope{Name: "Acme Support", Pool: "Acme"}, `"Acme Support" <pools@example.com>`},
		{"a pool that is called like an address", bare, courier.Envelope{Pool: "support@example.com"}, bare},
		{"a pool that is called like one in brackets", bare, courier.Envelope{Pool: "A <b>"}, bare},
		{"a pool with a long name", bare, courier.Envelope{Pool: strings.Repeat("x", 65)}, bare},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := sender(func(o *sesv2.Options) { o.BaseEndpoint = aws.String(inbox.URL()) })
			s.From = row.from
			row.e.To = strings.ToLower(rand.Text()) + "@example.com"
			row.e.ReplyTo = "help@example.com"
			if err := s.Send(t.Context(), row.e, mail.Mail{Subject: "s", Text: "t", HTML: "h"}); err != nil {
				t.Fatal(err)
			}
			if got := inbox.Await(t, row.e.To, 1)[0]; got.From != row.want || len(got.ReplyTo) != 1 || got.ReplyTo[0] != "help@example.com" {
				t.Errorf("from %s, want %s; answers to %q", got.From, row.want, got.ReplyTo)
			}
		})
	}
}

// fault stands for an SES that fails: it keeps what is sent and answers as a test says.
type fault struct {
	sent   string
	answer func() (*http.Response, error)
}

func (f *fault) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	f.sent = string(body)
	return f.answer()
}

func refuse(status int, code string) func() (*http.Response, error) {
	return refuseWith(status, code, "no")
}

func refuseWith(status int, code, text string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return &http.Response{
			StatusCode: status,
			Header:     http.Header{"X-Amzn-Errortype": {code}, "Content-Type": {"application/json"}},
			Body:       io.NopCloser(strings.NewReader(`{"message":"` + text + `"}`)),
		}, nil
	}
}

// TestSendFails tells what is worth another try from what never will be accepted: a mail that is given up is lost. V16.2.5: whatever SES
// says, the error does not repeat the recipient, since it is logged.
func TestSendFails(t *testing.T) {
	t.Parallel()
	const unverified = "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: "
	for _, row := range []struct {
		name     string
		answer   func() (*http.Response, error)
		rejected bool
	}{
		{"the message is rejected", refuse(400, "MessageRejected"), true},
		{"the request is malformed", refuse(400, "BadRequestException"), true},
		{"in the sandbox, the recipient is not verified", refuseWith(400, "MessageRejected", unverified+"A@Example.com"), true},
		{"the sender is not verified", refuseWith(400, "MessageRejected", unverified+"Pools@Example.com"), false},
		{"neither is verified", refuseWith(400, "MessageRejected", unverified+"a@example.com, pools@example.com"), false},
		{"sending is paused, by another name", refuseWith(400, "MessageRejected", "Sending paused for this account. For more information, please check the inbox"), false},
		{"sending to somebody is not allowed", refuseWith(403, "AccessDeniedException", "not authorized on arn:aws:ses:eu-central-1:123456789012:identity/A@example.com"), false},
		{"the account is throttled", refuse(429, "TooManyRequestsException"), false},
		{"the quota is spent", refuse(400, "LimitExceededException"), false},
		{"sending is paused", refuse(400, "SendingPausedException"), false},
		{"the account is suspended", refuse(400, "AccountSuspendedException"), false},
		{"the sender's domain is not verified", refuse(400, "MailFromDomainNotVerifiedException"), false},
		{"the configuration is missing", refuse(404, "NotFoundException"), false},
		{"credentials have expired", refuse(403, "ExpiredTokenException"), false},
		{"the service fails", refuse(500, "InternalServiceErrorException"), false},
		{"the service is away", refuse(503, ""), false},
		{"the network fails", func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := sender(func(o *sesv2.Options) { o.HTTPClient = &fault{answer: row.answer} })
			err := s.Send(t.Context(), courier.Envelope{To: "a@example.com"}, mail.Mail{Subject: "s", Text: "t", HTML: "h"})
			if err == nil || errors.Is(err, courier.ErrRejected) != row.rejected {
				t.Errorf("rejected for good is %v, want %v: %v", errors.Is(err, courier.ErrRejected), row.rejected, err)
			}
			if text := strings.ToLower(fmt.Sprint(err)); strings.Contains(text, "a@example.com") {
				t.Errorf("the error names the recipient: %s", text)
			}
		})
	}
}

// TestSendRefusesAddresses has nothing reach SES for what is no address, or more than one.
func TestSendRefusesAddresses(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"", "a", "@example.com", "a@", "a@example.com,b@example.com", "a@example.com b@example.com", "A <a@example.com>", "<a@example.com>",
		"a@example.com\r\nBcc: b@example.com", "a\n@example.com", "a@example.com\n", " a@example.com", "a@example.com\x00", "a@example.com(b)",
	} {
		f := &fault{answer: refuse(500, "")}
		s := sender(func(o *sesv2.Options) { o.HTTPClient = f })
		if err := s.Send(t.Context(), courier.Envelope{To: to}, mail.Mail{}); !errors.Is(err, courier.ErrRejected) || f.sent != "" {
			t.Errorf("%q: %v, sent %q", to, err, f.sent)
		} else if to != "" && strings.Contains(err.Error(), to) && len(to) > 1 {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

// TestSendSaysThatNobodyWrote: RFC 3834 section 5 keeps vacation notices from being answered to.
func TestSendSaysThatNobodyWrote(t *testing.T) {
	t.Parallel()
	f := &fault{answer: refuse(500, "")}
	_ = sender(func(o *sesv2.Options) { o.HTTPClient = f }).Send(t.Context(), courier.Envelope{To: "a@example.com"}, mail.Mail{Subject: "s", Text: "t", HTML: "h"})
	for _, part := range []string{`"Name":"Auto-Submitted"`, `"Value":"auto-generated"`, `"Charset":"UTF-8"`} {
		if !strings.Contains(f.sent, part) {
			t.Errorf("%s is not in %s", part, f.sent)
		}
	}
}

// TestSendNamesTheConfigurationSet, without which SES tells nobody of bounces and complaints.
func TestSendNamesTheConfigurationSet(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "bounces"} {
		f := &fault{answer: refuse(500, "")}
		s := sender(func(o *sesv2.Options) { o.HTTPClient = f })
		s.ConfigurationSet = name
		_ = s.Send(t.Context(), courier.Envelope{To: "a@example.com"}, mail.Mail{Subject: "s", Text: "t", HTML: "h"})
		if named := strings.Contains(f.sent, `"ConfigurationSetName":"bounces"`); named != (name != "") || strings.Contains(f.sent, "ConfigurationSet") != named {
			t.Errorf("configuration set %q is sent as %s", name, f.sent)
		}
	}
}
