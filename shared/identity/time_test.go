package identity_test

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
)

func TestTimeIsWrittenInUTCToTheMillisecond(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 5*3600+30*60)
	for _, row := range []struct {
		given time.Time
		want  string
	}{
		{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), `"2026-03-01T12:00:00.000Z"`},
		{time.Date(2026, 3, 1, 12, 0, 0, 1_999_999, time.UTC), `"2026-03-01T12:00:00.001Z"`},
		{time.Date(2026, 3, 1, 1, 0, 0, 0, east), `"2026-02-28T19:30:00.000Z"`},
		{time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC), `"1969-12-31T23:59:59.999Z"`},
	} {
		text, err := json.Marshal(identity.At(row.given))
		if err != nil || string(text) != row.want {
			t.Errorf("%s: got %s, %v", row.given, text, err)
		}
		var back identity.Time
		if err := json.Unmarshal(text, &back); err != nil || back != identity.At(row.given) {
			t.Errorf("%s: back %s, %v", text, back, err)
		}
	}
}

func TestTimeIsReadInAnyZone(t *testing.T) {
	t.Parallel()
	want := identity.At(time.Date(2026, 2, 28, 19, 30, 0, 120e6, time.UTC))
	for text, ok := range map[string]bool{
		`"2026-02-28T19:30:00.12Z"`: true, `"2026-03-01T01:00:00.120+05:30"`: true, `"2026-02-28T19:30:00.1209999Z"`: true,
		`"2026-02-28 19:30:00.12Z"`: false, `"2026-02-28"`: false, `"2026-02-30T19:30:00Z"`: false, `1772307000`: false, `"9999-12-31T23:00:00-02:00"`: false, `"0000-01-01T01:00:00+02:00"`: false, `""`: false, `{}`: false,
	} {
		var got identity.Time
		err := json.Unmarshal([]byte(text), &got)
		if ok != (err == nil) || ok && got != want {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
}

func TestTimeMovesByMilliseconds(t *testing.T) {
	t.Parallel()
	if got := identity.At(start()).Add(1_999_999); got != identity.At(at(time.Millisecond)) {
		t.Errorf("got %s", got)
	}
}

func TestDurationIsAGoDurationString(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		`"24h0m0s"`: 24 * time.Hour, `"5m0s"`: 5 * time.Minute, `"0s"`: 0, `"1.5s"`: 1500 * time.Millisecond, `"-1s"`: -time.Second,
	} {
		written, err := json.Marshal(identity.Duration(want))
		if err != nil || string(written) != text {
			t.Errorf("%s: written %s, %v", want, written, err)
		}
		var read identity.Duration
		if err := json.Unmarshal([]byte(text), &read); err != nil || read != identity.Duration(want) {
			t.Errorf("%s: read %v, %v", text, read, err)
		}
	}
	for text, ok := range map[string]bool{`"24h"`: true, `""`: true, `"24"`: false, `"1d"`: false, `"h"`: false, `24`: false, `"99999999h"`: false} {
		var read identity.Duration
		if err := json.Unmarshal([]byte(text), &read); ok != (err == nil) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
