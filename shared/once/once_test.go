package once_test

import (
	"bytes"
	"context"
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
	r, err := once.New(scope, key, list, func(result any) ([]byte, error) { return fmt.Append(nil, result), nil })
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestWhoHasTheKeyReadsTheAnswer(t *testing.T) {
	t.Parallel()
	first := request(t, "acme admin", key, "POST", "/users")
	sealed, err := first.Seal("the answer")
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
	ctx := once.With(t.Context(), r)
	for range 2 { // as a use case that stores again after a conflict
		inner := once.Then(once.Then(ctx, func(n int) (string, error) { return fmt.Sprint("user ", n), nil }), func(once.None) (int, error) { return 7, nil })
		if _, err := once.Of(inner).Seal(once.None{}); err != nil {
			t.Fatal(err)
		}
		if _, err := once.Of(inner).Seal("a text"); err == nil {
			t.Error("a change that comes to something else is sealed")
		}
	}
	if r.Answer() != nil {
		t.Error("there is an answer before it is stored")
	}
	r.Stored()
	if string(r.Answer()) != "user 7" || once.Of(ctx) != nil {
		t.Errorf("the answer is %q; it goes with a second change: %t", r.Answer(), once.Of(ctx) != nil)
	}
	if once.Of(once.Then(context.Background(), func(n int) (int, error) { return n, nil })) != nil {
		t.Error("a request without a key has an answer to store")
	}
}
