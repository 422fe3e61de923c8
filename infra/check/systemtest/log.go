package systemtest

import (
	"bytes"
	"log/slog"
	"sync"

	"identitypools/infra/local/system"
)

// Log records what functions log, in the format that they use in Lambda. The zero value is ready to
// use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Option is an option of [New] that writes the product's log of all levels to l.
func (l *Log) Option(c *system.Config) {
	c.Log = slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write appends lines to the log.
func (l *Log) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(lines)
}

// String returns all that was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
