package parttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"strings"
	"testing"
	"time"
)

// Inbox is the SES inbox that all tests of a binary send to.
type Inbox struct{ url string }

// Mail is one message as the inbox holds it.
type Mail struct {
	From    string   // as sent, with a display name if there was one
	To      []string // bare addresses, copies included
	ReplyTo []string // as sent
	Subject string
	Text    string // of a raw message without a text part, the inbox makes one from the HTML
	HTML    string
	At      time.Time // in whole seconds
}

// OpenInbox is the test binary's inbox.
func OpenInbox(tb testing.TB) *Inbox {
	tb.Helper()
	return &Inbox{url: inbox.get(tb).URL()}
}

// URL is what AWS_ENDPOINT_URL_SESV2 must be; a person finds the mails there too. Any keys are accepted, none is not.
func (i *Inbox) URL() string { return i.url }

// Mails is what was sent to an address so far, oldest first. Upper and lower case are the same.
func (i *Inbox) Mails(tb testing.TB, to string) []Mail {
	tb.Helper()
	mails, err := i.fetch(tb)
	if err != nil {
		tb.Fatalf("read the inbox: %v", err)
	}
	var found []Mail
	for _, m := range mails {
		if m.isFor(to) {
			found = append(found, m)
		}
	}
	return found
}

// Await is Mails once they are at least n; see Until. To show that no further mail comes, await one that was sent after it.
func (i *Inbox) Await(tb testing.TB, to string, n int) (mails []Mail) {
	tb.Helper()
	Until(tb, fmt.Sprintf("%d mails to %s", n, to), func() bool {
		mails = i.Mails(tb, to)
		return len(mails) >= n
	})
	return mails
}

func (i *Inbox) fetch(tb testing.TB) ([]Mail, error) {
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, i.url+"/store", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET /store answers %s", response.Status)
	}
	var store store
	if err := json.NewDecoder(response.Body).Decode(&store); err != nil {
		return nil, fmt.Errorf("decode the store: %w", err)
	}
	return store.mails(), nil
}

// store is what GET /store answers, as far as we look at it.
type store struct {
	Emails []struct {
		From        string `json:"from"`
		Destination struct {
			To  []string `json:"to"`
			Cc  []string `json:"cc"`
			Bcc []string `json:"bcc"`
		} `json:"destination"`
		ReplyTo []string `json:"replyTo"`
		Subject string   `json:"subject"`
		Body    struct {
			Text string `json:"text"`
			HTML string `json:"html"`
		} `json:"body"`
		At int64 `json:"at"`
	} `json:"emails"`
}

func (s store) mails() []Mail {
	mails := make([]Mail, 0, len(s.Emails))
	for _, e := range s.Emails {
		m := Mail{From: e.From, ReplyTo: e.ReplyTo, Subject: e.Subject, Text: e.Body.Text, HTML: e.Body.HTML, At: time.Unix(e.At, 0).UTC()}
		for _, field := range [][]string{e.Destination.To, e.Destination.Cc, e.Destination.Bcc} {
			m.To = append(m.To, bare(field)...)
		}
		mails = append(mails, m)
	}
	return mails
}

// bare takes addresses apart: a simple message has one an entry, a raw one a whole header line, with names.
// What can't be parsed stays as it is.
func bare(entries []string) []string {
	var addresses []string
	for _, entry := range entries {
		list, err := mail.ParseAddressList(entry)
		if err != nil {
			addresses = append(addresses, entry)
			continue
		}
		for _, address := range list {
			addresses = append(addresses, address.Address)
		}
	}
	return addresses
}

func (m Mail) isFor(address string) bool {
	for _, to := range m.To {
		if strings.EqualFold(to, address) {
			return true
		}
	}
	return false
}
