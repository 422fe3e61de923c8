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

// Request is what a tab asked of a server.
type Request struct {
	Method, URL, Referer string
}

// traffic is what a tab sent, and what the browser complained of.
type traffic struct {
	mu         sync.Mutex
	origins    []string
	requests   []Request
	complaints []string
}

// allow lets pages load from an address's origin.
func (t *traffic) allow(address *url.URL) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.origins = append(t.origins, origin(address))
}

func origin(address *url.URL) string { return address.Scheme + "://" + address.Host }

// hear takes an event of the tab.
func (t *traffic) hear(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.sent(e.Request)
	case *log.EventEntryAdded:
		// A status of 400 and above is an entry too. Tests look at the status itself.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			t.complain("%s: %s", e.Entry.Source, e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			t.complain("console: %s", values(e.Args))
		}
	case *runtime.EventExceptionThrown:
		t.complain("exception: %s", (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	}
}

func (t *traffic) sent(r *network.Request) {
	address, err := url.Parse(r.URL)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" {
		return // it stayed here
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

// Requests are those that the tab has sent since the last call, oldest first.
func (t *Tab) Requests(tb testing.TB) []Request {
	tb.Helper()
	t.settle(tb)
	t.mu.Lock()
	defer t.mu.Unlock()
	requests := t.requests
	t.requests = nil
	return requests
}

// Complaints are what the browser complained of since the last call: errors of scripts, what a page's policy did not let through, and requests to
// other origins than those that the test went to.
func (t *Tab) Complaints(tb testing.TB) []string {
	tb.Helper()
	t.settle(tb)
	t.mu.Lock()
	defer t.mu.Unlock()
	complaints := t.complaints
	t.complaints = nil
	return complaints
}

// settle waits until what has happened so far is heard: events come in order, before the answer to a later call.
func (t *Tab) settle(tb testing.TB) {
	tb.Helper()
	t.do(tb, "settle", chromedp.Evaluate[chromedp.Void]("0"))
}
