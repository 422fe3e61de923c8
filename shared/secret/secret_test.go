package secret_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"identitypools/shared/secret"
)

// literal is the secret that consists of the bytes 0 to 31.
const literal = "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func parse(tb testing.TB) secret.Master {
	tb.Helper()
	m, err := secret.Parse(literal)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func key(tb testing.TB, m secret.Master, label string, n int) []byte {
	tb.Helper()
	k, err := m.Key(label, n)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// Only the whole secret is the secret, in the form in which it was read.
func TestIs(t *testing.T) {
	t.Parallel()
	letters := strings.Repeat("aZ9", 21) + "x"
	generated, err := secret.ParseGenerated(letters)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		master secret.Master
		text   string
		is     bool
	}{
		"what was generated":      {generated, letters, true},
		"what is written out":     {parse(t), literal, true},
		"another generated":       {generated, "b" + letters[1:], false},
		"another end":             {generated, letters[:63] + "y", false},
		"a beginning":             {generated, letters[:43], false},
		"more":                    {generated, letters + "x", false},
		"a space":                 {generated, letters + " ", false},
		"nothing":                 {generated, "", false},
		"another written out":     {parse(t), "base64:" + strings.Repeat("A", 43) + "=", false},
		"no secret, and nothing":  {secret.Master{}, "", false},
		"no secret, and a secret": {secret.Master{}, letters, false},
	} {
		if got := row.master.Is(row.text); got != row.is {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		value string
		ok    bool
	}{
		"32 bytes":                {literal, true},
		"33 bytes":                {"base64:" + base64.StdEncoding.EncodeToString(make([]byte, 33)), true},
		"a line break at the end": {literal + "\n", true},
		"31 bytes":                {"base64:" + base64.StdEncoding.EncodeToString(make([]byte, 31)), false},
		"no prefix":               {strings.TrimPrefix(literal, "base64:"), false},
		"not base64":              {"base64:" + strings.Repeat("*", 44), false},
		"nothing":                 {"", false},
		"prefix only":             {"base64:", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := secret.Parse(row.value)
			if (err == nil) != row.ok {
				t.Errorf("Parse: %v, want ok %t", err, row.ok)
			}
		})
	}
}

func TestParseErrorKeepsTheValue(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"hunter2hunter2", "base64:hunter2hunter2", "base64:hunter2*"} {
		if _, err := secret.Parse(value); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Parse: %v, want an error without the value", err)
		}
	}
}

// The expected key was computed with another implementation of HKDF.
func TestKeyIsHKDF(t *testing.T) {
	t.Parallel()
	const want = "40eb77e978cbaded530e0dbd7959567e84aca92f82e2f2ec7c6db913793e91e9"
	if got := hex.EncodeToString(key(t, parse(t), "codes", 32)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	m := parse(t)
	other, err := secret.Parse("base64:" + base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	base := key(t, m, "codes", 32)
	if !bytes.Equal(base, key(t, m, "codes", 32)) {
		t.Error("the same label gives two keys")
	}
	for name, k := range map[string][]byte{
		"another label":  key(t, m, "tickets", 32),
		"no label":       key(t, m, "", 32),
		"another secret": key(t, other, "codes", 32),
	} {
		if bytes.Equal(base, k) {
			t.Errorf("%s gives the same key", name)
		}
	}
}

func TestKeyRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		m secret.Master
		n int
	}{
		"no secret":       {secret.Master{}, 32},
		"no length":       {parse(t), 0},
		"negative length": {parse(t), -1},
		"too long":        {parse(t), 255*32 + 1},
	} {
		if k, err := row.m.Key("codes", row.n); err == nil {
			t.Errorf("%s: got a key of %d bytes", name, len(k))
		}
	}
}

// ASVS 16.2.5
func TestMasterIsNeverPrinted(t *testing.T) {
	t.Parallel()
	m := parse(t)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "secret", m)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "secret", m)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+" "+verb+"\n", m, &m)
		fmt.Fprintf(&log, verb+"\n", struct{ Secret secret.Master }{m})
	}
	for _, leak := range []string{"10 11", "AAEC", "0001", "0x1", "\x01"} {
		if strings.Contains(log.String(), leak) {
			t.Errorf("printed %q in %s", leak, log.String())
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:codes"
	broken := errors.New("broken")
	fetch := func(value string, err error) func(context.Context, string) (string, error) {
		return func(_ context.Context, name string) (string, error) {
			if name != arn {
				return "", fmt.Errorf("asked for %q", name)
			}
			return value, err
		}
	}
	want := key(t, parse(t), "codes", 32)
	t.Run("a literal is not fetched", func(t *testing.T) {
		t.Parallel()
		m, err := secret.Load(t.Context(), literal, fetch("", broken))
		if err != nil || !bytes.Equal(key(t, m, "codes", 32), want) {
			t.Errorf("Load: %v", err)
		}
	})
	t.Run("an ARN is fetched", func(t *testing.T) {
		t.Parallel()
		m, err := secret.Load(t.Context(), arn, fetch(literal, nil))
		if err != nil || !bytes.Equal(key(t, m, "codes", 32), want) {
			t.Errorf("Load: %v", err)
		}
	})
	for text, good := range map[string]bool{
		strings.Repeat("aZ9", 21) + "x": true, strings.Repeat("a", 43): true,
		strings.Repeat("a", 42): false, strings.Repeat("a", 42) + "-": false, "": false,
	} {
		t.Run("what Secrets Manager generates is fetched: "+text, func(t *testing.T) {
			t.Parallel()
			m, err := secret.Load(t.Context(), arn, fetch(text, nil))
			if (err == nil) != good {
				t.Errorf("Load: %v", err)
			}
			if good && len(key(t, m, "codes", 32)) != 32 {
				t.Error("no key is derived from it")
			}
		})
		if _, err := secret.Load(t.Context(), text, fetch("", broken)); err == nil {
			t.Errorf("%q is taken as a secret that is written out", text)
		}
	}
	t.Run("the error of fetch is kept", func(t *testing.T) {
		t.Parallel()
		if _, err := secret.Load(t.Context(), arn, fetch("", broken)); !errors.Is(err, broken) {
			t.Errorf("Load: %v", err)
		}
	})
	t.Run("an ARN that leads to an ARN is refused", func(t *testing.T) {
		t.Parallel()
		if _, err := secret.Load(t.Context(), arn, fetch(arn, nil)); err == nil {
			t.Error("Load: no error")
		}
	})
}
