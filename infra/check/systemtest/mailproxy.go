package systemtest

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"identitypools/infra/check/parttest"
	"identitypools/infra/local/system"
)

// MailProxy is a proxy between the product and the inbox. It can answer in the place of SES with a
// fault.
type MailProxy struct {
	// Faulted receives a value for each mail that met a fault. Beyond a thousand values that nobody
	// has received, further ones are dropped.
	Faulted chan struct{}

	url   string
	mu    sync.Mutex
	fault MailFault
}

// MailFault answers a request to SES. A mail that it passes to inbox arrives all the same.
type MailFault func(w http.ResponseWriter, r *http.Request, inbox http.Handler)

// NewMailProxy starts a proxy without a fault. It is closed at the end of the test.
func NewMailProxy(tb testing.TB) *MailProxy {
	tb.Helper()
	inbox, err := url.Parse(parttest.OpenInbox(tb).URL())
	if err != nil {
		tb.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(inbox)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // a product that stops aborts its requests
	p := &MailProxy{Faulted: make(chan struct{}, 1000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		fault := p.fault
		p.mu.Unlock()
		if fault == nil {
			proxy.ServeHTTP(w, r)
			return
		}
		select {
		case p.Faulted <- struct{}{}:
		default:
		}
		fault(w, r, proxy)
	}))
	tb.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// Option is an option of [New] that makes the product send its mails through the proxy.
func (p *MailProxy) Option(c *system.Config) { c.SESURL = p.url }

// SetFault makes every mail meet the fault from now on.
func (p *MailProxy) SetFault(fault MailFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// ClearFault lets all mails through from now on.
func (p *MailProxy) ClearFault() { p.SetFault(nil) }

// HangUp is a fault that closes the connection without an answer.
func HangUp(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// Refuse returns a fault that answers with an error as SES does.
func Refuse(status int, code string) MailFault { return RefuseWith(status, code, "no") }

// RefuseWith is like Refuse, with the text of the error.
func RefuseWith(status int, code, text string) MailFault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": text})
	}
}

// DeliverAndRefuse is a fault that delivers the mail and answers that it was refused. The SDK does
// not retry after this answer.
func DeliverAndRefuse(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
	inbox.ServeHTTP(httptest.NewRecorder(), r)
	Refuse(403, "ExpiredTokenException")(w, r, inbox)
}
