package courier_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"identitypools/functions/courier"
	"identitypools/infra/check/parttest"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

const from = `"Identity Pools" <pools@example.com>`

// to returns the envelope of a mail to an address.
func to(tb testing.TB, address string) courier.Envelope {
	tb.Helper()
	return courier.Envelope{To: mailAddress(tb, address)}
}

// parsed returns the sender in a text.
func parsed(tb testing.TB, text string) netmail.Address {
	tb.Helper()
	from, err := identity.ParseSender(text)
	if err != nil {
		tb.Fatal(err)
	}
	return from
}

func mailAddress(tb testing.TB, text string) identity.MailAddress {
	tb.Helper()
	a, err := identity.ParseMailAddress(text)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func sender(tb testing.TB, change func(*sesv2.Options)) courier.Sender {
	tb.Helper()
	options := sesv2.Options{
		Region: "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		Retryer: aws.NopRetryer{},
	}
	change(&options)
	return courier.Sender{Client: sesv2.New(options), From: parsed(tb, from)}
}

// TestSend hands a mail to the inbox, which answers as SES does, and reads it there.
func TestSend(t *testing.T) {
	t.Parallel()
	inbox := parttest.OpenInbox(t)
	s := sender(t, func(o *sesv2.Options) { o.BaseEndpoint = aws.String(inbox.URL()) })
	m := mail.Mail{Subject: "Żółć & <b>", Text: "łąka\n\n    123456\n", HTML: "<p>łąka &amp; 123456</p>"}
	address := strings.ToLower(rand.Text()) + "@example.com"
	if err := s.Send(t.Context(), to(t, address), m); err != nil {
		t.Fatal(err)
	}
	got := inbox.Await(t, address, 1)
	if len(got) != 1 || got[0].From != from || len(got[0].To) != 1 || got[0].To[0] != address ||
		len(got[0].ReplyTo) > 0 {
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
	const named, bare = from, "pools@example.com"
	for _, row := range []struct {
		name, from string
		e          courier.Envelope
		want       string
	}{
		{"no name of a pool", named, courier.Envelope{}, named},
		{"no name at all", bare, courier.Envelope{}, bare},
		{"the pool's", named, courier.Envelope{Name: "Acme Support"}, `"Acme Support" <pools@example.com>`},
		{"the pool's where the deployment has none", bare, courier.Envelope{Name: "Acme Support"}, `"Acme Support" <pools@example.com>`},
		{"letters outside of ASCII", named, courier.Envelope{Name: "Zoë"}, "=?utf-8?q?Zo=C3=AB?= <pools@example.com>"},
		{"a quotation mark", named, courier.Envelope{Name: `A" <b@example.com>, "`}, `"A\" <b@example.com>, \"" <pools@example.com>`},
		{"a line break", named, courier.Envelope{Name: "A\r\nBcc: b@example.com"}, "=?utf-8?b?QQ0KQmNjOiBiQGV4YW1wbGUuY29t?= <pools@example.com>"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := sender(t, func(o *sesv2.Options) { o.BaseEndpoint = aws.String(inbox.URL()) })
			s.From = parsed(t, row.from)
			address := strings.ToLower(rand.Text()) + "@example.com"
			row.e.To, row.e.ReplyTo = mailAddress(t, address), mailAddress(t, "help@example.com")
			if err := s.Send(t.Context(), row.e, mail.Mail{Subject: "s", Text: "t", HTML: "h"}); err != nil {
				t.Fatal(err)
			}
			if got := inbox.Await(t, address, 1)[0]; got.From != row.want || len(got.ReplyTo) != 1 ||
				got.ReplyTo[0] != "help@example.com" {
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

// deny answers as SES does if the permission for a resource is missing.
func deny(code, resource string) func() (*http.Response, error) {
	return refuseWith(403, code, "User `arn:aws:sts::123456789012:assumed-role/courier/courier'"+
		" is not authorized to perform `ses:SendEmail' on resource `arn:aws:ses:eu-west-1:123456789012:"+resource+"'")
}

// TestSendFails tells faults of the recipient from those of ours, which never make a mail final, and
// from those that may be either. V16.2.5: whatever SES says, the error does not repeat the recipient,
// since it is logged.
func TestSendFails(t *testing.T) {
	t.Parallel()
	const unverified = "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: "
	for _, row := range []struct {
		name   string
		answer func() (*http.Response, error)
		want   error // nil if SES takes no mail at the moment
	}{
		{"the message is rejected", refuse(400, "MessageRejected"), courier.ErrUndecided},
		{"the request is malformed", refuse(400, "BadRequestException"), courier.ErrUndecided},
		{"some address is none", refuseWith(400, "BadRequestException", "Illegal address"), courier.ErrUndecided},
		{"some parameter is wrong", refuseWith(
			400, "InvalidParameterValue", "Local address contains control or whitespace",
		), courier.ErrUndecided},
		{"the recipient is none", refuseWith(
			400, "BadRequestException", "Illegal address A@example.com",
		), courier.ErrRejected},
		{"in the sandbox, the recipient is not verified", refuseWith(
			400, "MessageRejected", unverified+"A@Example.com",
		), courier.ErrRejected},
		{"the sender is not verified", refuseWith(400, "MessageRejected", unverified+"Pools@Example.com"), nil},
		{"neither is verified", refuseWith(400, "MessageRejected", unverified+"a@example.com, pools@example.com"), nil},
		{"sending is paused, by another name", refuseWith(
			400, "MessageRejected", "Sending paused for this account. For more information, please check the inbox",
		), nil},
		{
			"in the sandbox, sending to the recipient is not allowed",
			deny("AccessDeniedException", "identity/A@Example.com"), courier.ErrRejected,
		},
		{"the same, by the name of the older API", deny("AccessDenied", "identity/a@example.com"), courier.ErrRejected},
		{
			"the same, as IAM writes it",
			refuseWith(
				403, "AccessDeniedException", "User: arn:aws:sts::123456789012:assumed-role/c/c"+
					" is not authorized to perform: ses:SendEmail on resource: arn:aws:ses:eu-west-1:123456789012:identity/a@example.com because no policy allows it",
			), courier.ErrRejected,
		},
		{"sending from the address is not allowed", deny("AccessDeniedException", "identity/pools@example.com"), nil},
		{"sending with the domain is not allowed", deny("AccessDeniedException", "identity/example.com"), nil},
		{"the configuration set is not allowed", deny("AccessDeniedException", "configuration-set/a@example.com"), nil},
		{"somebody else is named", deny("AccessDeniedException", "identity/a@example.com.au"), nil},
		{"somebody else whose name ends like it", deny("AccessDeniedException", "identity/aa@example.com"), nil},
		{"nothing is allowed", refuse(403, "AccessDeniedException"), nil},
		{"the account is throttled", refuse(429, "TooManyRequestsException"), nil},
		{"the quota is spent", refuse(400, "LimitExceededException"), nil},
		{"sending is paused", refuse(400, "SendingPausedException"), nil},
		{"the account is suspended", refuse(400, "AccountSuspendedException"), nil},
		{"the sender's domain is not verified", refuse(400, "MailFromDomainNotVerifiedException"), nil},
		{"the configuration is missing", refuse(404, "NotFoundException"), nil},
		{"credentials have expired", refuse(403, "ExpiredTokenException"), nil},
		{"the service fails", refuse(500, "InternalServiceErrorException"), nil},
		{"the service is away", refuse(503, ""), nil},
		{"the network fails", func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := sender(t, func(o *sesv2.Options) { o.HTTPClient = &fault{answer: row.answer} })
			err := s.Send(t.Context(), to(t, "a@example.com"), mail.Mail{Subject: "s", Text: "t", HTML: "h"})
			for _, is := range []error{courier.ErrRejected, courier.ErrUndecided} {
				if err == nil || errors.Is(err, is) != (row.want == is) {
					t.Errorf("the error is %v, want one that is %v", err, row.want)
				}
			}
			if text := strings.ToLower(fmt.Sprint(err)); strings.Contains(text, "a@example.com") {
				t.Errorf("the error names the recipient: %s", text)
			}
		})
	}
}

// A recipient whose address contains the sender's cannot pass for a fault of the sender, for which all
// mails would wait.
func TestNobodyPassesForTheSender(t *testing.T) {
	t.Parallel()
	const refused = "Email address is not verified: xpools@example.com"
	s := sender(
		t, func(o *sesv2.Options) { o.HTTPClient = &fault{answer: refuseWith(400, "MessageRejected", refused)} },
	)
	err := s.Send(t.Context(), to(t, "xpools@example.com"), mail.Mail{Subject: "s", Text: "t", HTML: "h"})
	if !errors.Is(err, courier.ErrRejected) {
		t.Error(err)
	}
}

// A sender whose address ends with the recipient's cannot pass for the recipient, whose mail would be lost.
func TestTheSenderDoesNotPassForTheRecipient(t *testing.T) {
	t.Parallel()
	const refused = "Email address is not verified. The following identities failed the check: "
	for text, want := range map[string]error{
		"pools@example.com": nil, "pools@example.com.": nil, "ools@example.com": courier.ErrRejected,
		"ools@example.com.": courier.ErrRejected, "pools@example.com, ools@example.com": nil,
	} {
		s := sender(t, func(o *sesv2.Options) {
			o.HTTPClient = &fault{answer: refuseWith(400, "MessageRejected", refused+text)}
		})
		err := s.Send(t.Context(), to(t, "ools@example.com"), mail.Mail{Subject: "s", Text: "t", HTML: "h"})
		if err == nil || errors.Is(err, courier.ErrUndecided) || errors.Is(err, courier.ErrRejected) != (want != nil) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// A mail to the sender's own address that is denied waits: the denial is about the sender.
func TestADenialOfTheSenderIsNotAboutTheRecipient(t *testing.T) {
	t.Parallel()
	s := sender(t, func(o *sesv2.Options) {
		o.HTTPClient = &fault{answer: deny("AccessDeniedException", "identity/pools@example.com")}
	})
	err := s.Send(t.Context(), to(t, "Pools@example.com"), mail.Mail{Subject: "s", Text: "t", HTML: "h"})
	if err == nil || errors.Is(err, courier.ErrRejected) || errors.Is(err, courier.ErrUndecided) {
		t.Error(err)
	}
}

// TestSendSaysThatNobodyWrote: RFC 3834 section 5 keeps vacation notices from being answered to.
func TestSendSaysThatNobodyWrote(t *testing.T) {
	t.Parallel()
	f := &fault{answer: refuse(500, "")}
	_ = sender(
		t, func(o *sesv2.Options) { o.HTTPClient = f },
	).Send(t.Context(), to(t, "a@example.com"), mail.Mail{Subject: "s", Text: "t", HTML: "h"})
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
		s := sender(t, func(o *sesv2.Options) { o.HTTPClient = f })
		s.ConfigurationSet = name
		_ = s.Send(t.Context(), to(t, "a@example.com"), mail.Mail{Subject: "s", Text: "t", HTML: "h"})
		if named := strings.Contains(f.sent, `"ConfigurationSetName":"bounces"`); named != (name != "") || strings.Contains(f.sent, "ConfigurationSet") != named {
			t.Errorf("configuration set %q is sent as %s", name, f.sent)
		}
	}
}
