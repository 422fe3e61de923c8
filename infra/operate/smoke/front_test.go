package main_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/gateway"
	"identitypools/infra/local/system"
)

// front stands in front of a product, and does what AWS does and the local gateway does not. API
// Gateway refuses requests for a pool's form above the first twenty. SES's mailbox simulator reports
// that a mail has bounced.
type front struct{ *httptest.Server }

// newFront returns a front that does not serve yet, because a product must know its address first.
func newFront(t *testing.T) front {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.URL = "http://" + server.Listener.Addr().String()
	return front{server}
}

// serve serves the product of an operator.
func (f front) serve(t *testing.T, o operator) {
	t.Helper()
	to, err := url.Parse(o.product.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	var forms atomic.Int64
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isForm := r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/public/pools/")
		if isForm && forms.Add(1) > 20 {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, gateway.Message(http.StatusTooManyRequests)) // the caller has gone if this fails
			return
		}
		if strings.HasSuffix(r.URL.Path, "/suppressions") {
			o.bounce(t)
		}
		proxy.ServeHTTP(w, r)
	})
	address := f.URL
	f.URL = "" // as Start wants it
	f.Start()
	if f.URL != address {
		t.Fatalf("it serves at %s, and not at %s", f.URL, address)
	}
	t.Cleanup(f.Close)
}

// bounce reports to the keeper that the mail of this run to an address that bounces has bounced, if
// there is one.
func (o operator) bounce(t *testing.T) {
	t.Helper()
	address := "bounce+" + o.run + "@simulator.amazonses.com"
	if len(o.product.Inbox.Mails(t, address)) == 0 {
		return
	}
	event := systemtest.BounceEvent(t, address)
	if _, err := o.product.Keeper.Handle(system.As(t.Context(), "keeper"), event); err != nil {
		t.Errorf("report a bounce: %v", err)
	}
}
