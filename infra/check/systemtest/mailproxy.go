package systemtest

import (
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

// MailProxy stands before the inbox, and injects the faults of SES.
type MailProxy struct {
	Faulted chan struct{} // one for each mail that met a fault; once a thousand wait there, no more

	url   string
	mu    sync.Mutex
	fault MailFault
}

// MailFault answers in SES's place. What it hands to inbox arrives all the same.
type MailFault func(w http.ResponseWriter, r *http.Request, inbox http.Handler)

// NewMailProxy is an open door.
func NewMailProxy(tb testing.TB) *MailProxy {
	tb.Helper()
	inbox, err := url.Parse(parttest.OpenInbox(tb).URL())
	if err != nil {
		tb.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(inbox)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // a product that stops gives up what it sends
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

// Option makes the product send through the door.
func (p *MailProxy) Option(c *system.Config) { c.SESURL = p.url }

// SetFault has every mail from now on meet the fault.
func (p *MailProxy) SetFault(fault MailFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// ClearFault lets mails through.
func (p *MailProxy) ClearFault() { p.SetFault(nil) }

// HangUp ends the connection without an answer.
func HangUp(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// Refuse is a fault that answers as SES does.
func Refuse(status int, code string) MailFault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"message":"no"}`))
	}
}

// DeliverAndRefuse hands the mail over and answers that it did not. The SDK takes this answer for final.
func DeliverAndRefuse(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
	inbox.ServeHTTP(httptest.NewRecorder(), r)
	Refuse(403, "ExpiredTokenException")(w, r, inbox)
}
