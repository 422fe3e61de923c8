package api

import (
	"bytes"
	"context"
	"net/http"

	"identitypools/shared/identity"
)

// MaxAnswer is the maximum size of a page of a list in bytes, in the form in which the function
// sends it to Lambda. Lambda takes 6 MB, which includes more than the body.
const MaxAnswer = 5 << 20

// StoppedHeader is the header that says where a filtered list stopped because it had read enough
// items before the page was full.
const StoppedHeader = "X-Stopped-After"

// Page is a page of a list.
type Page[T any] struct {
	Items        []T
	StoppedAfter string // where a search stopped before the page was full, or ""
}

// List returns an action that answers with a page of a list. The page is the given member of a JSON
// object, and encode returns the form of each item in it. A page that is too large for an answer is
// refused, so that the caller asks for fewer items. It is not shortened, because a page that is
// shorter than its limit would be taken for the last one.
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
		writePage(w, r, member, items)
	})
	a.list = member
	return a
}

// writePage answers with the items as the given member of an object.
func writePage[A any](w http.ResponseWriter, r *http.Request, member string, items []A) {
	body, err := encode(map[string]any{member: items})
	if err == nil && sizeInText(body) > MaxAnswer {
		err = identity.InvalidField("limit",
			identity.Wrong("must be smaller: the page would be larger than an answer can be, which is 5 MB"))
	}
	if err != nil {
		Error(w, r, err)
		return
	}
	send(w, http.StatusOK, body)
}

// sizeInText returns the number of bytes that a body of JSON has as a string in JSON, which is the
// form in which Lambda takes it.
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
