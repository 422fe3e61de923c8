package keeper

import (
	"context"
	"errors"
)

// tickReleases is how many things a tick releases at most; the next tick releases more. At SES's usual
// rate the queue of mails has sent that many messages in half a minute, so people who register now
// never wait long behind those of a pool whose many messages have waited for their hour.
const tickReleases = 400

// Tick releases what has waited for a time that has come, the oldest first: messages that waited for
// a place in a budget, which the stream then brings to the courier, and deleted pools of which
// something is left. EventBridge calls it every few minutes. It can be repeated. Errors: those of all
// that failed, after everything else was released.
func (s *Service) Tick(ctx context.Context) error {
	due, err := s.Later.Due(ctx, s.Now(), tickReleases)
	if err != nil {
		return err
	}
	var failed []error
	for _, thing := range due {
		failed = append(failed, s.Later.Release(ctx, thing))
	}
	return errors.Join(failed...)
}
