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

// Door stands before the inbox, and injects the faults of SES.
type Door struct {
	Knocks chan struct{} // one for each mail that met a fault; once a thousand wait there, no more

	url   string
	mu    sync.Mutex
	fault MailFault
}

// MailFault answers in SES's place. What it hands to inbox arrives all the same.
type MailFault func(w http.ResponseWriter, r *http.Request, inbox http.Handler)

// NewDoor is an open door.
func NewDoor(tb testing.TB) *Door {
	tb.Helper()
	inbox, err := url.Parse(parttest.OpenInbox(tb).URL())
	if err != nil {
		tb.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(inbox)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // a product that stops gives up what it sends
	d := &Door{Knocks: make(chan struct{}, 1000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		fault := d.fault
		d.mu.Unlock()
		if fault == nil {
			proxy.ServeHTTP(w, r)
			return
		}
		select {
		case d.Knocks <- struct{}{}:
		default:
		}
		fault(w, r, proxy)
	}))
	tb.Cleanup(server.Close)
	d.url = server.URL
	return d
}

// Option makes the product send through the door.
func (d *Door) Option(c *system.Config) { c.SESURL = d.url }

// Set has every mail from now on meet the fault.
func (d *Door) Set(fault MailFault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault
}

// Open lets mails through.
func (d *Door) Open() { d.Set(nil) }

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

// SentAllTheSame hands the mail over and answers that it did not. The SDK takes this answer for final.
func SentAllTheSame(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
	inbox.ServeHTTP(httptest.NewRecorder(), r)
	Refuse(403, "ExpiredTokenException")(w, r, inbox)
}
