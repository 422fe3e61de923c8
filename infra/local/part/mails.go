package part

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// MailPath returns the path of the page at the inbox's URL that shows one mail as its reader sees it. The id
// is that in SES's answer.
func MailPath(id string) string { return "/mails/" + url.PathEscape(id) }

// withMails adds the pages of mails to an inbox, which has one page for all. With the query ?text, a page
// is the mail in plain text.
func withMails(inbox string, others http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", others)
	mux.HandleFunc("GET /mails/{id}", func(w http.ResponseWriter, r *http.Request) {
		mail, err := readMail(r, inbox)
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadGateway)
		case mail.ID == "":
			http.Error(w, "The inbox has no such mail any more.", http.StatusNotFound)
		case r.URL.Query().Has("text") || mail.Body.HTML == "":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = fmt.Fprintf(w, "Subject: %s\n\n%s", mail.Subject, mail.Body.Text)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, mail.Body.HTML)
		}
	})
	return mux
}

// mail is a mail as the inbox lists it.
type mail struct {
	ID      string `json:"messageId"`
	Subject string `json:"subject"`
	Body    struct {
		HTML string `json:"html"`
		Text string `json:"text"`
	} `json:"body"`
}

// readMail returns the mail that a request names, or the zero value if the inbox does not have it.
func readMail(r *http.Request, inbox string) (mail, error) {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, inbox+"/store", nil)
	if err != nil {
		return mail{}, fmt.Errorf("ask the inbox: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return mail{}, fmt.Errorf("ask the inbox: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var stored struct {
		Emails []mail `json:"emails"`
	}
	if err := json.NewDecoder(response.Body).Decode(&stored); err != nil {
		return mail{}, fmt.Errorf("read what the inbox has: %w", err)
	}
	for _, m := range stored.Emails {
		if m.ID == r.PathValue("id") {
			return m, nil
		}
	}
	return mail{}, nil
}
