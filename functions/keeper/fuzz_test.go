package keeper_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
)

// FuzzTrigger passes any event to the keeper. It never panics, and says only of records that it was
// given that they failed.
func FuzzTrigger(f *testing.F) {
	product := systemtest.New(f, withoutStream)
	for _, text := range []string{
		``, `{}`, `null`, `[]`, `{"Records":null}`, `{"Records":[{}]}`, `{"Records":[{"eventName":"INSERT","dynamodb":{"Keys":{}}}]}`,
		`{"Records":[{"eventID":"1","eventName":"INSERT","dynamodb":{"SequenceNumber":"7","Keys":{"pk":{"S":"MESSAGE#m"},"sk":{"S":"MESSAGE"}}}}]}`,
		`{"Records":[{"eventID":"1","eventName":"INSERT","dynamodb":{"SequenceNumber":"7","Keys":{"pk":{"N":"1"},"sk":{"B":"AA=="}}}}]}`,
		`{"Records":[{"eventID":"1","eventName":"INSERT","dynamodb":{"SequenceNumber":"7","Keys":{"pk":{"S":"USERS#t#p"},"sk":{"S":"u"}}}}]}`,
		`{"Records":[{"eventID":"1","eventName":"MODIFY","dynamodb":{"SequenceNumber":"7","Keys":{"pk":{"S":"POOL#t#p"},"sk":{"S":"POOL"}},"NewImage":{"deleted":{"BOOL":true},"version":{"S":"x"}}}}]}`,
		`{"source":"aws.ses","detail":{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"ann@example.com"},{"emailAddress":"a\r\nb"}]}}}`,
		`{"source":"aws.ses","detail":{"eventType":"Complaint","complaint":{"complainedRecipients":[{},{"emailAddress":"\u202e"}]}}}`, `{"source":"aws.ses","detail":[]}`, `{"source":["aws.ses"]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		answer, err := product.Keeper.Handle(t.Context(), json.RawMessage(text))
		if err != nil {
			return
		}
		var given events.DynamoDBEvent
		failed, ok := answer.(events.DynamoDBEventResponse)
		if !ok || json.Unmarshal([]byte(text), &given) != nil {
			return
		}
		for _, f := range failed.BatchItemFailures {
			if !slices.ContainsFunc(given.Records, func(r events.DynamoDBEventRecord) bool { return r.Change.SequenceNumber == f.ItemIdentifier }) {
				t.Errorf("%.300s: asks for %q again", text, f.ItemIdentifier)
			}
		}
	})
}
