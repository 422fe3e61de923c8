package system

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"identitypools/functions/courier"
	"identitypools/infra/deploy/plan"
)

// scheduled is what EventBridge's clock sends, as far as the courier reads it.
const scheduled = `{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{}}`

// tick stands where EventBridge's clock stands, until ctx ends. It ticks by the real time; what is
// due is decided by the product's.
func tick(ctx context.Context, c *courier.Service, log *slog.Logger) {
	ticker := time.NewTicker(plan.Tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := c.Handle(As(ctx, "courier"), json.RawMessage(scheduled)); err != nil {
				log.Error("tick failed", "cause", err.Error())
			}
		}
	}
}
