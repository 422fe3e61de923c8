package identity_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"identitypools/shared/identity"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// presented is a code as the guess of a number, or as no guess with the number 0, with the ticket
// of a registration or without.
func presented(mac string, guess int64, registration string) identity.Presented {
	return identity.Presented{
		Registration: registration,
		Paid:         func(c identity.Code) bool { return guess == 0 || c.Bears(guess) },
		Lives:        func(c identity.Code) bool { return guess <= c.LastGuess },
		Matches:      func(c identity.Code) bool { return string(c.MAC) == mac },
	}
}

// V6.5.1, 63B §3.2.2: a code replaces its registration's, leaves the others alone, lives its time and bears five guesses.
func TestCodesLiveAndDie(t *testing.T) {
	t.Parallel()
	now := start()
	code := func(registration, mac string) identity.Code {
		return identity.Code{Registration: registration, Message: "m-" + mac, MAC: []byte(mac)}
	}
	codes := identity.Codes{}.Issued(code("r1", "one"), 0, now, time.Hour).
		Issued(code("r2", "two"), 0, now, time.Hour).Issued(code("r1", "three"), 0, now, time.Hour)
	r1, r2 := "r1", "r2"
	for _, c := range []struct {
		name string
		p    identity.Presented
		at   time.Time
		want error
	}{
		{"a live code", presented("three", 1, ""), now, nil},
		{"for its registration", presented("three", 1, r1), now, nil},
		{"for another registration", presented("three", 1, r2), now, identity.InvalidCode{}},
		{"of the other registration", presented("two", 5, r2), now, nil},
		{"that was replaced", presented("one", 1, ""), now, identity.InvalidCode{}},
		{"after its tries", presented("two", 6, ""), now, identity.InvalidCode{}},
		{"that cannot be guessed, after its tries", presented("two", 0, ""), now, nil},
		{"at its end", presented("two", 1, ""), now.Add(time.Hour), identity.ExpiredCode{}},
		{"wrong, at its end", presented("four", 1, ""), now.Add(time.Hour), identity.InvalidCode{}},
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
		codes = codes.Issued(code(string(rune('a'+i)), "x"), 0, now, time.Hour)
	}
	if len(codes.Live) != 5 {
		t.Errorf("%d codes live at once", len(codes.Live))
	}
}

func TestExpiredCodesAreRememberedForADay(t *testing.T) {
	t.Parallel()
	code := func(registration string) identity.Code {
		return identity.Code{Registration: registration, MAC: []byte(registration)}
	}
	codes := identity.Codes{}.Issued(code("old"), 0, start(), time.Hour)
	for after, want := range map[time.Duration]error{25 * time.Hour: identity.ExpiredCode{}, 25*time.Hour + time.Millisecond: identity.InvalidCode{}} {
		later := codes.Issued(code("new"), 0, at(after), time.Hour)
		if _, err := later.Redeem(presented("old", 0, ""), at(after)); !errors.Is(err, want) {
			t.Errorf("after %s: %v, want %v", after, err, want)
		}
	}
	if _, err := codes.Redeem(presented("old", 1, ""), start()); err != nil {
		t.Errorf("the codes from before have changed too: %v", err)
	}
}

