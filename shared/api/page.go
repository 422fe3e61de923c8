package api

import (
	"bytes"
	"net/http"

	"identitypools/shared/identity"
)

// MaxAnswer bounds the page of a list, in bytes as the function writes it for Lambda, which takes 6
// MB with everything around it.
const MaxAnswer = 5 << 20

// ReplyPage answers with a page of a list, as the member that is named. A page that is too large
// for an answer is refused, so that the caller asks for fewer: a page that is shorter than its
// limit would be taken for the last one.
func ReplyPage[T any](w http.ResponseWriter, r *http.Request, member string, page []T) {
	body, err := encode(map[string]any{member: page})
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
