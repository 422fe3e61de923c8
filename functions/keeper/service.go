// Package keeper is the function that follows the table's stream and a clock. It counts the users of
// pools, clears what deleted pools leave, deletes users whom nobody has proved in time, and releases
// messages that waited for their hour. SES tells it which addresses cannot be reached. It has no
// secret and sends nothing.
package keeper

import (
	"log/slog"
	"time"

	"identitypools/shared/start"
	"identitypools/shared/table"
)

// Service has the use cases of the keeper.
type Service struct {
	Pools         table.Pools
	Users         table.Users
	Registrations table.Registrations
	Codes         table.Codes
	Later         table.Later
	Suppressions  table.Suppressions
	Deletions     table.Deletions
	Log           *slog.Logger
	Now           func() time.Time
}

// New returns the function with its real parts.
func New(p start.Parts) *Service {
	t := p.Table
	return &Service{
		Pools: t.Pools, Users: t.Users, Registrations: t.Registrations, Codes: t.Codes, Later: t.Later,
		Suppressions: t.Suppressions, Deletions: t.Deletions, Log: p.Log, Now: p.Now,
	}
}