// The oldest gives way to the sixth, so that strangers' registrations cannot grow an item without end.
func TestTheOldestCodeGivesWay(t *testing.T) {
	t.Parallel()
	var codes identity.Codes
	for i := range 6 {
		codes = codes.Issued(identity.Code{
			Registration: string(rune('a' + i)), MAC: []byte{byte('a' + i)},
		}, 0, start(), time.Hour)
	}
	if _, err := codes.Redeem(presented("a", 1, ""), start()); !errors.Is(err, identity.InvalidCode{}) {
		t.Errorf("the oldest: %v", err)
	}
	for _, mac := range []string{"b", "f"} {
		if got, err := codes.Redeem(presented(mac, 1, ""), start()); err != nil || got.Registration != mac {
			t.Errorf("%s: %+v, %v", mac, got, err)
		}
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
		var guesses int64
		latest, made, now := map[string]issued{}, []string{}, start()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			registration := rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(t, "registration")
			switch rapid.SampledFrom([]string{"issue", "guess", "wait"}).Draw(t, "step") {
			case "issue":
				ttl := time.Duration(rapid.IntRange(1, 30).Draw(t, "ttl")) * time.Minute
				mac := string(rune('A' + len(made)))
				codes = codes.Issued(identity.Code{Registration: registration, MAC: []byte(mac)}, guesses, now, ttl)
				latest[registration], made = issued{mac, guesses, now.Add(ttl)}, append(made, mac)
			case "guess":
				guesses++ // as the table does, before anything is compared
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
				for _, guess := range []int64{0, guesses} {
					var want error
					switch {
					case code.mac == "" || guess > code.guesses+5 || guess > 0 && guess <= code.guesses:
						want = identity.InvalidCode{}
					case !now.Before(code.ends):
						want = identity.ExpiredCode{}
					}
					got, err := codes.Redeem(presented(mac, guess, ""), now)
					if !errors.Is(err, want) || err == nil && got.Registration != owner {
						t.Fatalf("code %s, guess %d: %v, want %v", mac, guess, err, want)
					}
				}
			}
		}
	})
}

// A code is good until its user's status changes, and for no user who is made later under the same
// id.
func TestACodeIsOfItsUsersEpoch(t *testing.T) {
	t.Parallel()
	p := newPool(t, identity.PoolChange{})
	m := maker(start()) // which makes each id once
	made, err := p.Create(identity.NewUser{ID: "ann", Status: identity.StatusNew}, m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Create(identity.NewUser{ID: "ann", Status: identity.StatusNew}, m)
	if err != nil {
		t.Fatal(err)
	}
	change := func(u identity.User, status identity.Status) identity.User {
		changed, err := u.Changed(identity.UserChange{Status: status}, m)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	ofEarlierRelease := identity.User{Status: identity.StatusNew}
	for _, row := range []struct {
		name  string
		then  identity.User // who the user was when the code was made
		now   identity.User
		isFor bool
	}{
		{"the user who it was made for", made, made, true},
		{"a user who has only been changed", made, change(made, identity.StatusNew), true},
		{"a user with another status", made, change(made, identity.StatusActive), false},
		{"a user who has the status again", made, change(change(made, identity.StatusActive), identity.StatusNew), false},
		{"a user who was made again", made, again, false},
		{"a user of an earlier release", ofEarlierRelease, ofEarlierRelease, true},
		{"a user of an earlier release with another status", ofEarlierRelease, change(ofEarlierRelease, identity.StatusActive), false},
		{"a user of an earlier release who was made again", ofEarlierRelease, made, false},
	} {
		code := identity.Code{Epoch: row.then.CodesEpoch()}
		if got := code.IsFor(row.now, identity.PurposeChallenge); got != row.isFor {
			t.Errorf("%s: %t", row.name, got)
		}
		if !code.IsFor(row.now, identity.PurposeActivation) { // which dies with the user's stored codes
			t.Errorf("%s: an invitation dies of the epoch", row.name)
		}
	}
	if (identity.Code{}).IsFor(made, identity.PurposeChallenge) {
		t.Error("a code that an earlier release made is good")
	}
	made.Addresses = []identity.Address{{Value: ann, Normalized: ann, Type: identity.TypeEmail}}
	active, err := p.Activate(made, identity.Activation{Code: identity.Code{Address: ann, Normalized: ann}}, m)
	if err != nil || (identity.Code{Epoch: made.CodesEpoch()}).IsFor(active, identity.PurposeChallenge) {
		t.Errorf("a code from before the activation is good afterwards: %v", err)
	}
}
