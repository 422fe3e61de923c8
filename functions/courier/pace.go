package courier

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/time/rate"
)

// NewPace returns a function that waits until the next mail may be handed to SES, or until ctx ends. The
// text is how many mails a second this process may hand over: SES limits the rate of an account (service
// quota "Sending rate"), and the deployment gives each process its part. The function lets no two mails
// through at once, so that the processes together stay below the rate of the account in every second. It
// is nil, for no limit, if the text is empty.
func NewPace(text string) (func(context.Context) error, error) {
	if text == "" {
		return nil, nil
	}
	perSecond, err := strconv.ParseFloat(text, 64)
	if err != nil || !(perSecond > 0) { // also refuses NaN
		return nil, fmt.Errorf("MAIL_RATE must be a number above 0, and is %q", text)
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1).Wait, nil
}
