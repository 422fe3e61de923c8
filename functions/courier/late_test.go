package courier_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/mailqueue"
)

// A try of a mail is counted as late from the tenth minute in the queue on, whether the mail fails or
// not: SQS's own measure, the age of the oldest entry, leaves out what has failed three times.
func TestLateMailsAreCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waited time.Duration
		fails  bool
		late   int
	}{
		"a mail that comes in time": {10*time.Minute - time.Second, false, 0},
		"a mail that comes late":    {10*time.Minute + time.Second, false, 1},
		"a failure in time":         {9 * time.Minute, true, 0},
		"a failure that lasts":      {11 * time.Minute, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log systemtest.Log
			ses := systemtest.NewMailProxy(t)
			product := systemtest.New(t, withoutStream, ses.Option, log.Option)
			tenant := product.NewTenant(t)
			register(t, tenant, tenant.NewPool(t, nil), systemtest.Address("ann"))
			if c.fails {
				ses.SetFault(systemtest.Refuse(503, "InternalServiceErrorException"))
			}
			sent := product.Clock.Now().Add(-c.waited)
			batch := events.SQSEvent{Records: []events.SQSMessage{{
				MessageId: "1", Body: mailqueue.Body(product.Stored(t, "MESSAGE#")[0]["pk"]),
				Attributes: map[string]string{"SentTimestamp": strconv.FormatInt(sent.UnixMilli(), 10)},
			}}}
			answer, err := product.Courier.Handle(system.As(t.Context(), "courier"), batch)
			if err != nil || (len(answer.BatchItemFailures) == 1) != c.fails {
				t.Errorf("failed: %v, %v", answer.BatchItemFailures, err)
			}
			if n := strings.Count(log.String(), `"MailsLate":1`); n != c.late {
				t.Errorf("%d tries are counted as late, want %d", n, c.late)
			}
		})
	}
}
