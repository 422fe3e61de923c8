package work_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	mathrand "math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"identitypools/shared/work"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// at returns an issuer whose clock shows the given time.
func at(now time.Time) work.Issuer {
	return work.Issuer{
		Key: []byte("a key of thirty-two bytes, or so"), Random: rand.Reader,
		Now: func() time.Time { return now },
	}
}

// solved returns a challenge for the pool t/p that was made at noon, with its solution.
func solved(tb testing.TB) (work.Challenge, string) {
	tb.Helper()
	return solvedOf(tb, rand.Reader)
}

func solvedOf(tb testing.TB, random io.Reader) (work.Challenge, string) {
	tb.Helper()
	issuer := at(noon)
	issuer.Random = random
	c, err := issuer.New("t", "p")
	if err != nil {
		tb.Fatal(err)
	}
	s, ok := c.Solve()
	if !ok {
		tb.Fatalf("%+v has no solution", c)
	}
	return c, s
}

// changed returns a solution in which some members have other values.
func changed(tb testing.TB, solution string, members map[string]any) string {
	tb.Helper()
	text, err := base64.StdEncoding.DecodeString(solution)
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		tb.Fatal(err)
	}
	for name, value := range members {
		all[name] = value
	}
	if text, err = json.Marshal(all); err != nil {
		tb.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

func numberOf(tb testing.TB, solution string) int64 {
	tb.Helper()
	text, err := base64.StdEncoding.DecodeString(solution)
	if err != nil {
		tb.Fatal(err)
	}
	var s work.Solution
	if err := json.Unmarshal(text, &s); err != nil {
		tb.Fatal(err)
	}
	return s.Number
}

// A challenge has the form of ALTCHA's, so that any of its clients can solve it. The salt and the
// number fit into one block of SHA-256, on which the page's script relies.
func TestAChallengeHasTheFormOfALTCHA(t *testing.T) {
	c, solution := solved(t)
	if c.Algorithm != "SHA-256" || c.MaxNumber != work.MaxNumber || len(c.Signature) != 64 {
		t.Errorf("%+v", c)
	}
	want := "?expires=" + strconv.FormatInt(noon.Add(20*time.Minute).Unix(), 10) + "&"
	if !strings.HasSuffix(c.Salt, want) {
		t.Errorf("the salt is %q, want one that ends with %s", c.Salt, want)
	}
	sum := sha256.Sum256([]byte(c.Salt + strconv.FormatInt(numberOf(t, solution), 10)))
	if hex.EncodeToString(sum[:]) != c.Challenge {
		t.Errorf("%s does not solve %+v", solution, c)
	}
	if n := len(c.Salt + strconv.FormatInt(c.MaxNumber, 10)); n > 55 {
		t.Errorf("salt and number have %d bytes", n)
	}
	if again, _ := solved(t); again.Salt == c.Salt || again.Challenge == c.Challenge {
		t.Errorf("two challenges are %+v and %+v", c, again)
	}
}

func TestCheck(t *testing.T) {
	c, solution := solved(t)
	other, otherSolution := solved(t)
	number := numberOf(t, solution)
	short := strconv.FormatInt(number, 10)
	for len(short) < 2 || short[1] == '0' { // until the digits after the first are a number, too
		c, solution = solved(t)
		number = numberOf(t, solution)
		short = strconv.FormatInt(number, 10)
	}
	rest, err := strconv.ParseInt(short[1:], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	// In longer, the first digit of the number is moved to the end of the time.
	longer := strings.TrimSuffix(c.Salt, "&") + short[:1] + "&"
	easy := sha256.Sum256([]byte(c.Salt + "0")) // a challenge that is solved by the first number
	otherKey := at(noon)
	otherKey.Key = []byte("another key")
	for _, test := range []struct {
		name         string
		issuer       work.Issuer
		tenant, pool string
		solution     string
		good         bool
	}{
		{"the solution", at(noon), "t", "p", solution, true},
		{
			"the solution with the time that it took", at(noon), "t", "p",
			changed(t, solution, map[string]any{"took": 812.5, "test": false}), true,
		},
		{"the solution of another challenge", at(noon), "t", "p", otherSolution, true},
		{"in the last second", at(noon.Add(20*time.Minute - time.Second)), "t", "p", solution, true},
		{"too late", at(noon.Add(20 * time.Minute)), "t", "p", solution, false},
		{"in another pool", at(noon), "t", "q", solution, false},
		{"in another tenant", at(noon), "u", "p", solution, false},
		{"in a pool whose name is cut elsewhere", at(noon), "", "tp", solution, false},
		{"under another key", otherKey, "t", "p", solution, false},
		{"another number", at(noon), "t", "p", changed(t, solution, map[string]any{"number": number + 1}), false},
		{"a negative number", at(noon), "t", "p", changed(t, solution, map[string]any{"number": -number - 1}), false},
		{
			"a number above the largest", at(noon), "t", "p",
			changed(t, solution, map[string]any{"number": work.MaxNumber + 1}), false,
		},
		{"a number that is a text", at(noon), "t", "p", changed(t, solution, map[string]any{"number": short}), false},
		{"another algorithm", at(noon), "t", "p", changed(t, solution, map[string]any{"algorithm": "SHA-1"}), false},
		{
			"another signature", at(noon), "t", "p",
			changed(t, solution, map[string]any{"signature": other.Signature}), false,
		},
		{"no signature", at(noon), "t", "p", changed(t, solution, map[string]any{"signature": ""}), false},
		{"another salt", at(noon), "t", "p", changed(t, solution, map[string]any{"salt": other.Salt}), false},
		{"a salt with a later time", at(noon), "t", "p", changed(t, solution, map[string]any{"salt": longer}), false},
		{
			"a salt with the first digit of the number", at(noon), "t", "p",
			changed(t, solution, map[string]any{"salt": c.Salt + short[:1], "number": rest}), false,
		},
		{
			"a challenge of one's own", at(noon), "t", "p",
			changed(t, solution, map[string]any{"challenge": hex.EncodeToString(easy[:]), "number": 0}),
			false,
		},
		{"nothing", at(noon), "t", "p", "", false},
		{"no base64", at(noon), "t", "p", "{}", false},
		{"an empty object", at(noon), "t", "p", "e30=", false},
		{
			"far too long", at(noon), "t", "p",
			changed(t, solution, map[string]any{"more": strings.Repeat("x", 2000)}), false,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			challenge, ok := test.issuer.Check(test.tenant, test.pool, test.solution)
			if ok != test.good || ok == (challenge == "") {
				t.Errorf("it is good: %v, as %q", ok, challenge)
			}
		})
	}
}

// FuzzSolution checks any text as a solution. One that is accepted must solve the challenge that
// this issuer made, and Check must return that challenge.
func FuzzSolution(f *testing.F) {
	c, solution := solvedOf(f, mathrand.NewChaCha8([32]byte{})) // the same in every fuzzing process
	number := numberOf(f, solution)
	f.Add(solution)
	for _, members := range []map[string]any{
		{"number": number - 1},
		{"salt": c.Salt + "&expires=99999999999"},
		{"salt": ""},
		{"salt": "?expires=x"},
		{"challenge": ""},
		{"signature": nil},
		{"number": 1e300},
		{"algorithm": "sha-256"},
	} {
		f.Add(changed(f, solution, members))
	}
	f.Add("e30=")
	f.Add("bnVsbA==")
	f.Add("W10=")
	f.Fuzz(func(t *testing.T, text string) {
		challenge, ok := at(noon).Check("t", "p", text)
		if ok && (challenge != c.Challenge || numberOf(t, text) != number) {
			t.Errorf("%q is taken for a solution of %s", text, challenge)
		}
		if !ok && challenge != "" {
			t.Errorf("%q names %s and is none", text, challenge)
		}
	})
}

func BenchmarkSolve(b *testing.B) {
	for b.Loop() {
		solved(b)
	}
}
