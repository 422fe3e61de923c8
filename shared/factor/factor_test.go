package factor_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"identitypools/shared/factor"
	"identitypools/shared/identity"
	"identitypools/shared/secret"
)

func newKeys(t *testing.T, bytes string) factor.Keys {
	t.Helper()
	master, err := secret.Parse("base64:" + base64.StdEncoding.EncodeToString([]byte(bytes)))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := factor.New(master)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

const ours, theirs = "a secret of this test, 32 bytes.", "another secret of this test, 32."

func ann() identity.UserRef { return identity.UserRef{Tenant: "acme", Pool: "partners", ID: "ann"} }

// others are users for whom nothing that was made for ann is good.
func others() []identity.UserRef {
	return []identity.UserRef{
		{Tenant: "acme", Pool: "partners", ID: "bob"},
		{Tenant: "acme", Pool: "staff", ID: "ann"},
		{Tenant: "other", Pool: "partners", ID: "ann"},
	}
}

func TestASecretIsSealedForItsUser(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, ours)
	sealed, err := keys.SealTOTP(ann(), []byte("12345678901234567890"))
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := keys.OpenTOTP(ann(), sealed); err != nil || string(opened) != "12345678901234567890" {
		t.Errorf("it opens as %q, %v", opened, err)
	}
	for _, other := range others() {
		if _, err := keys.OpenTOTP(other, sealed); !errors.Is(err, identity.InvalidCode{}) {
			t.Errorf("for %v it answers %v", other, err)
		}
	}
	if _, err := newKeys(t, theirs).OpenTOTP(ann(), sealed); err == nil {
		t.Error("another key opens it")
	}
	now := time.Unix(1_800_000_000, 0)
	if challenge, _ := keys.NewChallenge(ann(), now); !isNoSecret(keys, challenge) {
		t.Error("a challenge is taken for a secret")
	}
	if keys.CheckChallenge(ann(), sealed, now) == nil {
		t.Error("a secret is taken for a challenge")
	}
}

func isNoSecret(keys factor.Keys, text string) bool {
	_, err := keys.OpenTOTP(ann(), text)
	return errors.Is(err, identity.InvalidCode{})
}

func TestAChallengeIsForOneUserAndForFiveMinutes(t *testing.T) {
	t.Parallel()
	keys, now := newKeys(t, ours), time.Unix(1_800_000_000, 0)
	challenge, err := keys.NewChallenge(ann(), now)
	if err != nil {
		t.Fatal(err)
	}
	if bytes, err := base64.StdEncoding.DecodeString(challenge); err != nil || len(bytes) != 36 || strings.ContainsAny(challenge, "-_+/=") {
		t.Errorf("the challenge %q has %d bytes, %v", challenge, len(bytes), err)
	}
	if other, _ := keys.NewChallenge(ann(), now); other == challenge {
		t.Error("a challenge is made twice")
	}
	for after, isGood := range map[time.Duration]bool{0: true, 299 * time.Second: true, 300 * time.Second: false, time.Hour: false} {
		if err := keys.CheckChallenge(ann(), challenge, now.Add(after)); (err == nil) != isGood {
			t.Errorf("after %s: %v", after, err)
		}
	}
	for _, other := range others() {
		if keys.CheckChallenge(other, challenge, now) == nil {
			t.Errorf("it is good for %v", other)
		}
	}
	for _, text := range []string{"", "x", challenge + "A", challenge[4:], strings.Repeat("A", 48)} {
		if keys.CheckChallenge(ann(), text, now) == nil {
			t.Errorf("%q is a challenge", text)
		}
	}
}

func TestAHandleNamesItsUser(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, ours)
	for _, id := range []string{"a", "ann", "9b2c6a0e-6f3c-4c0e-8a55-0d2f1c8c1a11", strings.Repeat("x", 33)} {
		u := identity.UserRef{Tenant: "acme", Pool: "partners", ID: id}
		handle := keys.Handle(u)
		if len(handle) != 63 || string(handle) != string(keys.Handle(u)) {
			t.Errorf("the handle of %s has %d bytes, or is another one the second time", id, len(handle))
		}
		if strings.ContainsAny(base64.RawURLEncoding.EncodeToString(handle), "-_") {
			t.Errorf("the handle of %s is another text in standard base64", id)
		}
		if strings.Contains(string(handle), id) && len(id) > 1 {
			t.Errorf("the handle of %s shows it", id)
		}
		if found, ok := keys.UserOfHandle("acme", "partners", handle); !ok || found != u {
			t.Errorf("the handle of %s is that of %v, %t", id, found, ok)
		}
		for _, pool := range [][2]string{{"acme", "staff"}, {"other", "partners"}} {
			if _, ok := keys.UserOfHandle(pool[0], pool[1], handle); ok {
				t.Errorf("the handle of %s is one in %v", id, pool)
			}
		}
		for i := range handle {
			forged := []byte(string(handle))
			forged[i] ^= 1
			if _, ok := keys.UserOfHandle("acme", "partners", forged); ok {
				t.Errorf("byte %d of the handle of %s may be another one", i, id)
			}
		}
	}
}

// The ids of users may have 128 characters, and handles have no room for them.
func TestALongIdHasAHandleThatDoesNotNameIt(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, ours)
	long := identity.UserRef{Tenant: "acme", Pool: "partners", ID: strings.Repeat("x", 34)}
	other := long
	other.ID = strings.Repeat("x", 35)
	if string(keys.Handle(long)) == string(keys.Handle(other)) {
		t.Error("two users have one handle")
	}
	if u, ok := keys.UserOfHandle("acme", "partners", keys.Handle(long)); ok {
		t.Errorf("the handle names %v", u)
	}
}
