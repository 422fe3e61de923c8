package identity

import (
	"fmt"
	"time"
)

const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is an instant in UTC, to the millisecond, in the form in which the API and the table have it
// (RFC 3339).
type Time struct{ time.Time }

// At returns t as a Time.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// Add returns t moved by d.
func (t Time) Add(d time.Duration) Time { return At(t.Time.Add(d)) }

// MarshalJSON returns the time as a JSON string.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat([]byte{'"'}, timeLayout+`"`), nil
}

// UnmarshalJSON reads any RFC 3339 time that has a year of four digits in UTC. It refuses
// "9999-12-31T23:00:00-02:00", which is in the year 10000 there.
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

// Duration is a length of time. Its text is a Go duration string, such as "24h0m0s".
type Duration time.Duration

// MarshalText returns the duration as a Go duration string.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a Go duration string. The empty text is the zero duration.
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
