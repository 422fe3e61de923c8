package once_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"identitypools/shared/once"
)

const key = "8e03978e-40d5-43dd-bc93-6894a57f9324"

// newRequest returns a request with the given parts.
func newRequest(tb testing.TB, scope, key string, parts ...string) *once.Request {
	tb.Helper()
	var list [][]byte
	for _, part := range parts {
		list = append(list, []byte(part))
	}
	r, err := once.New(scope, key, list)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// encodeText returns a text as an answer.
func encodeText(text string) ([]byte, error) { return []byte(text), nil }

func TestWhoHasTheKeyReadsTheAnswer(t *testing.T) {
	t.Parallel()
	first := newRequest(t, "acme admin", key, "POST", "/users")
	sealed, err := once.NewReply(first, encodeText).With("the answer").Seal()
	if err != nil || bytes.Contains(sealed, []byte("answer")) {
		t.Fatalf("sealed as %q, %v", sealed, err)
	}
	for _, row := range []struct {
		name              string
		repeat            *once.Request
		sameID, sameThing bool
	}{
		{"a repeat", newRequest(t, "acme admin", key, "POST", "/users"), true, true},
		{"another request", newRequest(t, "acme admin", key, "POST", "/pools"), true, false},
		{"the same bytes cut elsewhere", newRequest(t, "acme admin", key, "POST/", "users"), true, false},
		{"another tree", newRequest(t, "acme system", key, "POST", "/users"), false, false},
		{"another key", newRequest(t, "acme admin", key+"0", "POST", "/users"), false, false},
	} {
		answer, err := row.repeat.Open(first.Mark, sealed)
		if (row.repeat.ID == first.ID) != row.sameID {
			t.Errorf("%s: the answer is kept under the same id: %t", row.name, !row.sameID)
		}
		if row.sameThing && (err != nil || string(answer) != "the answer") || !row.sameThing && !errors.Is(err, once.ErrOther) {
			t.Errorf("%s: reads %q, %v", row.name, answer, err)
		}
	}
	thief := newRequest(t, "acme admin", key+"1")
	thief.Mark = first.Mark // which somebody who reads the table knows
	if answer, err := thief.Open(first.Mark, sealed); err == nil {
		t.Errorf("without the key reads %q", answer)
	}
}

func TestWhatComesOfAChange(t *testing.T) {
	t.Parallel()
	r := newRequest(t, "acme admin", key)
	reply := once.NewReply(r, encodeText)
	inner := once.Map(once.Map(reply, func(n int) (string, error) { return fmt.Sprint("user ", n), nil }),
		func(once.None) (int, error) { return 7, nil })
	var answer once.Answer
	for range 2 { // as after a conflict, when the change is tried again
		answer = inner.With(once.None{})
		if sealed, err := answer.Seal(); err != nil || answer.Request() != r {
			t.Fatalf("sealed as %q for %v, %v", sealed, answer.Request(), err)
		}
	}
	failing := once.Map(reply, func(once.None) (string, error) { return "", once.ErrOther })
	if _, err := failing.With(once.None{}).Seal(); !errors.Is(err, once.ErrOther) {
		t.Errorf("an answer that can't be made is sealed: %v", err)
	}
	if reply.Stored() != nil {
		t.Error("there is an answer before it is stored")
	}
	answer.MarkStored()
	if string(reply.Stored()) != "user 7" || !reply.With("a second change").IsZero() {
		t.Errorf("the answer is %q; it goes with a second change: %t", reply.Stored(), !reply.With("").IsZero())
	}
	without := once.Map(once.NewReply(nil, encodeText), func(n int) (string, error) { return fmt.Sprint(n), nil })
	if without.Request() != nil || !without.With(7).IsZero() || without.Stored() != nil {
		t.Error("a request without a key has an answer to store")
	}
}
