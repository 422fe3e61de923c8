package identity

import (
	"fmt"
	"time"
)

const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is an instant in UTC, to the millisecond, as the API and the table write it (RFC 3339).
type Time struct{ time.Time }

// At is t as the domain keeps it.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// Add is t moved by d.
func (t Time) Add(d time.Duration) Time { return At(t.Time.Add(d)) }

// MarshalJSON writes the time in quotes.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat([]byte{'"'}, timeLayout+`"`), nil
}

// UnmarshalJSON reads any RFC 3339 time that is one in UTC, too: "9999-12-31T23:00:00-02:00" is of the year 10000.
func (t *Time) UnmarshalJSON(text []byte) error {
	parsed, err := time.Parse(`"`+time.RFC3339+`"`, string(text))
	if err != nil {
		return fmt.Errorf("parse time: %w", err)
	}
	if year := parsed.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("parse time: year %d has not four digits", year)
	}
	*t = At(parsed)
	return nil
}

// Duration is a length of time written as a Go duration string, "24h0m0s".
type Duration time.Duration

// MarshalText writes the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a Go duration string; the empty text is no duration.
func (d *Duration) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("parse duration: %w", err)
	}
	*d = Duration(parsed)
	return nil
}
