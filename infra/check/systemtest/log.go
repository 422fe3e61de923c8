package systemtest

import (
	"bytes"
	"log/slog"
	"sync"

	"identitypools/infra/local/system"
)

// Log is what functions log, as they write it in Lambda, for a test to read. The zero value is ready.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Option makes New write to the log, everything.
func (l *Log) Option(c *system.Config) {
	c.Log = slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write takes lines of the log.
func (l *Log) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(lines)
}

// String is all that was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
