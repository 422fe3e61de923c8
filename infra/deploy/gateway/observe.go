package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
)

// allowOrigin is the header that lets pages of an origin read an answer.
const allowOrigin = "Access-Control-Allow-Origin"

// Request returns the request that shows a fact of the product at the address base. The tenant and
// the pool stand for {t} and {p}, and the token is one of an admin client.
func (f Fact) Request(ctx context.Context, base, tenant, pool, token string) (*http.Request, error) {
	path := strings.NewReplacer("{t}", tenant, "{p}", pool).Replace(f.Ask.Path)
	r, err := http.NewRequestWithContext(ctx, f.Ask.Method, base+path, bytes.NewReader(make([]byte, f.Ask.Body)))
	if err != nil {
		return nil, fmt.Errorf("make the request of a fact: %w", err)
	}
	for name, values := range f.Ask.Headers {
		r.Header[name] = values
	}
	if f.Ask.AsAdmin {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r, nil
}

// Differences returns what is not as the fact says in the answer to a request, each as a sentence.
func (f Fact) Differences(r *http.Request, status int, header http.Header, body []byte) []string {
	var found []string
	if status != f.Answer.Status || f.Answer.Body != "" && string(body) != f.Answer.Body {
		want := strings.TrimSpace(fmt.Sprintf("%d %s", f.Answer.Status, f.Answer.Body))
		found = append(found, fmt.Sprintf("It answers %d %.200s, want %s.", status, body, want))
	}
	for name, want := range f.Answer.Headers {
		value := header.Get(name)
		switch {
		case value == want, want == "*" && name != allowOrigin && value != "":
		case want == "*" && name == allowOrigin && value != "" && value == r.Header.Get("Origin"):
		default:
			found = append(found, fmt.Sprintf("The header %s is %q, want %q.", name, value, want))
		}
	}
	if id := header.Get("X-Request-Id"); id != "" && id != header.Get(RequestIDHeader) {
		found = append(found, fmt.Sprintf("The request has two ids: %s and %s.", id, header.Get(RequestIDHeader)))
	}
	return found
}
