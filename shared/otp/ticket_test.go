package otp_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

func sealer(tb testing.TB, key byte, source io.Reader) *otp.Sealer {
	tb.Helper()
	s, err := otp.NewSealer(bytes.Repeat([]byte{key}, 32), source)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func ticket() otp.Ticket {
	expires := time.Date(2026, 3, 1, 12, 30, 15, 0, time.UTC)
	return otp.Ticket{Tenant: "default", Pool: "shop", User: "u1", Registration: "r1", ExpiresAt: expires}
}

func seal(tb testing.TB, s *otp.Sealer, t otp.Ticket) string {
	tb.Helper()
	text, err := s.Seal(t)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func TestTicketComesBackAndHasOneLength(t *testing.T) { // ASVS 6.3.8
	t.Parallel()
	s := sealer(t, 1, seeded())
	length := len(seal(t, s, ticket()))
	for name, change := range map[string]func(*otp.Ticket){
		"as it is":        func(*otp.Ticket) {},
		"no registration": func(t *otp.Ticket) { t.Registration = "" },
		"no ids":          func(t *otp.Ticket) { t.User, t.Registration = "", "" },
		"longest ids":     func(t *otp.Ticket) { t.User, t.Registration = strings.Repeat("u", 128), strings.Repeat("r", 128) },
		"long tenant":     func(t *otp.Ticket) { t.Tenant = strings.Repeat("t", 128) },
		"long ago":        func(t *otp.Ticket) { t.ExpiresAt = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		want := ticket()
		change(&want)
		text := seal(t, s, want)
		got, err := s.Open(want.Tenant, want.Pool, text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if len(text) != length {
			t.Errorf("%s: %d characters, not %d", name, len(text), length)
		}
	}
}

func TestTicketIsSealedAnewEachTime(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1, seeded())
	one, two := seal(t, s, ticket()), seal(t, s, ticket())
	if one == two {
		t.Error("two tickets are equal")
	}
	bytes, err := base64.RawURLEncoding.DecodeString(one)
	if err != nil || strings.Contains(string(bytes), "u1") {
		t.Errorf("the ticket shows its user, or is no base64url: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1, seeded())
	text := seal(t, s, ticket())
	flip := func(at int) string {
		sealed, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		sealed[(at+len(sealed))%len(sealed)] ^= 1
		return base64.RawURLEncoding.EncodeToString(sealed)
	}
	for name, row := range map[string]struct{ tenant, pool, text string }{
		"another pool":         {"default", "shop2", text},
		"another tenant":       {"default2", "shop", text},
		"names run together":   {"defaults", "hop", text},
		"a nonce changed":      {"default", "shop", flip(0)},
		"content changed":      {"default", "shop", flip(20)},
		"the tag changed":      {"default", "shop", flip(-1)},
		"another key's":        {"default", "shop", seal(t, sealer(t, 2, seeded()), ticket())},
		"nothing":              {"default", "shop", ""},
		"one byte":             {"default", "shop", "AA"},
		"cut off":              {"default", "shop", text[:len(text)-4]},
		"longer":               {"default", "shop", text + "AAAA"},
		"not base64url":        {"default", "shop", "+" + text[1:]},
		"a line break":         {"default", "shop", text + "\n"},
		"a line break in it":   {"default", "shop", text[:8] + "\n" + text[8:]},
		"an extended code":     {"default", "shop", issue(t, coder(seeded()), bound(), 6).Extended},
		"far too long":         {"default", "shop", strings.Repeat("A", 1<<20)},
		"zeros of that length": {"default", "shop", strings.Repeat("A", len(text))},
	} {
		got, err := s.Open(row.tenant, row.pool, row.text)
		if err != (identity.InvalidCode{}) || got != (otp.Ticket{}) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*otp.Ticket){
		"a long user":         func(t *otp.Ticket) { t.User = strings.Repeat("u", 129) },
		"a long registration": func(t *otp.Ticket) { t.Registration = strings.Repeat("r", 129) },
	} {
		long := ticket()
		change(&long)
		if _, err := sealer(t, 1, seeded()).Seal(long); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := sealer(t, 1, bytes.NewReader(nil)).Seal(ticket()); !errors.Is(err, io.EOF) {
		t.Errorf("no randomness: %v", err)
	}
	for _, n := range []int{0, 16, 24, 31, 33} {
		if _, err := otp.NewSealer(make([]byte, n), seeded()); err == nil {
			t.Errorf("a key of %d bytes: no error", n)
		}
	}
}

func FuzzTicket(f *testing.F) {
	s, err := otp.NewSealer(make([]byte, 32), seeded())
	if err != nil {
		f.Fatal(err)
	}
	good, err := s.Seal(ticket())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "AA", good, good[:40], good + "A", strings.Repeat("_", len(good)), "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Open("default", "shop", text)
		switch {
		case text == good && (err != nil || got != ticket()):
			t.Errorf("the good ticket: got %+v, %v", got, err)
		case text != good && err != identity.InvalidCode{}:
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func BenchmarkTicket(b *testing.B) {
	s := sealer(b, 1, seeded())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open("default", "shop", seal(b, s, ticket())); err != nil {
			b.Fatal(err)
		}
	}
}
