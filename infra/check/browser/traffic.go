package browser

import (
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Request is a request that a tab has sent to a server.
type Request struct {
	Method, URL, Referer string
}

// traffic records what a tab sent and what the browser reported.
type traffic struct {
	mu         sync.Mutex
	origins    []string
	requests   []Request
	complaints []string
}

// allow lets pages load from the origin of an address.
func (t *traffic) allow(address *url.URL) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.origins = append(t.origins, origin(address))
}

func origin(address *url.URL) string { return address.Scheme + "://" + address.Host }

// handleEvent records an event of the tab.
func (t *traffic) handleEvent(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.sent(e.Request)
	case *log.EventEntryAdded:
		// A status of 400 and above is such an event too. Tests check the status themselves.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			t.complain("%s: %s", e.Entry.Source, e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			t.complain("console: %s", values(e.Args))
		}
	case *runtime.EventExceptionThrown:
		t.complain("exception: %s",
			(&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	}
}

func (t *traffic) sent(r *network.Request) {
	address, err := url.Parse(r.URL)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" {
		return // it did not leave the browser
	}
	referer, _ := r.Headers["Referer"].(string)
	t.requests = append(t.requests, Request{r.Method, r.URL, referer})
	if !slices.Contains(t.origins, origin(address)) {
		t.complain("a request to elsewhere: %s %s", r.Method, r.URL)
	}
}

func (t *traffic) complain(format string, args ...any) {
	t.complaints = append(t.complaints, fmt.Sprintf(format, args...))
}

func values(arguments []*runtime.RemoteObject) (all []string) {
	for _, a := range arguments {
		all = append(all, string(a.Value))
	}
	return all
}

// Requests returns the requests that the tab has sent since the last call, oldest first.
func (t *Tab) Requests(tb testing.TB) []Request {
	tb.Helper()
	t.settle(tb)
	t.mu.Lock()
	defer t.mu.Unlock()
	requests := t.requests
	t.requests = nil
	return requests
}

// Complaints returns what the browser has reported since the last call: errors of scripts,
// violations of a page's policy, and requests to origins that the test did not allow.
func (t *Tab) Complaints(tb testing.TB) []string {
	tb.Helper()
	t.settle(tb)
	t.mu.Lock()
	defer t.mu.Unlock()
	complaints := t.complaints
	t.complaints = nil
	return complaints
}

// settle waits until all events so far are recorded. Events arrive in order, before the answer to a
// later call.
func (t *Tab) settle(tb testing.TB) {
	tb.Helper()
	t.do(tb, "settle", chromedp.Evaluate[chromedp.Void]("0"))
}
