package parttest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"identitypools/infra/check/parttest"
)

func TestEngineIsOneForAllTests(t *testing.T) {
	t.Parallel()
	first, second := parttest.Engine(t), parttest.Engine(t)
	if first != second {
		t.Errorf("two engines: %s and %s", first, second)
	}
	response, err := http.Get(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestInbox(t *testing.T) {
	t.Parallel()
	inbox := parttest.OpenInbox(t)
	if other := parttest.OpenInbox(t); other.URL() != inbox.URL() {
		t.Errorf("two inboxes: %s and %s", inbox.URL(), other.URL())
	}
	client := sesv2.New(sesv2.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(inbox.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	raw := strings.ReplaceAll(rawMessage, "\n", "\r\n")
	tests := map[string]struct {
		to      string
		content types.EmailContent
		want    parttest.Mail
	}{
		"simple": {
			"simple@inbox.example",
			types.EmailContent{Simple: &types.Message{
				Subject: text("Grüße"),
				Body:    &types.Body{Text: text("hello"), Html: text("<p>hello</p>")},
			}},
			parttest.Mail{
				From:    `"Pools" <pools@sender.example>`,
				To:      []string{"simple@inbox.example", "copy@inbox.example"},
				Subject: "Grüße", Text: "hello", HTML: "<p>hello</p>",
			},
		},
		"raw": {
			"raw@inbox.example",
			types.EmailContent{Raw: &types.RawMessage{Data: []byte(raw)}},
			parttest.Mail{
				From:    `"Pools" <pools@sender.example>`,
				To:      []string{"raw@inbox.example", "other@inbox.example"},
				Subject: "Grüße", Text: "hello\n", HTML: "<p>hello</p>\n",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now().Truncate(time.Second)
			_, err := client.SendEmail(t.Context(), &sesv2.SendEmailInput{
				FromEmailAddress: aws.String(`"Pools" <pools@sender.example>`),
				Destination: &types.Destination{
					ToAddresses:  []string{test.to},
					BccAddresses: []string{"copy@inbox.example"},
				},
				Content: &test.content,
			})
			if err != nil {
				t.Fatal(err)
			}
			mails := inbox.Await(t, strings.ToUpper(test.to), 1)
			got := mails[0]
			if got.At.Before(start) || got.At.After(time.Now()) {
				t.Errorf("sent at %s, not after %s", got.At, start)
			}
			if got.From != test.want.From || !slices.Equal(got.To, test.want.To) ||
				got.Subject != test.want.Subject ||
				got.Text != test.want.Text || got.HTML != test.want.HTML {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
	if mails := inbox.Mails(t, "nobody@inbox.example"); len(mails) != 0 {
		t.Errorf("%d mails for an address that got none", len(mails))
	}
}

func text(data string) *types.Content { return &types.Content{Data: aws.String(data)} }

const rawMessage = `From: Pools <pools@sender.example>
To: Raw One <raw@inbox.example>, other@inbox.example
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

hello

--b
Content-Type: text/html; charset=utf-8

<p>hello</p>

--b--
`
