package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"
)

const (
	// The gateway answers within 30 seconds.
	attemptWithin = 35 * time.Second
	// patience limits the time from the first attempt to the last.
	patience     = time.Minute
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
)

// caller calls the product as a well-behaved client does. After a temporary error it repeats the
// request unchanged, not before the time that the answer asks for. The Idempotency-Key makes the
// repetition safe.
type caller struct {
	http        *http.Client
	base, token string
}

// manySources reports whether callers can have source addresses of their own. Only on Linux are all
// addresses of 127.0.0.0/8 addresses of this machine.
func manySources() bool { return runtime.GOOS == "linux" }

// newPublicCaller returns a caller without a token, with the n-th source address. It closes its
// connection after each call, as the connections of single visitors are.
func newPublicCaller(base string, n int) caller {
	dialer := &net.Dialer{}
	if manySources() {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, byte(1+n/62500%250), byte(1+n/250%250),
			byte(1+n%250))}
	}
	return caller{http: &http.Client{
		Timeout:   attemptWithin,
		Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
	}, base: base}
}

// newTokenCaller returns a caller with a token. It reuses connections.
func newTokenCaller(base, token string) caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	return caller{
		http: &http.Client{Timeout: attemptWithin, Transport: transport},
		base: base, token: token,
	}
}

// request is a request that a caller sends. With a key it is safe to repeat.
type request struct {
	method, path string
	body         any // encoded as JSON; nil for no body
	key          string
}

// answer is the final result of a call.
type answer struct {
	status int // 0 if there was no answer
	body   []byte
	// unclear is whether an attempt got no answer that says whether it took effect.
	unclear bool
}

func (a answer) String() string {
	if a.status == 0 {
		return noAnswer
	}
	return strconv.Itoa(a.status)
}

// isTemporary reports whether a later attempt may get another answer. A 500 is not temporary: it is
// a fault of the product.
func (a answer) isTemporary() bool {
	switch a.status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout:
		return true
	}
	return false
}

// fields decodes the JSON body into v.
func (a answer) fields(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("read answer %s: %w", a, err)
	}
	return nil
}

// call repeats a request until there is an answer that is not temporary, or until patience ends. It
// calls again with each answer that it does not return.
func (c caller) call(ctx context.Context, r request, again func(answer string)) answer {
	begun, unclear := time.Now(), false
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		got, asked := c.try(ctx, r)
		unclear = unclear || got.status == 0 || got.status >= http.StatusInternalServerError
		got.unclear = unclear
		wait := max(asked, pause) + rand.N(pause)
		if !got.isTemporary() || ctx.Err() != nil || time.Since(begun)+wait > patience {
			return got
		}
		again(got.String())
		sleep(ctx, wait)
	}
}

// try sends a request once. It also returns how long the answer asks to wait before another
// attempt.
func (c caller) try(ctx context.Context, r request) (got answer, asked time.Duration) {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return got, 0
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return got, 0
	}
	if r.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		request.Header.Set("Idempotency-Key", r.key)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return got, 0
	}
	defer func() { _ = response.Body.Close() }()
	if got.body, err = io.ReadAll(response.Body); err != nil {
		return answer{}, 0
	}
	got.status = response.StatusCode
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // 0 if the header is absent
	return got, time.Duration(seconds) * time.Second
}

// must decodes the body of a call into v. It returns an error if the status is not want.
func (c caller) must(ctx context.Context, want int, r request, v any) error {
	got := c.call(ctx, r, func(string) {})
	if got.status != want {
		return errors.Join(ctx.Err(), fmt.Errorf("%s %s is answered %s: %s", r.method, r.path,
			got, got.body))
	}
	return got.fields(v)
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
