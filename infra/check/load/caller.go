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
	attemptWithin = 35 * time.Second // the gateway answers within 30
	patience      = time.Minute      // from the first try to the last
	firstPause    = 200 * time.Millisecond
	longestPause  = 5 * time.Second
)

// caller calls the product as a good client does: what can't be done now is tried again, unchanged, no sooner than the answer asks
// for. With the same Idempotency-Key a repeat is exact.
type caller struct {
	http        *http.Client
	base, token string
}

// manySources says whether callers can have addresses of their own here: all of 127.0.0.0/8 is this machine on Linux alone.
func manySources() bool { return runtime.GOOS == "linux" }

// visitor is a caller without a token, from the n-th source address, whose connections end with each call like those of people who
// come once.
func visitor(base string, n int) caller {
	dialer := &net.Dialer{}
	if manySources() {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, byte(1+n/62500%250), byte(1+n/250%250), byte(1+n%250))}
	}
	return caller{http: &http.Client{Timeout: attemptWithin, Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}, base: base}
}

// office is a caller with a token, who keeps connections.
func office(base, token string) caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	return caller{http: &http.Client{Timeout: attemptWithin, Transport: transport}, base: base, token: token}
}

// request is a call. A key makes it safe to repeat.
type request struct {
	method, path string
	body         any // encoded as JSON; nil is none
	key          string
}

// answer is what a call came to in the end.
type answer struct {
	status int // 0 is none
	body   []byte
	unsure bool // it, or a try before it, got no answer that says whether it took effect
}

func (a answer) String() string {
	if a.status == 0 {
		return noAnswer
	}
	return strconv.Itoa(a.status)
}

// passes says whether a later try may be answered otherwise. After a 500 it would not: that is a fault of the product.
func (a answer) passes() bool {
	switch a.status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// fields reads the body into v. An answer that is no such JSON is an error, with its status.
func (a answer) fields(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("read answer %s: %w", a, err)
	}
	return nil
}

// call calls until there is an answer that stays, or patience ends. It tells again of each answer before.
func (c caller) call(ctx context.Context, r request, again func(answer string)) answer {
	begun, unsure := time.Now(), false
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		got, asked := c.try(ctx, r)
		unsure = unsure || got.status == 0 || got.status >= http.StatusInternalServerError
		got.unsure = unsure
		wait := max(asked, pause) + rand.N(pause)
		if !got.passes() || ctx.Err() != nil || time.Since(begun)+wait > patience {
			return got
		}
		again(got.String())
		sleep(ctx, wait)
	}
}

// try calls once; asked is what the answer asks to wait before a further try.
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
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // none is none
	return got, time.Duration(seconds) * time.Second
}

// must is the body of a call that has to be answered with want.
func (c caller) must(ctx context.Context, want int, r request, v any) error {
	got := c.call(ctx, r, func(string) {})
	if got.status != want {
		return errors.Join(ctx.Err(), fmt.Errorf("%s %s is answered %s: %s", r.method, r.path, got, got.body))
	}
	return got.fields(v)
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
