// Package prove has how people prove who they are: with a password, with a code that was mailed to them,
// or with the code of an authenticator app. It stores nothing but attempts, messages for codes, and what a
// proof uses up.
//
// A proof may be for several pools. It makes the same calls to the table, on as many items, and computes
// the same hash, whoever has the identifier in which pool, and whatever the state of that user is
// (OWASP ASVS 5.0 V6.3.8). So neither an answer nor its time tells who is registered. The functions with
// which people or back ends prove who somebody is import it.
package prove

import (
	"log/slog"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/onetime"
	"identitypools/shared/password"
	"identitypools/shared/retry"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Prover judges proofs. It is safe for concurrent use.
type Prover struct {
	Users     table.Users
	Failures  table.Failures
	Outbox    table.Outbox
	Passwords *password.Hasher
	Codes     *usecode.User
	Apps      Apps
	Retry     retry.Policy
	Log       *slog.Logger
	Now       func() time.Time
	NewID     func() string
}

// New returns a Prover for the users in a table. It has a hasher of its own, which callers share by its
// field Passwords.
func New(
	tools onetime.Tools, db *table.Table, log *slog.Logger, now func() time.Time, newID func() string,
) *Prover {
	codes := usecode.New(tools, db, now, newID)
	return &Prover{
		Users: db.Users, Failures: db.Failures, Outbox: db.Outbox,
		Passwords: codes.Passwords, Codes: codes,
		Apps:  Apps{Mailboxes: db.Mailboxes, Keys: tools.Factors, Now: now, NewID: newID},
		Retry: db.Retry, Log: log, Now: now, NewID: newID,
	}
}

func (p *Prover) maker() identity.Maker { return identity.Maker{Now: p.Now(), NewID: p.NewID} }
