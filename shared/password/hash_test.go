package password_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"identitypools/shared/password"
)

const horse = "correct horse battery staple"

func hasher() *password.Hasher { return password.NewHasher() }

func hash(tb testing.TB, h *password.Hasher, text string) string {
	tb.Helper()
	stored, err := h.Hash(tb.Context(), text)
	if err != nil {
		tb.Fatal(err)
	}
	return stored
}

func verify(tb testing.TB, h *password.Hasher, stored, text string) password.Result {
	tb.Helper()
	result, err := h.Verify(tb.Context(), stored, text)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

func canceled(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	return ctx
}

func TestHashIsArgon2idAsOWASPAsks(t *testing.T) {
	t.Parallel()
	h := password.New(strings.NewReader("0123456789abcdef"), 1)
	stored := hash(t, h, horse)
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$") ||
		len(stored) != 97 {
		t.Errorf("got %s", stored)
	}
	if got := verify(t, h, stored, horse); !got.OK || got.Renew {
		t.Errorf("the same password: %+v", got)
	}
	if got := verify(t, h, stored, horse+" "); got.OK || got.Renew {
		t.Errorf("another password: %+v", got)
	}
}

func TestEachHashHasItsSalt(t *testing.T) {
	t.Parallel()
	if one, two := hash(t, hasher(), horse), hash(t, hasher(), horse); one == two {
		t.Errorf("both are %s", one)
	}
	_, err := password.New(bytes.NewReader(make([]byte, 15)), 1).Hash(t.Context(), horse)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no randomness: %v", err)
	}
}

// Passwords are compared after NFKC and never truncated (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.8).
func TestPasswordsAreNormalizedButNotCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	for name, row := range map[string]struct {
		stored, given string
		ok            bool
	}{
		"composed and decomposed": {"Zo\u00eb drinkt koffie", "Zoe\u0308 drinkt koffie", true},
		"full width":              {"ｐａｓｓｗｏｒｔ ｇｅｈｅｉｍ", "passwort geheim", true},
		"case":                    {horse, strings.ToUpper(horse), false},
		"a space at the end":      {horse, horse + " ", false},
		"the 256th character":     {long + "a", long + "b", false},
		"after a zero byte":       {"abc\x00def", "abc\x00deg", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := verify(t, hasher(), hash(t, hasher(), row.stored), row.given); got.OK != row.ok {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestTraceTellsRepeatsApart(t *testing.T) {
	t.Parallel()
	const bcrypt = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"
	h := hasher()
	for name, check := range map[string]func(string) (password.Result, error){
		"argon2id": func(text string) (password.Result, error) { return h.Verify(t.Context(), weakArgon, text) },
		"bcrypt":   func(text string) (password.Result, error) { return h.Verify(t.Context(), bcrypt, text) },
		"nobody":   func(text string) (password.Result, error) { return h.VerifyDummy(t.Context(), text) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var results []password.Result
			for _, text := range []string{"wrong one", "wrong one", "wrong two"} {
				result, err := check(text)
				if err != nil || result.OK || result.Renew {
					t.Fatalf("%q: %+v, %v", text, result, err)
				}
				results = append(results, result)
			}
			if results[0].Trace != results[1].Trace || results[0].Trace == results[2].Trace ||
				results[0].Trace == [4]byte{} {
				t.Errorf("got %+v", results)
			}
		})
	}
}

func TestNothingIsDoneForWhoHasLeft(t *testing.T) {
	t.Parallel()
	h := hasher()
	_, hashing := h.Hash(canceled(t), horse)
	_, verifying := h.Verify(canceled(t), weakArgon, horse)
	_, dummy := h.VerifyDummy(canceled(t), horse)
	for _, err := range []error{hashing, verifying, dummy} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

// A gate is a source of salts that blocks all readers until it is opened. It counts its readers,
// which are the hashes that hold a slot.
type gate struct {
	open    chan struct{}
	waiting atomic.Int32
}

func (g *gate) Read(p []byte) (int, error) {
	g.waiting.Add(1)
	<-g.open
	return len(p), nil
}

func TestHashesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		h := password.New(g, 2)
		var done sync.WaitGroup
		for range 5 {
			done.Go(func() {
				if _, err := h.Hash(context.Background(), horse); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // until both slots are taken
		ctx, leave := context.WithCancel(context.Background())
		left := make(chan error, 1)
		go func() {
			_, err := h.VerifyDummy(ctx, horse)
			left <- err
		}()
		synctest.Wait()
		if n := g.waiting.Load(); n != 2 {
			t.Errorf("%d hashes at a time, not 2", n)
		}
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves the queue gets %v", err)
		}
		close(g.open)
		done.Wait()
		if n := g.waiting.Load(); n != 5 {
			t.Errorf("%d of 5 got their turn", n)
		}
	})
}

func TestAtLeastOneHashAtATime(t *testing.T) {
	t.Parallel()
	hash(t, password.New(strings.NewReader("0123456789abcdef"), 0), horse)
}

func BenchmarkHash(b *testing.B) {
	for _, parallel := range []int{1, 8, 64} {
		b.Run(strconv.Itoa(parallel)+" at a time", func(b *testing.B) {
			h := hasher()
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ReportAllocs()
			var done sync.WaitGroup
			for range parallel {
				done.Go(func() {
					for left.Add(-1) >= 0 {
						if _, err := h.Hash(b.Context(), horse); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			done.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hashes/s")
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	h := hasher()
	stored := hash(b, h, horse)
	for b.Loop() {
		if !verify(b, h, stored, horse).OK {
			b.Fatal("not recognized")
		}
	}
}
