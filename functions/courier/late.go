package courier

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/metric"
)

// late is the time in the queue after which a message is late. It is longer than the failures last
// that end within a few tries.
const late = 10 * time.Minute

// countLate counts the try of a message whose entry has been in the queue for too long: because mails
// fail, because SES takes them more slowly than they come, or because Lambda does not start the
// courier.
func (s *Service) countLate(ctx context.Context, entry events.SQSMessage) {
	sent, err := strconv.ParseInt(entry.Attributes["SentTimestamp"], 10, 64) // in milliseconds
	if err == nil && s.Now().Sub(time.UnixMilli(sent)) >= late {
		metric.Count(ctx, s.Log, s.Now(), metric.MailsLate)
	}
}
