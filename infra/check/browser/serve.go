package browser

import (
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// Serve makes the browser itself answer a page's request for an address, so that no request of a
// test leaves the machine. Pages may load from that origin.
func (t *Tab) Serve(tb testing.TB, address, contentType string, body []byte) {
	tb.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	t.allow(parsed)
	answer := fetch.FulfillRequestParams{
		ResponseCode: 200, Body: body,
		ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: contentType}},
	}
	err = chromedp.Listen(t.ctx, func(event any) {
		paused, ok := event.(*fetch.EventRequestPaused)
		if !ok || paused.Request.URL != address {
			return
		}
		fulfilled := answer
		fulfilled.RequestID = paused.RequestID
		go func() { // a listener must not call the browser
			// fails if the tab was closed, which needs no answer
			_ = chromedp.Do(t.ctx, command(fetch.FulfillRequest, fulfilled))
		}()
	})
	if err != nil {
		tb.Fatal(err)
	}
	t.do(tb, "serve "+address, command(fetch.Enable,
		fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: address}}}))
}
