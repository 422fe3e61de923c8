package system

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"identitypools/functions/keeper"
	"identitypools/infra/deploy/plan"
)

// scheduled is the part of the event of an EventBridge schedule that the keeper reads.
const scheduled = `{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{}}`

// tick calls the keeper regularly, as an EventBridge schedule does in AWS, until ctx ends. The
// interval is one of real time. Which work is due is decided by the product's clock.
func tick(ctx context.Context, k *keeper.Service, log *slog.Logger) {
	ticker := time.NewTicker(plan.Tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := k.Handle(As(ctx, "keeper"), json.RawMessage(scheduled)); err != nil {
				log.Error("tick failed", "cause", err.Error())
			}
		}
	}
}
