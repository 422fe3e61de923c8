package identity_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

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
	codes := identity.Codes{}.Issued(code("r1", "one"), now, time.Hour, usual()).Issued(code("r2", "two"), now, time.Hour, usual()).Issued(code("r1", "three"), now, time.Hour, usual())
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
		codes = codes.Issued(code(string(rune('a'+i)), "x"), now, time.Hour, usual())
	}
	if len(codes.Live) != 5 {
		t.Errorf("%d codes live at once", len(codes.Live))
	}
}

// A pause of a minute and five an hour, in a window that slides.
func TestMailsAreLimited(t *testing.T) {
	t.Parallel()
	now, codes := start(), identity.Codes{}
	for i := range 5 {
		if err := codes.MayMail(now, usual()); err != nil {
			t.Fatalf("mail %d: %v", i+1, err)
		}
		codes = codes.Mailed(now, usual())
		var limited identity.Limited
		if err := codes.MayMail(now.Add(59*time.Second), usual()); !errors.As(err, &limited) || limited.RetryAfter < time.Second {
			t.Errorf("within the pause: %v", err)
		}
		now = now.Add(time.Minute)
	}
	var limited identity.Limited
	if err := codes.MayMail(now, usual()); !errors.As(err, &limited) || limited.RetryAfter != 55*time.Minute {
		t.Errorf("a sixth in the hour: %+v", err)
	}
	if err := codes.MayMail(start().Add(time.Hour), usual()); err != nil {
		t.Errorf("an hour after the first: %v", err)
	}
	codes = codes.Mailed(start().Add(61*time.Minute-10*time.Second), usual()) // the second is an hour old in ten seconds
	if err := codes.MayMail(start().Add(61*time.Minute), usual()); !errors.As(err, &limited) || limited.RetryAfter != 50*time.Second {
		t.Errorf("where the window is open, but the pause is not over: %+v", err)
	}
}

func TestExpiredCodesAreRememberedForADay(t *testing.T) {
	t.Parallel()
	code := func(registration string) identity.Code {
		return identity.Code{Registration: registration, MAC: []byte(registration)}
	}
	codes := identity.Codes{}.Issued(code("old"), start(), time.Hour, usual())
	for after, want := range map[time.Duration]error{25 * time.Hour: identity.ExpiredCode{}, 25*time.Hour + time.Millisecond: identity.InvalidCode{}} {
		later := codes.Issued(code("new"), at(after), time.Hour, usual())
		if _, err := later.Redeem(presented("old", 0, nil), at(after)); !errors.Is(err, want) {
			t.Errorf("after %s: %v, want %v", after, err, want)
		}
	}
	if _, err := codes.Redeem(presented("old", 1, nil), start()); err != nil {
		t.Errorf("the codes from before have changed too: %v", err)
	}
}

// The oldest gives way to the sixth, so that strangers' registrations cannot grow an item without end.
func TestTheOldestCodeGivesWay(t *testing.T) {
	t.Parallel()
	var codes identity.Codes
	for i := range 6 {
		codes = codes.Issued(identity.Code{Registration: string(rune('a' + i)), MAC: []byte{byte('a' + i)}}, start(), time.Hour, usual())
	}
	if _, err := codes.Redeem(presented("a", 1, nil), start()); !errors.Is(err, identity.InvalidCode{}) {
		t.Errorf("the oldest: %v", err)
	}
	for _, mac := range []string{"b", "f"} {
		if got, err := codes.Redeem(presented(mac, 1, nil), start()); err != nil || got.Registration != mac {
			t.Errorf("%s: %+v, %v", mac, got, err)
		}
	}
}

// 63B §3.2.2: the budget is opened once; neither a resend nor a new registration refills it.
func TestGuessBudgetIsNotRefilled(t *testing.T) {
	t.Parallel()
	codes := identity.Codes{Guesses: 3}.Issued(identity.Code{}, start(), time.Hour, usual())
	if codes.Ceiling != 23 || codes.Reopens != identity.At(at(24*time.Hour)) {
		t.Errorf("opened with %d guesses until %s", codes.Ceiling, codes.Reopens)
	}
	if by := (identity.Codes{}).Mailed(start(), usual()); by.Ceiling != 20 || by.Reopens != identity.At(at(24*time.Hour)) {
		t.Errorf("a mail opens %d guesses until %s", by.Ceiling, by.Reopens)
	}
	codes.Version, codes.Guesses = 1, 20
	after := codes.Mailed(at(time.Hour), usual()).Issued(identity.Code{Registration: "r"}, at(time.Hour), time.Hour, usual()).Killed(at(time.Hour))
	if after.Ceiling != codes.Ceiling || after.Reopens != codes.Reopens || after.Guesses != 20 {
		t.Errorf("now %d of %d guesses until %s", after.Guesses, after.Ceiling, after.Reopens)
	}
}

func TestOnlyTheLastMailsAreKept(t *testing.T) {
	t.Parallel()
	var codes identity.Codes
	for i := range 12 {
		before := len(codes.MailedAt)
		next := codes.Mailed(at(time.Duration(i)*time.Hour), usual())
		if len(codes.MailedAt) != before {
			t.Fatal("the old codes have changed too")
		}
		codes = next
	}
	if len(codes.MailedAt) != 10 || codes.MailedAt[0] != identity.At(at(11*time.Hour)) || codes.MailedAt[9] != identity.At(at(2*time.Hour)) {
		t.Errorf("kept %v", codes.MailedAt)
	}
}

// Whatever is issued, guessed and waited for, the latest code of a registration is good for five guesses and its lifetime, each
// other one is not, and extended codes only expire.
func TestCodesKeepTheirRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type issued struct {
			mac     string
			guesses int64
			ends    time.Time
		}
		var codes identity.Codes
		latest, made, now := map[string]issued{}, []string{}, start()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			registration := rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(t, "registration")
			switch rapid.SampledFrom([]string{"issue", "guess", "wait"}).Draw(t, "step") {
			case "issue":
				ttl := time.Duration(rapid.IntRange(1, 30).Draw(t, "ttl")) * time.Minute
				mac := string(rune('A' + len(made)))
				codes = codes.Issued(identity.Code{Registration: registration, MAC: []byte(mac)}, now, ttl, usual())
				latest[registration], made = issued{mac, codes.Guesses, now.Add(ttl)}, append(made, mac)
			case "guess":
				codes.Guesses++ // as the table does, before anything is compared
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "minutes")) * time.Minute)
			}
			for _, mac := range made {
				owner, code := "", issued{}
				for r, c := range latest {
					if c.mac == mac {
						owner, code = r, c
					}
				}
				for _, guess := range []int64{0, codes.Guesses} {
					var want error
					switch {
					case code.mac == "" || guess > code.guesses+5:
						want = identity.InvalidCode{}
					case !now.Before(code.ends):
						want = identity.ExpiredCode{}
					}
					got, err := codes.Redeem(presented(mac, guess, nil), now)
					if !errors.Is(err, want) || err == nil && got.Registration != owner {
						t.Fatalf("code %s, guess %d: %v, want %v", mac, guess, err, want)
					}
				}
			}
		}
	})
}
