package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Mail has the parts of a mail that the check examines.
type Mail struct {
	To      string
	Code    string // "" in a notice
	Welcome bool   // whether it tells that the account is active
}

// inbox reads the mails. Because the inbox becomes slower as it fills, it reads only the mails
// since the second of the last one that it has read.
type inbox struct {
	url  string
	code *regexp.Regexp

	since int64 // the second of the last mail that was read
	read  int   // the number of mails of that second that were read
}

func newInbox(url string) *inbox {
	return &inbox{url: url, code: regexp.MustCompile(`(?m)^ {4}(\d{3,4}(?: \d{3,4})+)$`)}
}

// follow calls mailed for each new mail until ctx ends. After an error it tries again later.
func (i *inbox) follow(ctx context.Context, mailed func(address, code string)) {
	const pause = 100 * time.Millisecond
	for ; ctx.Err() == nil; sleep(ctx, pause) {
		mails, _ := i.next(ctx)
		for _, m := range mails {
			mailed(m.To, m.Code)
		}
	}
}

// next returns the mails that arrived since the last call.
func (i *inbox) next(ctx context.Context) ([]Mail, error) {
	mails, seconds, err := i.fetch(ctx, "?since="+strconv.FormatInt(max(i.since, 1), 10))
	if err != nil || len(mails) <= i.read {
		return nil, err
	}
	fresh := mails[i.read:]
	i.since, i.read = seconds[len(seconds)-1], 0
	for _, second := range seconds {
		if second == i.since {
			i.read++
		}
	}
	return fresh, nil
}

// all returns all mails, oldest first.
func (i *inbox) all(ctx context.Context) ([]Mail, error) {
	mails, _, err := i.fetch(ctx, "")
	return mails, err
}

func (i *inbox) fetch(ctx context.Context, query string) (mails []Mail, seconds []int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.url+"/store"+query, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("read the inbox: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, fmt.Errorf("read the inbox: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var store struct {
		Emails []struct {
			Destination struct{ To []string }
			Subject     string
			Body        struct{ Text string }
			At          int64
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&store); err != nil {
		return nil, nil, fmt.Errorf("read the inbox, which answers %s: %w", response.Status, err)
	}
	for _, e := range store.Emails {
		m := Mail{Welcome: strings.HasPrefix(e.Subject, "Welcome to ")}
		if len(e.Destination.To) > 0 {
			m.To = e.Destination.To[0]
		}
		if found := i.code.FindStringSubmatch(e.Body.Text); found != nil {
			m.Code = strings.ReplaceAll(found[1], " ", "")
		}
		mails, seconds = append(mails, m), append(seconds, e.At)
	}
	return mails, seconds, nil
}
