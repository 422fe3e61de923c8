package courier

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/time/rate"
)

// parseRate returns how many mails a second this process may hand to SES, which the text says. SES
// limits the rate of an account (service quota "Sending rate"), and the deployment gives each process
// its part. An empty text is no limit.
func parseRate(text string) (rate.Limit, error) {
	if text == "" {
		return rate.Inf, nil
	}
	perSecond, err := strconv.ParseFloat(text, 64)
	if err != nil || !(perSecond > 0) {
		return 0, fmt.Errorf("MAIL_RATE must be a number above 0, and is %q", text)
	}
	return rate.Limit(perSecond), nil
}

// newPace returns a function that waits until the next mail may be handed to SES, or until ctx ends.
// It lets no mails through at once, so that the processes of a deployment together stay below the rate
// of the account in every second.
func newPace(limit rate.Limit) func(ctx context.Context) error {
	return rate.NewLimiter(limit, 1).Wait
}
