package api

import (
	"bytes"
	"context"
	"net/http"

	"identitypools/shared/identity"
)

// MaxAnswer bounds the page of a list, in bytes as the function writes it for Lambda, which takes 6
// MB with everything around it.
const MaxAnswer = 5 << 20

// StoppedHeader tells where a filtered list stopped that has read its share before the page was full.
const StoppedHeader = "X-Stopped-After"

// Page is a page of a list.
type Page[T any] struct {
	Items        []T
	StoppedAfter string // where a search that has read its share stopped; "" if it did not
}

// List is an action that answers a page of a list, as the member of an object, each item as encode
// makes it. A page that is too large for an answer is refused, so that the caller asks for fewer
// items: a page that is shorter than its limit would be taken for the last one.
func List[Q, T, A any](
	member string, list func(context.Context, Call[Q, None]) (Page[T], error), encode func(T) A,
) Action {
	a := newAction[Q, None, A](http.StatusOK, func(w http.ResponseWriter, r *http.Request) {
		c, err := newCall[Q, None](r)
		var page Page[T]
		if err == nil {
			page, err = list(r.Context(), c)
		}
		if err != nil {
			Error(w, r, err)
			return
		}
		if page.StoppedAfter != "" {
			w.Header().Set(StoppedHeader, page.StoppedAfter)
		}
		items := make([]A, len(page.Items))
		for i, item := range page.Items {
			items[i] = encode(item)
		}
		replyPage(w, r, member, items)
	})
	a.list = member
	return a
}

func replyPage[A any](w http.ResponseWriter, r *http.Request, member string, items []A) {
	body, err := encode(map[string]any{member: items})
	if err == nil && sizeInText(body) > MaxAnswer {
		err = identity.InvalidField("limit",
			"must be smaller: the page would be larger than an answer can be, which is 5 MB")
	}
	if err != nil {
		Error(w, r, err)
		return
	}
	send(w, http.StatusOK, body)
}

// sizeInText is how many bytes JSON takes as a text in JSON, which is how Lambda takes a body.
func sizeInText(body []byte) int {
	size := len(body)
	for _, escaped := range []struct {
		text string
		more int
	}{
		{`"`, 1}, {`\`, 1}, {"\u2028", 3}, {"\u2029", 3},
	} {
		size += escaped.more * bytes.Count(body, []byte(escaped.text))
	}
	return size
}
