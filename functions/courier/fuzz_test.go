package courier_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
)

// FuzzBatch passes any batch of entries to the courier. It never panics and never fails as a whole, and
// says only of entries that it was given that they failed.
func FuzzBatch(f *testing.F) {
	product := systemtest.New(f, withoutStream)
	for _, text := range []string{
		`{}`, `null`, `{"Records":null}`, `{"Records":[{}]}`,
		`{"Records":[{"messageId":"1","body":"{\"message\":\"MESSAGE#m\"}"}]}`,
		`{"Records":[{"messageId":"1","body":"{\"message\":\"MESSAGE#\"}","attributes":{"ApproximateReceiveCount":"-7"}}]}`,
		`{"Records":[{"messageId":"1","body":"{\"message\":\"USERS#t#p\"}","attributes":{"ApproximateReceiveCount":"x"}}]}`,
		`{"Records":[{"messageId":"1","body":"[]"},{"messageId":"2","body":"{\"message\":\"MESSAGE#m\"}"}]}`,
		`{"Records":[{"eventID":"1","eventName":"INSERT","dynamodb":{"SequenceNumber":"7","Keys":{"pk":{"S":"MESSAGE#m"}}}}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var given events.SQSEvent
		if json.Unmarshal([]byte(text), &given) != nil {
			return
		}
		answer, err := product.Courier.Handle(t.Context(), given)
		if (err != nil) != (len(given.Records) == 0) {
			t.Error(err)
		}
		for _, f := range answer.BatchItemFailures {
			if !slices.ContainsFunc(given.Records, func(r events.SQSMessage) bool { return r.MessageId == f.ItemIdentifier }) {
				t.Errorf("%.300s: asks for %q again", text, f.ItemIdentifier)
			}
		}
	})
}
