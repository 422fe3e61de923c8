package identity_test

import (
	"errors"
	"testing"
	"time"

	"identitypools/shared/identity"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func presented(mac string, guess int64, registration *string) identity.Presented {
	return identity.Presented{Guess: guess, Registration: registration, Matches: func(c identity.Code) bool { return string(c.MAC) == mac }}
}

// V6.5.1, 63B §3.2.2: a code replaces its registration's, leaves the others alone, lives its time and bears five guesses.
func TestCodesLiveAndDie(t *testing.T) {
	t.Parallel()
	now := start()
	code := func(registration, mac string) identity.Code {
		return identity.Code{Registration: registration, Message: "m-" + mac, MAC: []byte(mac)}
	}
	codes := identity.Codes{}.Issued(code("r1", "one"), now, time.Hour).Issued(code("r2", "two"), now, time.Hour).Issued(code("r1", "three"), now, time.Hour)
	r1, r2 := "r1", "r2"
	for _, c := range []struct {
		name string
		p    identity.Presented
		at   time.Time
		want error
	}{
		{"a live code", presented("three", 1, nil), now, nil},
		{"for its registration", presented("three", 1, &r1), now, nil},
		{"for another registration", presented("three", 1, &r2), now, identity.InvalidCode{}},
		{"of the other registration", presented("two", 5, &r2), now, nil},
		{"that was replaced", presented("one", 1, nil), now, identity.InvalidCode{}},
		{"after its tries", presented("two", 6, nil), now, identity.InvalidCode{}},
		{"that cannot be guessed, after its tries", presented("two", 0, nil), now, nil},
		{"at its end", presented("two", 1, nil), now.Add(time.Hour), identity.ExpiredCode{}},
		{"wrong, at its end", presented("four", 1, nil), now.Add(time.Hour), identity.InvalidCode{}},
	} {
		if _, err := codes.Redeem(c.p, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if !codes.MadeFor("m-two") || codes.MadeFor("m-one") {
		t.Error("it is not known for which message a code was made")
	}
	if killed := codes.Killed(now); len(killed.Live) != 0 || !killed.KilledAt.Equal(now) {
		t.Errorf("after all were killed: %+v", killed)
	}
	for i := range 20 {
		codes = codes.Issued(code(string(rune('a'+i)), "x"), now, time.Hour)
	}
	if len(codes.Live) != 8 {
		t.Errorf("%d codes live at once", len(codes.Live))
	}
}

// A pause of a minute and five an hour, in a window that slides.
func TestMailsAreLimited(t *testing.T) {
	t.Parallel()
	now, codes := start(), identity.Codes{}
	for i := range 5 {
		if err := codes.MayMail(now); err != nil {
			t.Fatalf("mail %d: %v", i+1, err)
		}
		codes = codes.Mailed(now)
		var limited identity.Limited
		if err := codes.MayMail(now.Add(59 * time.Second)); !errors.As(err, &limited) || limited.RetryAfter < time.Second {
			t.Errorf("within the pause: %v", err)
		}
		now = now.Add(time.Minute)
	}
	var limited identity.Limited
	if err := codes.MayMail(now); !errors.As(err, &limited) || limited.RetryAfter != 55*time.Minute {
		t.Errorf("a sixth in the hour: %+v", err)
	}
	if err := codes.MayMail(start().Add(time.Hour)); err != nil {
		t.Errorf("an hour after the first: %v", err)
	}
}

func TestFailuresSlowDown(t *testing.T) {
	t.Parallel()
	now, f := start(), identity.Failures{}
	for i := range identity.FreeFailures {
		if err := f.Wait(now); err != nil {
			t.Fatalf("failure %d waits: %v", i+1, err)
		}
		f, _ = f.Another(string(rune('a'+i)), now)
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16} {
		var limited identity.Limited
		if err := f.Wait(now); !errors.As(err, &limited) || limited.RetryAfter != want*time.Second {
			t.Errorf("after %d failures: %v, want %d s", f.Count, err, want)
		}
		now = now.Add(want * time.Second)
		f, _ = f.Another(now.String(), now)
	}
	f.Count = 90
	if f.Wait(now.Add(identity.MaxFailureWait)) != nil || f.Wait(now.Add(identity.MaxFailureWait-time.Second)) == nil {
		t.Error("the longest wait is not fifteen minutes")
	}
	if next, counts := f.Another(f.Trace, now.Add(time.Second)); counts || next != f {
		t.Error("an immediate repeat counts")
	}
	if _, counts := f.Another(f.Trace, now.Add(11*time.Second)); !counts {
		t.Error("a repeat after a while does not count")
	}
	if next, _ := f.Another("x", now.Add(25*time.Hour)); next.Count != 1 {
		t.Errorf("after a day of peace %d failures are in a row", next.Count)
	}
}

func TestAChangeRunsAgainOnlyForCallersWithoutAVersion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		match identity.Match
		runs  int
	}{{identity.Match{}, 3}, {identity.Match{Given: true, Versions: []int64{1}}, 1}} {
		runs := 0
		_ = c.match.Change(func() error {
			if runs++; runs < 3 {
				return identity.PreconditionFailed{}
			}
			return nil
		})
		if runs != c.runs {
			t.Errorf("%+v: %d runs, want %d", c.match, runs, c.runs)
		}
	}
}
