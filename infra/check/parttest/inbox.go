package parttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Inbox is the SES inbox that all tests of a binary send to.
type Inbox struct {
	url string

	mu     sync.Mutex
	mails  []Mail // all that have been read, oldest first
	second int64  // when the last of them came, or when the inbox was opened
	before int    // how many of them came before that second
}

// Mail is a message as the inbox stores it.
type Mail struct {
	// From is the sender as it was sent, with a display name if there was one.
	From string
	// To has the bare addresses of all recipients, including copies.
	To []string
	// ReplyTo has the addresses as they were sent.
	ReplyTo []string
	Subject string
	// Text is the text part. For a raw message without one, the inbox makes it from the HTML.
	Text string
	HTML string
	// At is the time at which the inbox received the message, in whole seconds.
	At time.Time
}

// OpenInbox returns the inbox of the test binary, with the messages that are sent from this second on. It
// fails the test if [Main] is not running.
func OpenInbox(tb testing.TB) *Inbox {
	tb.Helper()
	return &Inbox{url: inbox.get(tb).URL(), second: time.Now().Unix()}
}

// URL returns the value for AWS_ENDPOINT_URL_SESV2. A browser shows the mails at the same address.
// The inbox accepts any access keys, but requires some.
func (i *Inbox) URL() string { return i.url }

// Mails returns the messages that were sent to an address so far, oldest first. The comparison of
// addresses ignores case.
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

// Await waits, like [Until], until at least n messages were sent to an address, and returns them.
// To show that no further mail is sent, await another one that was sent after it.
func (i *Inbox) Await(tb testing.TB, to string, n int) (mails []Mail) {
	tb.Helper()
	Until(tb, fmt.Sprintf("%d mails to %s", n, to), func() bool {
		mails = i.Mails(tb, to)
		return len(mails) >= n
	})
	return mails
}

// fetch returns all messages, oldest first. It reads only those that have come since the last call.
func (i *Inbox) fetch(tb testing.TB) ([]Mail, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	// The inbox tells times in whole seconds, so that of the last second more may come.
	since := fmt.Sprintf("%s/store?since=%d", i.url, i.second)
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, since, nil)
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
	i.mails = append(i.mails[:i.before], store.mails()...)
	if n := len(i.mails); n > 0 {
		i.second = i.mails[n-1].At.Unix()
		i.before = slices.IndexFunc(i.mails, func(m Mail) bool { return m.At.Unix() == i.second })
	}
	return slices.Clone(i.mails), nil
}

// store is the part of the answer to GET /store that the package reads.
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
		m := Mail{
			From: e.From, ReplyTo: e.ReplyTo, Subject: e.Subject, Text: e.Body.Text,
			HTML: e.Body.HTML, At: time.Unix(e.At, 0).UTC(),
		}
		for _, field := range [][]string{e.Destination.To, e.Destination.Cc, e.Destination.Bcc} {
			m.To = append(m.To, bare(field)...)
		}
		mails = append(mails, m)
	}
	return mails
}

// bare returns the bare addresses of header entries. A simple message has one address in each
// entry. A raw message has a whole header line with names in each. An entry that cannot be parsed
// is returned unchanged.
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
