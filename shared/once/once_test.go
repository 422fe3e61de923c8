package once_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"identitypools/shared/once"
)

const key = "8e03978e-40d5-43dd-bc93-6894a57f9324"

func request(tb testing.TB, scope, key string, parts ...string) *once.Request {
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

func printed(text string) ([]byte, error) { return []byte(text), nil }

func TestWhoHasTheKeyReadsTheAnswer(t *testing.T) {
	t.Parallel()
	first := request(t, "acme admin", key, "POST", "/users")
	sealed, err := once.NewReply(first, printed).With("the answer").Seal()
	if err != nil || bytes.Contains(sealed, []byte("answer")) {
		t.Fatalf("sealed as %q, %v", sealed, err)
	}
	for _, row := range []struct {
		name              string
		repeat            *once.Request
		sameID, sameThing bool
	}{
		{"a repeat", request(t, "acme admin", key, "POST", "/users"), true, true},
		{"another request", request(t, "acme admin", key, "POST", "/pools"), true, false},
		{"the same bytes cut elsewhere", request(t, "acme admin", key, "POST/", "users"), true, false},
		{"another tree", request(t, "acme system", key, "POST", "/users"), false, false},
		{"another key", request(t, "acme admin", key+"0", "POST", "/users"), false, false},
	} {
		answer, err := row.repeat.Open(first.Mark, sealed)
		if (row.repeat.ID == first.ID) != row.sameID {
			t.Errorf("%s: the answer is kept under the same id: %t", row.name, !row.sameID)
		}
		if row.sameThing && (err != nil || string(answer) != "the answer") || !row.sameThing && !errors.Is(err, once.ErrOther) {
			t.Errorf("%s: reads %q, %v", row.name, answer, err)
		}
	}
	thief := request(t, "acme admin", key+"1")
	thief.Mark = first.Mark // as who reads the table knows it
	if answer, err := thief.Open(first.Mark, sealed); err == nil {
		t.Errorf("without the key reads %q", answer)
	}
}

func TestWhatComesOfAChange(t *testing.T) {
	t.Parallel()
	r := request(t, "acme admin", key)
	reply := once.NewReply(r, printed)
	inner := once.Map(once.Map(reply, func(n int) (string, error) { return fmt.Sprint("user ", n), nil }),
		func(once.None) (int, error) { return 7, nil })
	var answer once.Answer
	for range 2 { // as a use case that stores again after a conflict
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
	without := once.Map(once.NewReply(nil, printed), func(n int) (string, error) { return fmt.Sprint(n), nil })
	if without.Request() != nil || !without.With(7).IsZero() || without.Stored() != nil {
		t.Error("a request without a key has an answer to store")
	}
}
