package part

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// suppressionList is what SES has and the inbox lacks: the list of the account's addresses to which
// SES sends nothing, with the three operations on one address. It stands before the inbox, and models
// what AWS documents:
//
//   - An address is on the list in the spelling in which it came there, and the operations find no
//     other spelling. For sending, spellings that differ only in case are one address:
//     https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list-tenant-level-manage.html
//   - A mail to an address on the list is accepted and not sent:
//     https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
//
// Nothing here bounces, so only PutSuppressedDestination adds an address.
type suppressionList struct {
	mu     sync.Mutex
	listed map[string]suppressed
}

// suppressed is an address on the list, as GetSuppressedDestination returns it.
type suppressed struct {
	EmailAddress   string
	Reason         string
	LastUpdateTime int64 // in seconds
}

// Suppressed is the id of a mail that was accepted and not sent.
const Suppressed = "suppressed"

// maxMail is how much of a request to send a mail is read, in bytes. SES takes 40 MB.
const maxMail = 40 << 20

// serveSES makes the API of SES that an inbox and the list have together answer at another port, which is
// the wanted one if that is free, until close is called. The pages of mails are there, too.
func serveSES(inbox string, wanted int) (at string, closeServer func(), err error) {
	target, err := url.Parse(inbox)
	if err != nil {
		return "", nil, fmt.Errorf("read the address of the inbox: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(wanted))
	if err != nil && wanted != 0 {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return "", nil, fmt.Errorf("serve the inbox: %w", err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// The default writes each failure to the log of the process.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	list := &suppressionList{listed: map[string]suppressed{}}
	server := &http.Server{Handler: list.before(withMails(inbox, proxy)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// before returns a handler that answers the operations on the list, holds back mails to addresses on
// it, and passes everything else to the inbox.
func (l *suppressionList) before(inbox http.Handler) http.Handler {
	const addresses = "/v2/email/suppression/addresses"
	mux := http.NewServeMux()
	mux.HandleFunc("PUT "+addresses, l.put)
	mux.HandleFunc("GET "+addresses+"/{address}", l.get)
	mux.HandleFunc("DELETE "+addresses+"/{address}", l.remove)
	mux.HandleFunc("POST /v2/email/outbound-emails", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMail))
		if err != nil {
			answerError(w, http.StatusBadRequest, "BadRequestException")
			return
		}
		if l.holdsBack(body) {
			answerJSON(w, map[string]string{"MessageId": Suppressed})
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		inbox.ServeHTTP(w, r)
	})
	mux.Handle("/", inbox)
	return mux
}

func (l *suppressionList) put(w http.ResponseWriter, r *http.Request) {
	var in suppressed
	err := json.NewDecoder(r.Body).Decode(&in)
	if err != nil || in.EmailAddress == "" || in.Reason != "BOUNCE" && in.Reason != "COMPLAINT" {
		answerError(w, http.StatusBadRequest, "BadRequestException")
		return
	}
	in.LastUpdateTime = time.Now().Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listed[in.EmailAddress] = in
	answerJSON(w, struct{}{})
}

func (l *suppressionList) get(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.listed[r.PathValue("address")]
	if !ok {
		answerError(w, http.StatusNotFound, "NotFoundException")
		return
	}
	answerJSON(w, map[string]suppressed{"SuppressedDestination": found})
}

func (l *suppressionList) remove(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	address := r.PathValue("address")
	if _, ok := l.listed[address]; !ok {
		answerError(w, http.StatusNotFound, "NotFoundException")
		return
	}
	delete(l.listed, address)
	answerJSON(w, struct{}{})
}

// holdsBack reports whether a request to send a mail has a recipient who is on the list.
func (l *suppressionList) holdsBack(body []byte) bool {
	var in struct {
		Destination struct{ ToAddresses []string }
	}
	if json.Unmarshal(body, &in) != nil {
		return false // the inbox says what is wrong
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for address := range l.listed {
		for _, to := range in.Destination.ToAddresses {
			if strings.EqualFold(to, address) {
				return true
			}
		}
	}
	return false
}

func answerJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the caller is gone
}

func answerError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": code})
}
